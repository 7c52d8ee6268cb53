#include "runtime/resilience/circuit_breaker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace edugate::resilience {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Change = std::pair<BreakerState, BreakerState>;

class CircuitBreakerTest : public ::testing::Test {
 protected:
  CircuitBreaker& breaker() {
    if (!breaker_.has_value()) {
      breaker_.emplace(
          options_, [this](BreakerState from, BreakerState to) { changes_.push_back({from, to}); });
    }
    return *breaker_;
  }

  // One call. False: it was refused.
  bool Call(Evidence evidence) {
    auto admission = breaker().Admit(now_);
    if (!admission.permit.has_value()) return false;
    admission.permit->Report(evidence, now_);
    return true;
  }

  void Calls(int count, Evidence evidence) {
    for (int i = 0; i < count; ++i) EXPECT_TRUE(Call(evidence)) << i;
  }

  void Advance(absl::Duration by) { now_ = async::After(now_, by); }
  BreakerState state() { return breaker().Look(now_).state; }

  BreakerOptions options_;
  async::MonotonicTime now_{std::chrono::hours(1000)};
  std::vector<Change> changes_;
  std::optional<CircuitBreaker> breaker_;
};

TEST_F(CircuitBreakerTest, HalfOfTwentyCallsThatFailOpenIt) {
  Calls(10, Evidence::kAnswered);
  Calls(9, Evidence::kFailed);
  EXPECT_EQ(state(), BreakerState::kClosed);
  Calls(1, Evidence::kFailed);
  EXPECT_EQ(state(), BreakerState::kOpen);
  EXPECT_FALSE(Call(Evidence::kAnswered));
  EXPECT_EQ(breaker().Admit(now_).retry_after, absl::Seconds(5));
}

TEST_F(CircuitBreakerTest, FewerCallsSayNothing) {
  Calls(19, Evidence::kFailed);
  EXPECT_EQ(state(), BreakerState::kClosed);
}

TEST_F(CircuitBreakerTest, CallsThatAreAnsweredNeverOpenIt) {
  Calls(1000, Evidence::kAnswered);
  EXPECT_EQ(state(), BreakerState::kClosed);
}

TEST_F(CircuitBreakerTest, CallsThatSayNothingAreNotCounted) {
  Calls(1000, Evidence::kNone);
  Calls(19, Evidence::kFailed);
  EXPECT_EQ(state(), BreakerState::kClosed);
  Calls(1, Evidence::kFailed);
  EXPECT_EQ(state(), BreakerState::kOpen);
}

TEST_F(CircuitBreakerTest, OldFailuresAreForgotten) {
  Calls(19, Evidence::kFailed);
  Advance(absl::Seconds(11));
  Calls(19, Evidence::kFailed);
  EXPECT_EQ(state(), BreakerState::kClosed);
}

TEST_F(CircuitBreakerTest, FiveConnectionsInARowThatFailOpenIt) {
  Calls(4, Evidence::kNoConnection);
  Calls(1, Evidence::kAnswered);
  Calls(4, Evidence::kNoConnection);
  EXPECT_EQ(state(), BreakerState::kClosed);
  Calls(1, Evidence::kNoConnection);
  EXPECT_EQ(state(), BreakerState::kOpen);
}

TEST_F(CircuitBreakerTest, OneBadCertificateOpensIt) {
  Calls(1, Evidence::kUntrusted);
  EXPECT_EQ(state(), BreakerState::kOpen);
}

TEST_F(CircuitBreakerTest, AProbeThatIsAnsweredClosesIt) {
  Calls(1, Evidence::kUntrusted);
  Advance(absl::Seconds(4.9));
  EXPECT_FALSE(Call(Evidence::kAnswered));
  Advance(absl::Seconds(0.1));
  EXPECT_TRUE(Call(Evidence::kAnswered));
  EXPECT_EQ(state(), BreakerState::kClosed);
  EXPECT_THAT(changes_, ElementsAre(Change{BreakerState::kClosed, BreakerState::kOpen},
                                    Change{BreakerState::kOpen, BreakerState::kProbing},
                                    Change{BreakerState::kProbing, BreakerState::kClosed}));
}

TEST_F(CircuitBreakerTest, OneProbeGoesAtATime) {
  Calls(1, Evidence::kUntrusted);
  Advance(absl::Seconds(5));
  auto probe = breaker().Admit(now_);
  ASSERT_TRUE(probe.permit.has_value());
  EXPECT_EQ(state(), BreakerState::kProbing);
  auto other = breaker().Admit(now_);
  EXPECT_FALSE(other.permit.has_value());
  EXPECT_GT(other.retry_after, absl::ZeroDuration());
}

TEST_F(CircuitBreakerTest, AProbeThatTakesAsLongAsItWasOpenLeavesItsPlaceToTheNextCall) {
  Calls(1, Evidence::kUntrusted);
  Advance(absl::Seconds(5));
  auto slow = breaker().Admit(now_);
  Advance(absl::Seconds(4.9));
  EXPECT_FALSE(breaker().Admit(now_).permit.has_value());
  Advance(absl::Seconds(0.1));
  auto second = breaker().Admit(now_);
  ASSERT_TRUE(second.permit.has_value());
  EXPECT_FALSE(breaker().Admit(now_).permit.has_value());
  EXPECT_FALSE(slow.permit->Holds());
  slow.permit->Report(Evidence::kFailed, now_);
  EXPECT_EQ(state(), BreakerState::kProbing);
  second.permit->Report(Evidence::kAnswered, now_);
  EXPECT_EQ(state(), BreakerState::kClosed);
  EXPECT_THAT(changes_, ElementsAre(Change{BreakerState::kClosed, BreakerState::kOpen},
                                    Change{BreakerState::kOpen, BreakerState::kProbing},
                                    Change{BreakerState::kProbing, BreakerState::kClosed}));
}

TEST_F(CircuitBreakerTest, AnAnswerToAProbeWhosePlaceWasTakenClosesIt) {
  auto before = breaker().Admit(now_);
  Calls(1, Evidence::kUntrusted);
  Advance(absl::Seconds(5));
  auto slow = breaker().Admit(now_);
  Advance(absl::Seconds(60));
  auto second = breaker().Admit(now_);
  ASSERT_TRUE(second.permit.has_value());
  before.permit->Report(Evidence::kAnswered, now_);
  EXPECT_EQ(state(), BreakerState::kProbing);
  slow.permit->Report(Evidence::kAnswered, now_);
  EXPECT_EQ(state(), BreakerState::kClosed);
  second.permit->Report(Evidence::kUntrusted, now_);
  EXPECT_EQ(state(), BreakerState::kClosed);
}

TEST_F(CircuitBreakerTest, EachProbeThatHangsLeavesTheNextOneTwiceTheTime) {
  Calls(1, Evidence::kUntrusted);
  Advance(absl::Seconds(5));
  std::vector<CircuitBreaker::Permit> hanging;
  for (const int seconds : {5, 10, 20, 40, 60, 60}) {
    auto probe = breaker().Admit(now_);
    ASSERT_TRUE(probe.permit.has_value()) << seconds;
    hanging.push_back(*std::move(probe.permit));
    Advance(absl::Seconds(seconds) - absl::Milliseconds(1));
    EXPECT_FALSE(breaker().Admit(now_).permit.has_value()) << seconds;
    Advance(absl::Milliseconds(1));
  }
  hanging.back().Report(Evidence::kFailed, now_);
  EXPECT_EQ(breaker().Look(now_).open_for, absl::Seconds(60));
}

TEST_F(CircuitBreakerTest, EachProbeThatFailsDoublesTheTimeUpToItsMaximum) {
  Calls(1, Evidence::kUntrusted);
  for (const int seconds : {5, 10, 20, 40, 60, 60}) {
    EXPECT_EQ(breaker().Look(now_).open_for, absl::Seconds(seconds));
    Advance(absl::Seconds(seconds));
    EXPECT_TRUE(Call(Evidence::kFailed));
  }
  Advance(absl::Seconds(60));
  EXPECT_TRUE(Call(Evidence::kAnswered));
  // Well again, it begins anew.
  Calls(1, Evidence::kUntrusted);
  EXPECT_EQ(breaker().Look(now_).open_for, absl::Seconds(5));
}

TEST_F(CircuitBreakerTest, ASnapshotSaysWhenToComeBackAsARefusalDoes) {
  EXPECT_EQ(breaker().Look(now_).retry_after, absl::ZeroDuration());
  Calls(1, Evidence::kUntrusted);
  Advance(absl::Seconds(2));
  EXPECT_EQ(breaker().Look(now_).retry_after, absl::Seconds(3));
  EXPECT_EQ(breaker().Admit(now_).retry_after, absl::Seconds(3));
  Advance(absl::Seconds(3));
  EXPECT_GT(breaker().Look(now_).retry_after, absl::ZeroDuration());
  const auto probe = breaker().Admit(now_);
  EXPECT_EQ(breaker().Look(now_).retry_after, breaker().Admit(now_).retry_after);
}

TEST_F(CircuitBreakerTest, AProbeThatSaysNothingLeavesItsPlaceToTheNextCall) {
  Calls(1, Evidence::kUntrusted);
  Advance(absl::Seconds(5));
  EXPECT_TRUE(Call(Evidence::kNone));
  {
    const auto given_back = breaker().Admit(now_);
  }
  EXPECT_TRUE(Call(Evidence::kAnswered));
  EXPECT_EQ(state(), BreakerState::kClosed);
}

TEST_F(CircuitBreakerTest, AnAttemptFromBeforeTheOpeningDecidesNothing) {
  auto early = breaker().Admit(now_);
  auto late = breaker().Admit(now_);
  Calls(1, Evidence::kUntrusted);
  EXPECT_FALSE(early.permit->Holds());
  early.permit->Report(Evidence::kAnswered, now_);
  EXPECT_EQ(state(), BreakerState::kOpen);
  Advance(absl::Seconds(5));
  auto probe = breaker().Admit(now_);
  late.permit->Report(Evidence::kFailed, now_);
  EXPECT_EQ(state(), BreakerState::kProbing);
  probe.permit->Report(Evidence::kAnswered, now_);
  EXPECT_EQ(state(), BreakerState::kClosed);
}

TEST_F(CircuitBreakerTest, WhereItIsDisabledCallsAlwaysGoThrough) {
  options_.disabled = true;
  Calls(100, Evidence::kUntrusted);
  EXPECT_EQ(state(), BreakerState::kClosed);
  EXPECT_THAT(changes_, IsEmpty());
}

TEST_F(CircuitBreakerTest, AnOpenTimeAboveTheMaximumIsKept) {
  options_.open = absl::Seconds(90);
  Calls(1, Evidence::kUntrusted);
  EXPECT_EQ(breaker().Look(now_).open_for, absl::Seconds(90));
}

TEST(CircuitBreakerThreadsTest, OfManyThreadsOneProbes) {
  CircuitBreaker breaker(BreakerOptions{});
  constexpr async::MonotonicTime kNow{std::chrono::hours(1000)};
  breaker.Admit(kNow).permit->Report(Evidence::kUntrusted, kNow);
  const async::MonotonicTime later = async::After(kNow, absl::Seconds(5));
  std::vector<std::optional<CircuitBreaker::Permit>> permits(8);
  std::vector<std::thread> threads;
  for (auto& permit : permits) {
    threads.emplace_back([&breaker, &permit, later] {
      for (int i = 0; i < 1000; ++i) {
        auto admission = breaker.Admit(later);
        if (admission.permit.has_value()) permit.emplace(*std::move(admission.permit));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::count_if(permits.begin(), permits.end(),
                          [](const auto& permit) { return permit.has_value(); }),
            1);
}

}  // namespace
}  // namespace edugate::resilience
