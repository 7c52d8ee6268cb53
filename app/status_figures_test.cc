#include "app/status_figures.h"

#include <gtest/gtest.h>
#include <prometheus/metric_family.h>

#include "app/call_metrics.h"

namespace edugate::app {
namespace {

TEST(QuantileTest, LiesBetweenTheBoundsWhereItsShareIs) {
  const std::vector<double> bounds = {1, 2, 4};
  EXPECT_FALSE(Quantile(bounds, {0, 0, 0, 0}, 0.5).has_value());
  EXPECT_FALSE(Quantile(bounds, {}, 0.5).has_value());
  EXPECT_DOUBLE_EQ(*Quantile(bounds, {10, 10, 10, 10}, 0.5), 0.5);
  EXPECT_DOUBLE_EQ(*Quantile(bounds, {0, 10, 20, 20}, 0.75), 3);
  EXPECT_DOUBLE_EQ(*Quantile(bounds, {0, 0, 0, 5}, 0.99), 4) << "beyond the last bound";
}

TEST(FiguresTest, SayWhatHappenedBetweenTwoMoments) {
  CallMetrics metrics;
  const auto call = [&](absl::StatusCode code, absl::Duration duration) {
    metrics.OnBegin("S.M");
    metrics.OnEnd("S.M", "oa", code, duration, {});
  };
  call(absl::StatusCode::kUnavailable, absl::Seconds(20));
  const Tally before = TalliesOf(metrics.Collect()).methods["S.M"];
  for (int i = 0; i < 97; ++i) call(absl::StatusCode::kOk, absl::Milliseconds(3));
  call(absl::StatusCode::kNotFound, absl::Milliseconds(3));
  call(absl::StatusCode::kInternal, absl::Milliseconds(3));
  call(absl::StatusCode::kInternal, absl::Milliseconds(3));
  const Figures figures =
      FiguresBetween(before, TalliesOf(metrics.Collect()).methods["S.M"], absl::Seconds(50));
  EXPECT_DOUBLE_EQ(figures.total, 100);
  EXPECT_DOUBLE_EQ(figures.per_second, 2);
  EXPECT_DOUBLE_EQ(figures.failed_percent, 2) << "NOT_FOUND is the caller's affair";
  EXPECT_EQ(figures.top_failure, "INTERNAL");
  ASSERT_TRUE(figures.p99_ms.has_value());
  EXPECT_GT(*figures.p99_ms, 2.5);
  EXPECT_LE(*figures.p99_ms, 5) << "what was before does not count";
}

TEST(TallyHistoryTest, KeepsMomentsOfTheWindowAndNotMore) {
  TallyHistory history;
  const absl::Time start = absl::FromUnixSeconds(1000);
  EXPECT_FALSE(history.Oldest(start).has_value());
  const auto with = [](double total) {
    Tallies tallies;
    tallies.methods["m"].total = total;
    return tallies;
  };
  history.Add(start, with(1));
  history.Add(start + absl::Seconds(3), with(2));
  for (int i = 1; i <= 60; ++i) history.Add(start + i * TallyHistory::kSpacing, with(10 + i));
  const absl::Time now = start + 60 * TallyHistory::kSpacing;
  const auto oldest = history.Oldest(now);
  ASSERT_TRUE(oldest.has_value());
  EXPECT_LE(now - oldest->first, TallyHistory::kWindow + TallyHistory::kSpacing);
  EXPECT_GE(now - oldest->first, TallyHistory::kWindow);
}

TEST(TallyHistoryTest, AClockThatWasSetBackBeginsItAnew) {
  TallyHistory history;
  const absl::Time start = absl::FromUnixSeconds(100'000);
  history.Add(start, Tallies());
  const absl::Time back = start - absl::Hours(1);
  EXPECT_FALSE(history.Oldest(back).has_value());
  history.Add(back, Tallies());
  const auto oldest = history.Oldest(back + TallyHistory::kSpacing);
  ASSERT_TRUE(oldest.has_value());
  EXPECT_EQ(oldest->first, back);
}

}  // namespace
}  // namespace edugate::app
