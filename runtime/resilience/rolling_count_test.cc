#include "runtime/resilience/rolling_count.h"

#include <gtest/gtest.h>

namespace edugate::resilience {
namespace {

constexpr async::MonotonicTime kNow{std::chrono::hours(1000)};

async::MonotonicTime At(double seconds) { return async::After(kNow, absl::Seconds(seconds)); }

TEST(RollingCountTest, CountsWhatHappenedWithinTheSpan) {
  RollingCount count(absl::Seconds(10));
  count.Add(At(0));
  count.Add(At(0));
  count.Add(At(5));
  EXPECT_EQ(count.AtMost(At(5)), 3);
  EXPECT_EQ(count.AtMost(At(9)), 3);
  EXPECT_EQ(count.AtMost(At(10)), 1);
  EXPECT_EQ(count.AtMost(At(15)), 0);
}

TEST(RollingCountTest, OneSideForgetsSoonerAndTheOtherLaterThanTheSpan) {
  RollingCount count(absl::Seconds(10));
  count.Add(At(0.9));
  EXPECT_EQ(count.AtMost(At(9.99)), 1);
  EXPECT_EQ(count.AtMost(At(10)), 0);
  EXPECT_EQ(count.AtLeast(At(10.9)), 1);
  EXPECT_EQ(count.AtLeast(At(11)), 0);
}

TEST(RollingCountTest, ALongSilenceLeavesNothing) {
  RollingCount count(absl::Seconds(1));
  for (int i = 0; i < 100; ++i) count.Add(At(0.05 * i));
  EXPECT_EQ(count.AtLeast(At(3600)), 0);
  count.Add(At(3600));
  EXPECT_EQ(count.AtMost(At(3600)), 1);
}

TEST(RollingCountTest, ATimeThatStepsBackIsCountedWithTheLater) {
  RollingCount count(absl::Seconds(1));
  count.Add(At(10));
  count.Add(At(9.99));
  EXPECT_EQ(count.AtMost(At(10)), 2);
}

TEST(RollingCountTest, ClearingForgetsEverything) {
  RollingCount count(absl::Seconds(1));
  count.Add(At(0));
  count.Clear();
  EXPECT_EQ(count.AtLeast(At(0)), 0);
}

}  // namespace
}  // namespace edugate::resilience
