#include "runtime/resilience/retry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace edugate::resilience {
namespace {

TEST(BackoffTest, UpperEndDoublesUpToTheMaximum) {
  const BackoffOptions options;
  EXPECT_EQ(Backoff(options, 2, 1.0, std::nullopt), absl::Milliseconds(100));
  EXPECT_EQ(Backoff(options, 3, 1.0, std::nullopt), absl::Milliseconds(200));
  EXPECT_EQ(Backoff(options, 4, 1.0, std::nullopt), absl::Milliseconds(400));
  EXPECT_EQ(Backoff(options, 60, 1.0, std::nullopt), absl::Seconds(5));
}

TEST(BackoffTest, JitterReachesDownToZero) {
  EXPECT_EQ(Backoff(BackoffOptions{}, 2, 0.0, std::nullopt), absl::ZeroDuration());
  EXPECT_EQ(Backoff(BackoffOptions{}, 2, 0.5, std::nullopt), absl::Milliseconds(50));
}

TEST(BackoffTest, NeverComesBeforeTheProviderAskedFor) {
  EXPECT_EQ(Backoff(BackoffOptions{}, 2, 0.5, absl::Seconds(38)), absl::Seconds(38));
}

constexpr async::MonotonicTime kNow{std::chrono::hours(1000)};

// The tokens bound first.
constexpr RetryOptions kAnyNumber{.budget_percent = 1'000'000};

// The share bounds first.
constexpr RetryOptions kCheap{.attempt_cost = 1};

TEST(RetryBudgetTest, HalfEmptyStopsRetries) {
  RetryBudget budget(kAnyNumber);
  for (int i = 0; i < 100; ++i) budget.OnCall(kNow);
  int granted = 0;
  while (budget.TryTake(kNow)) ++granted;
  EXPECT_EQ(granted, 50);
  EXPECT_GE(budget.tokens(), 250);
}

TEST(RetryBudgetTest, TokensAndCostsAreItsOptions) {
  const RetryOptions options{.budget_percent = 1'000'000,
                             .budget_tokens = 40,
                             .attempt_cost = 3,
                             .timeout_attempt_cost = 7};
  RetryBudget budget(options);
  for (int i = 0; i < 100; ++i) budget.OnCall(kNow);
  EXPECT_TRUE(budget.TryTake(kNow));
  EXPECT_EQ(budget.tokens(), 37);
  EXPECT_TRUE(budget.TryTake(kNow, /*timed_out=*/true));
  EXPECT_EQ(budget.tokens(), 30);
  EXPECT_TRUE(budget.TryTake(kNow, /*timed_out=*/true));
  EXPECT_FALSE(budget.TryTake(kNow, /*timed_out=*/true));
  EXPECT_TRUE(budget.TryTake(kNow));
  EXPECT_FALSE(budget.TryTake(kNow));
  for (int i = 0; i < 100; ++i) budget.OnSuccess();
  EXPECT_EQ(budget.tokens(), 40);
}

TEST(RetryBudgetTest, ReplenishesBySuccessUpToItsCapacity) {
  RetryBudget budget(kAnyNumber);
  budget.OnCall(kNow);
  while (budget.TryTake(kNow)) {
  }
  for (int i = 0; i < RetryOptions().attempt_cost; ++i) budget.OnSuccess();
  EXPECT_TRUE(budget.TryTake(kNow));
  EXPECT_FALSE(budget.TryTake(kNow));
  for (int i = 0; i < 10000; ++i) budget.OnSuccess();
  EXPECT_EQ(budget.tokens(), RetryOptions().budget_tokens);
}

TEST(RetryBudgetTest, AShareOfTheLatestCallsBoundsTheRetries) {
  RetryBudget budget(kCheap);
  for (int i = 0; i < 100; ++i) {
    budget.OnCall(kNow);
    budget.OnSuccess();
  }
  int granted = 0;
  while (budget.TryTake(kNow)) ++granted;
  EXPECT_EQ(granted, 20);
}

TEST(RetryBudgetTest, AConnectionWithFewCallsHasSomeRetriesAllTheSame) {
  RetryBudget budget(kCheap);
  budget.OnCall(kNow);
  int granted = 0;
  while (budget.TryTake(kNow)) ++granted;
  EXPECT_EQ(granted, RetryBudget::kLeastRetries);
}

TEST(RetryBudgetTest, RetriesNeverExceedTheirShareOfAnyTenSeconds) {
  RetryBudget budget(kCheap);
  constexpr int kSeconds = 60;
  constexpr int kTicks = 100;  // A second.
  std::vector<int> calls;
  std::vector<int> retries;
  // Bursts of calls, and a retry asked for whenever there could be one.
  for (int tick = 0; tick < kSeconds * kTicks; ++tick) {
    const async::MonotonicTime now = kNow + std::chrono::milliseconds(10) * tick;
    calls.push_back(tick % 700 < 100 ? 5 : 0);
    for (int i = 0; i < calls.back(); ++i) {
      budget.OnCall(now);
      budget.OnSuccess();
    }
    retries.push_back(0);
    while (budget.TryTake(now)) ++retries.back();
  }
  constexpr int kWindow = 10 * kTicks;
  int total = 0;
  for (int end = 1; end <= kSeconds * kTicks; ++end) {
    if (retries[end - 1] == 0) continue;
    const int begin = std::max(0, end - kWindow);
    const int recent = std::accumulate(calls.begin() + begin, calls.begin() + end, 0);
    const int spent = std::accumulate(retries.begin() + begin, retries.begin() + end, 0);
    total += retries[end - 1];
    EXPECT_LE(spent, std::max(recent / 5, static_cast<int>(RetryBudget::kLeastRetries))) << end;
  }
  EXPECT_GT(total, 100);
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
