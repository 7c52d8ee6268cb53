#include "services/call_gate.h"

#include "gtest/gtest.h"
#include "runtime/async/test_loop.h"
#include "runtime/errors/errors.h"

namespace edugate::services {
namespace {

constexpr absl::Duration kTarget = absl::Milliseconds(10);
constexpr absl::Duration kInterval = absl::Milliseconds(100);

class SettableClock final : public async::Clock {
 public:
  async::MonotonicTime MonotonicNow() const override { return now_; }
  absl::Time WallNow() const override { return absl::UnixEpoch(); }
  void Advance(absl::Duration by) { now_ = async::After(now_, by); }

 private:
  async::MonotonicTime now_{};
};

class CallGateTest : public ::testing::Test {
 protected:
  // `calls` come, wait, begin and go, within one interval.
  void PassAnInterval(int calls, absl::Duration wait) {
    for (int i = 0; i < calls; ++i) {
      gate_.OnEnter();
      clock_.Advance(kInterval / calls);
      gate_.OnBegin(wait);
      gate_.OnLeave(/*begun=*/true);
    }
  }

  // How many more may wait until one is turned away, at most 10000.
  int Room() {
    int room = 0;
    while (room < 10000 && !gate_.Refuses()) {
      gate_.OnEnter();
      ++room;
    }
    for (int i = 0; i < room; ++i) gate_.OnLeave(/*begun=*/false);
    return room;
  }

  SettableClock clock_;
  CallGate gate_{{.max_calls = 1000, .target = kTarget, .interval = kInterval}, clock_};
};

TEST_F(CallGateTest, TurnsAwayWhatIsBeyondTheMostCalls) {
  EXPECT_EQ(Room(), 1000);
  for (int i = 0; i < 1000; ++i) gate_.OnEnter();
  EXPECT_TRUE(gate_.Refuses());
  gate_.OnLeave(/*begun=*/false);
  EXPECT_FALSE(gate_.Refuses());
  EXPECT_EQ(gate_.in_progress(), 999);
}

TEST_F(CallGateTest, ALongCallThatHasBegunDoesNotWait) {
  for (int i = 0; i < 500; ++i) {
    gate_.OnEnter();
    gate_.OnBegin(absl::ZeroDuration());
  }
  EXPECT_EQ(gate_.in_progress(), 500);
  EXPECT_EQ(Room(), 500);
}

TEST_F(CallGateTest, ABurstThatPassesIsServed) {
  PassAnInterval(1000, absl::Milliseconds(50));
  // One that waits hardly at all shows that the queue was empty once.
  gate_.OnEnter();
  gate_.OnBegin(absl::Milliseconds(1));
  gate_.OnLeave(/*begun=*/true);
  PassAnInterval(1000, absl::Milliseconds(5));
  EXPECT_EQ(Room(), 1000);
}

TEST_F(CallGateTest, WhereAQueueStandsOnlyWhatCanBeginInTimeMayWait) {
  PassAnInterval(500, absl::Milliseconds(50));
  PassAnInterval(500, absl::Milliseconds(50));
  // 5000 a second: 50 within the target of 10 ms.
  EXPECT_GE(Room(), 40);
  EXPECT_LE(Room(), 60);
}

TEST_F(CallGateTest, ComesBackWhenTheQueueHasGone) {
  PassAnInterval(500, absl::Milliseconds(50));
  PassAnInterval(500, absl::Milliseconds(50));
  ASSERT_LT(Room(), 100);
  PassAnInterval(500, absl::Milliseconds(2));
  PassAnInterval(500, absl::Milliseconds(2));
  EXPECT_EQ(Room(), 1000);
}

TEST_F(CallGateTest, SomeMayWaitHoweverLittleIsServed) {
  PassAnInterval(1, absl::Seconds(2));
  PassAnInterval(1, absl::Seconds(2));
  EXPECT_GE(Room(), 1);
}

TEST_F(CallGateTest, ACallThatHasWaitedForHalfItsTimeIsTooLate) {
  EXPECT_FALSE(CallGate::IsTooLate(absl::Milliseconds(499), absl::Seconds(1)));
  EXPECT_TRUE(CallGate::IsTooLate(absl::Milliseconds(501), absl::Seconds(1)));
  EXPECT_FALSE(CallGate::IsTooLate(absl::Hours(1), absl::InfiniteDuration()));
}

TEST_F(CallGateTest, SaysWhenToComeBack) {
  EXPECT_EQ(errors::ReasonOf(gate_.refusal()), v1::ERROR_REASON_LOCAL_LIMIT);
  EXPECT_TRUE(absl::IsResourceExhausted(gate_.refusal()));
  EXPECT_EQ(errors::RetryAfterOf(gate_.refusal()), absl::Seconds(1));
}

}  // namespace
}  // namespace edugate::services
