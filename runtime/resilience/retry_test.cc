#include "runtime/resilience/retry.h"

#include <gtest/gtest.h>

namespace edugate::resilience {
namespace {

TEST(BackoffTest, UpperEndDoublesUpToTheMaximum) {
  const RetryOptions options;
  EXPECT_EQ(Backoff(options, 2, 1.0, std::nullopt), absl::Milliseconds(100));
  EXPECT_EQ(Backoff(options, 3, 1.0, std::nullopt), absl::Milliseconds(200));
  EXPECT_EQ(Backoff(options, 4, 1.0, std::nullopt), absl::Milliseconds(400));
  EXPECT_EQ(Backoff(options, 60, 1.0, std::nullopt), absl::Seconds(5));
}

TEST(BackoffTest, JitterReachesDownToZero) {
  EXPECT_EQ(Backoff(RetryOptions{}, 2, 0.0, std::nullopt), absl::ZeroDuration());
  EXPECT_EQ(Backoff(RetryOptions{}, 2, 0.5, std::nullopt), absl::Milliseconds(50));
}

TEST(BackoffTest, NeverComesBeforeTheProviderAskedFor) {
  EXPECT_EQ(Backoff(RetryOptions{}, 2, 0.5, absl::Seconds(38)), absl::Seconds(38));
}

TEST(RetryBudgetTest, HalfEmptyStopsRetries) {
  RetryBudget budget;
  int granted = 0;
  while (budget.TryTake()) ++granted;
  EXPECT_EQ(granted, RetryBudget::kCapacity / 2 / RetryBudget::kRetryCost);
  EXPECT_GE(budget.tokens(), RetryBudget::kCapacity / 2);
}

TEST(RetryBudgetTest, ReplenishesBySuccessUpToItsCapacity) {
  RetryBudget budget;
  while (budget.TryTake()) {
  }
  for (int i = 0; i < RetryBudget::kRetryCost; ++i) budget.OnSuccess();
  EXPECT_TRUE(budget.TryTake());
  EXPECT_FALSE(budget.TryTake());
  for (int i = 0; i < 10000; ++i) budget.OnSuccess();
  EXPECT_EQ(budget.tokens(), RetryBudget::kCapacity);
}

TEST(RandomTest, StaysInTheUnitInterval) {
  const Random random = DefaultRandom();
  for (int i = 0; i < 1000; ++i) {
    const double value = random();
    EXPECT_GE(value, 0.0);
    EXPECT_LT(value, 1.0);
  }
}

}  // namespace
}  // namespace edugate::resilience
