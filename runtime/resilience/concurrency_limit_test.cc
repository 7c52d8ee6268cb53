#include "runtime/resilience/concurrency_limit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <vector>

#include "runtime/async/event.h"
#include "runtime/async/loop_pool.h"
#include "runtime/async/sleep.h"
#include "runtime/async/test_loop.h"
#include "runtime/resilience/rate_limit.h"

namespace edugate::resilience {
namespace {

using ::testing::ElementsAre;
using Kind = ConcurrencyLimit::Turn::Kind;

class ConcurrencyLimitTest : public ::testing::Test {
 protected:
  // The tasks that are left point at the calls.
  ~ConcurrencyLimitTest() override { loop_.DestroyTasks(); }

  // A call that holds its slot until it is told how it ended.
  struct Caller {
    Caller(async::TestLoop& loop, absl::Duration allowed)
        : call(loop, async::After(loop.fake_clock().MonotonicNow(), allowed)) {}
    async::CallContext call;
    std::optional<ConcurrencyLimit::Turn> turn;
  };

  static async::Task<void> Ask(ConcurrencyLimit& limit, Caller& caller) {
    auto turn = co_await limit.Acquire(caller.call);
    caller.turn.emplace(std::move(turn));
  }

  ConcurrencyLimit& limit() {
    if (limit_ == nullptr) limit_ = std::make_unique<ConcurrencyLimit>(options_);
    return *limit_;
  }

  Caller& Start(absl::Duration allowed = absl::Seconds(60)) {
    callers_.push_back(std::make_unique<Caller>(loop_, allowed));
    loop_.Spawn(Ask(limit(), *callers_.back()));
    loop_.RunReady();
    return *callers_.back();
  }

  std::optional<ConcurrencyLimit::Slot> Try() { return limit().TryAcquire(loop_.Now()); }

  // All that there are.
  std::vector<ConcurrencyLimit::Slot> All() {
    std::vector<ConcurrencyLimit::Slot> slots;
    while (true) {
      auto slot = Try();
      if (!slot.has_value()) return slots;
      slots.push_back(*std::move(slot));
    }
  }

  // A whole round of attempts that all end so.
  void Round(LoadSign sign) {
    std::vector<ConcurrencyLimit::Slot> slots = All();
    for (auto& slot : slots) slot.End(sign, loop_.Now());
  }

  // One attempt that takes so long.
  void Attempt(absl::Duration takes) {
    auto slot = Try();
    loop_.Advance(takes);
    slot->End(LoadSign::kFine, loop_.Now());
  }

  async::TestLoop loop_;
  ConcurrencyOptions options_{.max_in_flight = 2, .max_queued = 3, .adaptive = false};
  std::unique_ptr<ConcurrencyLimit> limit_;
  std::vector<std::unique_ptr<Caller>> callers_;
};

TEST_F(ConcurrencyLimitTest, SoManyGoAtATimeAndTheOthersWaitInTheirOrder) {
  auto first = Try();
  auto second = Try();
  EXPECT_FALSE(Try().has_value());
  const Caller& third = Start();
  const Caller& fourth = Start();
  EXPECT_FALSE(third.turn.has_value());
  EXPECT_EQ(limit().Look().queued, 2);
  first->End(LoadSign::kFine, loop_.Now());
  loop_.RunReady();
  ASSERT_TRUE(third.turn.has_value());
  EXPECT_EQ(third.turn->kind, Kind::kGranted);
  EXPECT_FALSE(fourth.turn.has_value());
  second.reset();
  loop_.RunReady();
  EXPECT_EQ(fourth.turn->kind, Kind::kGranted);
  EXPECT_EQ(limit().Look().in_flight, 2);
  callers_.clear();
  EXPECT_EQ(limit().Look().in_flight, 0);
}

TEST_F(ConcurrencyLimitTest, WhoComesLaterDoesNotOvertakeWhoWaits) {
  options_.max_in_flight = 1;
  auto first = Try();
  const Caller& second = Start();
  first.reset();
  EXPECT_FALSE(Try().has_value());
  loop_.RunReady();
  EXPECT_TRUE(second.turn.has_value());
}

TEST_F(ConcurrencyLimitTest, AFullQueueRefusesAtOnceAndSaysWhenToComeBack) {
  auto first = Try();
  auto second = Try();
  for (int i = 0; i < 3; ++i) Start();
  const Caller& sixth = Start();
  ASSERT_TRUE(sixth.turn.has_value());
  EXPECT_EQ(sixth.turn->kind, Kind::kQueueFull);
  EXPECT_GT(sixth.turn->retry_after, absl::ZeroDuration());
}

TEST_F(ConcurrencyLimitTest, WithoutAQueueNobodyWaits) {
  options_.max_queued = 0;
  auto first = Try();
  auto second = Try();
  EXPECT_EQ(Start().turn->kind, Kind::kQueueFull);
}

TEST_F(ConcurrencyLimitTest, ACallWhoseDeadlineComesBeforeItsTurnIsRefusedAtOnce) {
  options_.max_in_flight = 1;
  Attempt(absl::Seconds(2));
  auto busy = Try();
  const Caller& first = Start(absl::Seconds(3));
  EXPECT_FALSE(first.turn.has_value());
  // Two are before it, of two seconds each.
  const Caller& second = Start(absl::Seconds(3));
  ASSERT_TRUE(second.turn.has_value());
  EXPECT_EQ(second.turn->kind, Kind::kTooLate);
  EXPECT_EQ(second.turn->retry_after, absl::Seconds(4));
  const Caller& third = Start(absl::Seconds(5));
  EXPECT_FALSE(third.turn.has_value());
}

TEST_F(ConcurrencyLimitTest, AWaitEndsWhileThereIsStillTimeForARefusal) {
  options_.max_in_flight = 1;
  auto busy = Try();
  const Caller& waiting = Start(absl::Seconds(1));
  loop_.Advance(absl::Seconds(1) - kLeastAttempt);
  ASSERT_TRUE(waiting.turn.has_value());
  EXPECT_EQ(waiting.turn->kind, Kind::kTooLate);
  EXPECT_EQ(limit().Look().queued, 0);
}

TEST_F(ConcurrencyLimitTest, WhatATurnMustLeaveOfACallsTimeIsAnOption) {
  options_.max_in_flight = 1;
  options_.least_attempt = absl::Milliseconds(400);
  auto busy = Try();
  const Caller& waiting = Start(absl::Seconds(1));
  loop_.Advance(absl::Milliseconds(599));
  EXPECT_FALSE(waiting.turn.has_value());
  loop_.Advance(absl::Milliseconds(1));
  ASSERT_TRUE(waiting.turn.has_value());
  EXPECT_EQ(waiting.turn->kind, Kind::kTooLate);
}

TEST_F(ConcurrencyLimitTest, ACancelledCallLeavesTheQueue) {
  options_.max_in_flight = 1;
  auto busy = Try();
  Caller& gone = Start();
  const Caller& next = Start();
  gone.call.Cancel();
  loop_.RunReady();
  EXPECT_EQ(gone.turn->kind, Kind::kCancelled);
  EXPECT_EQ(limit().Look().queued, 1);
  busy.reset();
  loop_.RunReady();
  EXPECT_EQ(next.turn->kind, Kind::kGranted);
}

TEST_F(ConcurrencyLimitTest, ATurnThatComesTogetherWithTheCancellationGoesToTheNext) {
  options_.max_in_flight = 1;
  auto busy = Try();
  Caller& gone = Start();
  const Caller& next = Start();
  busy.reset();
  gone.call.Cancel();
  loop_.RunReady();
  EXPECT_EQ(gone.turn->kind, Kind::kCancelled);
  EXPECT_EQ(next.turn->kind, Kind::kGranted);
  EXPECT_EQ(limit().Look().in_flight, 1);
}

TEST_F(ConcurrencyLimitTest, CallsThatAreDestroyedWhileTheyWaitLeaveNothingBehind) {
  auto first = Try();
  auto second = Try();
  Start();
  Start();
  loop_.DestroyTasks();
  EXPECT_EQ(limit().Look().queued, 0);
  first.reset();
  second.reset();
  EXPECT_EQ(limit().Look().in_flight, 0);
}

class AdaptiveLimitTest : public ConcurrencyLimitTest {
 protected:
  AdaptiveLimitTest() {
    options_ = {.max_in_flight = 64, .max_queued = 128, .initial = 20, .minimum = 4};
  }
};

TEST_F(AdaptiveLimitTest, ItRisesByOneWithEachRoundThatEndsWellUpToItsMaximum) {
  std::vector<int> limits;
  for (int i = 0; i < 4; ++i) {
    limits.push_back(limit().Look().limit);
    Round(LoadSign::kFine);
  }
  EXPECT_THAT(limits, ElementsAre(20, 21, 22, 23));
  for (int i = 0; i < 100; ++i) Round(LoadSign::kFine);
  EXPECT_EQ(limit().Look().limit, 64);
}

TEST_F(AdaptiveLimitTest, ItDoesNotRiseWhereItIsNotNeeded) {
  for (int i = 0; i < 1000; ++i) Attempt(absl::Milliseconds(1));
  EXPECT_EQ(limit().Look().limit, 20);
}

TEST_F(AdaptiveLimitTest, ItFallsOnceForAllThatWereInProgressAndNoLowerThanItsMinimum) {
  Round(LoadSign::kTooMuch);
  EXPECT_EQ(limit().Look().limit, 14);
  Round(LoadSign::kTooMuch);
  EXPECT_EQ(limit().Look().limit, 9);
  for (int i = 0; i < 10; ++i) Round(LoadSign::kTooMuch);
  EXPECT_EQ(limit().Look().limit, 4);
}

TEST_F(AdaptiveLimitTest, ItComesBackAfterwards) {
  for (int i = 0; i < 10; ++i) Round(LoadSign::kTooMuch);
  for (int i = 0; i < 16; ++i) Round(LoadSign::kFine);
  EXPECT_EQ(limit().Look().limit, 20);
}

TEST_F(AdaptiveLimitTest, WhatSaysNothingChangesNothing) {
  for (int i = 0; i < 10; ++i) Round(LoadSign::kNone);
  EXPECT_EQ(limit().Look().limit, 20);
}

TEST_F(AdaptiveLimitTest, TheMaximumBoundsWhereItBeginsAndWhereItEnds) {
  options_.max_in_flight = 3;
  EXPECT_EQ(limit().Look().limit, 3);
  for (int i = 0; i < 10; ++i) Round(LoadSign::kTooMuch);
  EXPECT_EQ(limit().Look().limit, 3);
}

TEST_F(AdaptiveLimitTest, AFallenLimitHoldsTheQueueBackUntilEnoughHaveEnded) {
  options_ = {.max_in_flight = 10, .max_queued = 10, .initial = 10, .minimum = 4};
  std::vector<ConcurrencyLimit::Slot> slots = All();
  const Caller& waiting = Start();
  slots[0].End(LoadSign::kTooMuch, loop_.Now());
  slots[1].End(LoadSign::kTooMuch, loop_.Now());
  slots[2].End(LoadSign::kTooMuch, loop_.Now());
  loop_.RunReady();
  EXPECT_FALSE(waiting.turn.has_value());
  EXPECT_EQ(limit().Look().limit, 7);
  slots[3].End(LoadSign::kNone, loop_.Now());
  loop_.RunReady();
  EXPECT_TRUE(waiting.turn.has_value());
}

// Calls of several loops at once: none is lost, and never do more hold a slot than may.
class Crowd {
 public:
  static constexpr int kLoops = 4;
  static constexpr int kCallsPerLoop = 200;
  static constexpr int kLimit = 5;

  void Run() {
    async::LoopPool loops(kLoops);
    for (int i = 0; i < kLoops; ++i) {
      for (int j = 0; j < kCallsPerLoop; ++j) loops.loop(i).Spawn(Call(*this, loops.loop(i)));
    }
    loops.Shutdown(absl::Seconds(60));
  }

  std::atomic<int> granted{0};
  std::atomic<int> most{0};
  ConcurrencyLimit limit{{.max_in_flight = kLimit, .max_queued = 10000, .adaptive = false}};

 private:
  static async::Task<void> Call(Crowd& crowd, async::EventLoop& loop) {
    async::CallContext call(loop, async::kNever);
    auto turn = co_await crowd.limit.Acquire(call);
    if (turn.kind != Kind::kGranted) co_return;
    ++crowd.granted;
    const int holding = ++crowd.holding_;
    int most = crowd.most.load();
    while (holding > most && !crowd.most.compare_exchange_weak(most, holding)) {
    }
    // Lets the others have a turn of the loop.
    absl::Status slept = co_await async::Sleep(call, absl::Microseconds(1));
    if (!slept.ok()) co_return;
    --crowd.holding_;
    turn.slot->End(LoadSign::kFine, loop.Now());
  }

  std::atomic<int> holding_{0};
};

TEST(ConcurrencyLimitLoopsTest, CallsOfAllLoopsShareOneLimit) {
  Crowd crowd;
  crowd.Run();
  EXPECT_EQ(crowd.granted, Crowd::kLoops * Crowd::kCallsPerLoop);
  EXPECT_LE(crowd.most, Crowd::kLimit);
  EXPECT_EQ(crowd.limit.Look().in_flight, 0);
  EXPECT_EQ(crowd.limit.Look().queued, 0);
}

}  // namespace
}  // namespace edugate::resilience
