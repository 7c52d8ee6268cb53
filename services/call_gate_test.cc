#include "services/call_gate.h"

#include "gtest/gtest.h"
#include "runtime/errors/errors.h"
#include "services/settable_clock.h"

namespace edugate::services {
namespace {

class CallGateTest : public ::testing::Test {
 protected:
  CallGateTest() { PassAnInterval(0); }

  // Intervals without a rest, of which the next is one too many.
  void BeImpatient() {
    PassAnInterval(0);
    PassAnInterval(0);
  }

  // An interval in which `calls` come and go and the loops don't rest.
  void PassAnInterval(int calls) {
    for (int i = 0; i < calls; ++i) {
      gate_.OnEnter();
      gate_.OnLeave();
    }
    clock_.Advance(absl::Milliseconds(100));
    gate_.OnTurn();
  }

  // How many more calls may come until one is turned away.
  int Room() {
    int room = 0;
    while (!gate_.Refuses()) {
      gate_.OnEnter();
      ++room;
    }
    for (int i = 0; i < room; ++i) gate_.OnLeave();
    return room;
  }

  SettableClock clock_;
  CallGate gate_{{.max_calls = 1000,
                  .target = absl::Milliseconds(100),
                  .interval = absl::Milliseconds(100),
                  .patient = 3,
                  .least_calls = 10},
                 clock_};
};

TEST_F(CallGateTest, TurnsAwayWhatIsBeyondTheMostCalls) {
  EXPECT_EQ(Room(), 1000);
  for (int i = 0; i < 1000; ++i) gate_.OnEnter();
  EXPECT_TRUE(gate_.Refuses());
  gate_.OnLeave();
  EXPECT_FALSE(gate_.Refuses());
  EXPECT_EQ(gate_.in_progress(), 999);
}

TEST_F(CallGateTest, WhereTheLoopsHaveNoRestOnlyWhatEndsInTimeIsTakenIn) {
  BeImpatient();
  PassAnInterval(300);
  EXPECT_EQ(Room(), 300);
}

TEST_F(CallGateTest, InTimeIsWithinTheTarget) {
  CallGate gate({.max_calls = 1000,
                 .target = absl::Milliseconds(25),
                 .interval = absl::Milliseconds(100),
                 .patient = 1,
                 .least_calls = 10},
                clock_);
  for (int interval = 0; interval < 2; ++interval) {
    for (int i = 0; i < 400; ++i) {
      gate.OnEnter();
      gate.OnLeave();
    }
    clock_.Advance(absl::Milliseconds(100));
    gate.OnTurn();
  }
  for (int i = 0; i < 99; ++i) gate.OnEnter();
  EXPECT_FALSE(gate.Refuses());
  gate.OnEnter();
  EXPECT_TRUE(gate.Refuses());
}

TEST_F(CallGateTest, ABurstIsTakenInWhoeverMakesItWait) {
  PassAnInterval(0);
  for (int i = 0; i < 900; ++i) gate_.OnEnter();
  PassAnInterval(0);
  EXPECT_FALSE(gate_.Refuses());
}

TEST_F(CallGateTest, OneIntervalIsEnoughSoonAfterAnOverload) {
  BeImpatient();
  PassAnInterval(50);
  ASSERT_EQ(Room(), 50);
  gate_.OnIdle();
  PassAnInterval(50);
  PassAnInterval(50);
  EXPECT_EQ(Room(), 50);
  gate_.OnIdle();
  clock_.Advance(absl::Seconds(6));
  gate_.OnTurn();
  PassAnInterval(50);
  EXPECT_EQ(Room(), 1000);
}

TEST_F(CallGateTest, WhatIsInProgressBecomesLessStepByStep) {
  for (int i = 0; i < 500; ++i) gate_.OnEnter();
  BeImpatient();
  PassAnInterval(20);
  EXPECT_TRUE(gate_.Refuses());
  for (int i = 0; i < 51; ++i) gate_.OnLeave();
  EXPECT_FALSE(gate_.Refuses());
  gate_.OnEnter();
  EXPECT_TRUE(gate_.Refuses());
  PassAnInterval(0);
  for (int i = 0; i < 45; ++i) gate_.OnLeave();
  EXPECT_TRUE(gate_.Refuses());
  gate_.OnLeave();
  EXPECT_FALSE(gate_.Refuses());
}

TEST_F(CallGateTest, ALongerIntervalCountsForWhatItIs) {
  BeImpatient();
  for (int i = 0; i < 300; ++i) {
    gate_.OnEnter();
    gate_.OnLeave();
  }
  clock_.Advance(absl::Milliseconds(300));
  gate_.OnTurn();
  EXPECT_EQ(Room(), 100);
}

TEST_F(CallGateTest, SomeAreTakenInHoweverLittleEnds) {
  BeImpatient();
  PassAnInterval(0);
  EXPECT_EQ(Room(), 10);
}

TEST_F(CallGateTest, NeverMoreThanTheMostCalls) {
  BeImpatient();
  PassAnInterval(5000);
  EXPECT_EQ(Room(), 1000);
}

TEST_F(CallGateTest, AnIdleLoopTakesInWhatComes) {
  BeImpatient();
  PassAnInterval(50);
  ASSERT_EQ(Room(), 50);
  gate_.OnIdle();
  EXPECT_EQ(Room(), 1000);
}

TEST_F(CallGateTest, AnIntervalWithARestIsNoOverload) {
  BeImpatient();
  gate_.OnIdle();
  PassAnInterval(50);
  for (int i = 0; i < 50; ++i) gate_.OnEnter();
  EXPECT_FALSE(gate_.Refuses());
}

TEST_F(CallGateTest, CallsThatWaitForTheirProviderDoNotCountWhileTheLoopsRest) {
  for (int i = 0; i < 900; ++i) gate_.OnEnter();
  gate_.OnIdle();
  PassAnInterval(50);
  EXPECT_EQ(Room(), 100);
}

TEST_F(CallGateTest, SaysWhenToComeBack) {
  EXPECT_EQ(errors::ReasonOf(gate_.refusal()), v1::ERROR_REASON_LOCAL_LIMIT);
  EXPECT_TRUE(absl::IsResourceExhausted(gate_.refusal()));
  EXPECT_EQ(errors::RetryAfterOf(gate_.refusal()), absl::Seconds(1));
}

}  // namespace
}  // namespace edugate::services
