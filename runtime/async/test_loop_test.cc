#include "runtime/async/test_loop.h"

#include "gtest/gtest.h"
#include "runtime/async/call_context.h"
#include "runtime/async/event.h"
#include "runtime/async/sleep.h"

namespace edugate::async {
namespace {

TEST(TestLoopTest, SleepingTakesItsOwnTimeOnly) {
  TestLoop loop;
  CallContext call(loop, kNever);
  const MonotonicTime start = loop.Now();
  const absl::Time wall = loop.clock().WallNow();
  EXPECT_TRUE(loop.RunToCompletion(Sleep(call, absl::Hours(24 * 365))).ok());
  EXPECT_EQ(loop.Now() - start, std::chrono::hours(24 * 365));
  EXPECT_EQ(loop.clock().WallNow() - wall, absl::Hours(24 * 365));
}

TEST(TestLoopTest, AdvanceStopsAtItsEnd) {
  TestLoop loop;
  CallContext call(loop, kNever);
  loop.Spawn([](CallContext& call) -> Task<void> {
    auto slept = co_await Sleep(call, absl::Seconds(10));
    static_cast<void>(slept);
  }(call));
  loop.Advance(absl::Seconds(9));
  EXPECT_EQ(loop.live_tasks(), 1u);
  loop.Advance(absl::Seconds(1));
  EXPECT_EQ(loop.live_tasks(), 0u);
}

TEST(TestLoopTest, AWallJumpLeavesTheMonotonicClock) {
  FakeClock clock;
  const MonotonicTime before = clock.MonotonicNow();
  const absl::Time wall = clock.WallNow();
  clock.JumpWall(absl::Hours(-1));
  EXPECT_EQ(clock.MonotonicNow(), before);
  EXPECT_EQ(clock.WallNow(), wall - absl::Hours(1));
}

TEST(TestLoopDeathTest, ATaskThatNothingCanWakeIsReported) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        TestLoop loop;
        CallContext call(loop, kNever);
        Event event;
        static_cast<void>(loop.RunToCompletion(event.Wait(call)));
      },
      "nothing is left that could wake it");
}

TEST(ClockTest, AfterSaturates) {
  const MonotonicTime now = SystemClock().MonotonicNow();
  EXPECT_EQ(After(now, absl::InfiniteDuration()), kNever);
  EXPECT_EQ(After(now, absl::Hours(24 * 365 * 1000)), kNever);
  EXPECT_EQ(After(now, absl::Seconds(1)) - now, std::chrono::seconds(1));
  EXPECT_EQ(now - After(now, absl::Seconds(-1)), std::chrono::seconds(1));
}

}  // namespace
}  // namespace edugate::async
