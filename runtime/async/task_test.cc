#include "runtime/async/task.h"

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "runtime/async/block_on.h"
#include "runtime/async/call_context.h"
#include "runtime/async/event.h"
#include "runtime/async/event_loop.h"
#include "runtime/async/test_loop.h"

namespace edugate::async {
namespace {

Task<int> Give(int value) { co_return value; }

Task<std::unique_ptr<std::string>> GivePointer() {
  auto text = std::make_unique<std::string>("text");
  co_return text;
}

// Larger than a frame keeps.
struct Large {
  std::shared_ptr<int> counted;
  std::array<char, 1000> bytes{};
};

Task<Large> GiveLarge(std::shared_ptr<int> counted) {
  Large large{.counted = std::move(counted)};
  large.bytes.back() = 'z';
  co_return large;
}

Task<char> LastOfLarge(std::shared_ptr<int> counted) {
  auto large = co_await GiveLarge(std::move(counted));
  co_return large.bytes.back();
}

Task<void> Drop(Task<Large> task) { co_await std::move(task); }

Task<void> Count(int& count) {
  ++count;
  co_return;
}

Task<int> Sum(int depth) {
  if (depth == 0) co_return 0;
  auto below = co_await Sum(depth - 1);
  co_return below + 1;
}

Task<int> SumInALoop(int times) {
  int sum = 0;
  for (int i = 0; i < times; ++i) {
    auto one = co_await Give(1);
    sum += one;
  }
  co_return sum;
}

TEST(TaskTest, DoesNotStartBeforeItIsAwaited) {
  int count = 0;
  TestLoop loop;
  Task<void> task = Count(count);
  EXPECT_EQ(count, 0);
  loop.RunToCompletion(std::move(task));
  EXPECT_EQ(count, 1);
}

TEST(TaskTest, YieldsAValueThatCanOnlyBeMoved) {
  TestLoop loop;
  auto text = loop.RunToCompletion(GivePointer());
  EXPECT_EQ(*text, "text");
}

TEST(TaskTest, YieldsALargeValueAndKeepsNothingOfIt) {
  TestLoop loop;
  const auto counted = std::make_shared<int>(1);
  EXPECT_EQ(loop.RunToCompletion(LastOfLarge(counted)), 'z');
  EXPECT_EQ(counted.use_count(), 1);
  loop.RunToCompletion(Drop(GiveLarge(counted)));
  EXPECT_EQ(counted.use_count(), 1);
}

TEST(TaskTest, AwaitsWithoutGrowingTheStack) {
  TestLoop loop;
  EXPECT_EQ(loop.RunToCompletion(SumInALoop(1'000'000)), 1'000'000);
}

TEST(TaskTest, AwaitsTasksThatAwaitTasks) {
  TestLoop loop;
  EXPECT_EQ(loop.RunToCompletion(Sum(500)), 500);
}

TEST(TaskTest, AnUnstartedTaskThatIsDestroyedNeverRuns) {
  int count = 0;
  {
    Task<void> task = Count(count);
    Task<void> other = std::move(task);
  }
  EXPECT_EQ(count, 0);
}

// Tells when a frame is destroyed.
struct Flag {
  explicit Flag(bool& set) : set(set) {}
  Flag(const Flag&) = delete;
  ~Flag() { set = true; }
  bool& set;
};

Task<void> HoldAndWait(CallContext& call, Event& event, bool& destroyed) {
  Flag flag(destroyed);
  auto waited = co_await event.Wait(call);
  static_cast<void>(waited);
}

TEST(TaskTest, DestroyingALoopDestroysTheFramesThatStillWait) {
  bool destroyed = false;
  Event event;
  auto loop = std::make_unique<TestLoop>();
  auto call = std::make_unique<CallContext>(*loop, kNever);
  loop->Spawn(HoldAndWait(*call, event, destroyed));
  loop->RunReady();
  EXPECT_EQ(loop->live_tasks(), 1u);
  EXPECT_EQ(event.waiting(), 1u);
  EXPECT_FALSE(destroyed);
  loop->DestroyTasks();
  EXPECT_TRUE(destroyed);
  EXPECT_EQ(event.waiting(), 0u);
  call.reset();
  loop.reset();
}

Task<void> Raise(std::shared_ptr<int> count) {
  ++*count;
  co_return;
}

TEST(TaskTest, ATaskThatWasSpawnedButNeverStartedIsDestroyedWithItsLoop) {
  const auto count = std::make_shared<int>(0);
  {
    EventLoop loop;
    loop.Spawn(Raise(count));
    EXPECT_GT(count.use_count(), 1);
  }
  EXPECT_EQ(count.use_count(), 1);
  EXPECT_EQ(*count, 0);
}

TEST(TaskTest, WorkThatWasPostedButNeverRunIsDestroyedWithItsLoop) {
  const auto count = std::make_shared<int>(0);
  {
    EventLoop loop;
    loop.Post([count] { ++*count; });
    EXPECT_GT(count.use_count(), 1);
  }
  EXPECT_EQ(count.use_count(), 1);
  EXPECT_EQ(*count, 0);
}

TEST(BlockOnTest, RunsTheLoopUntilTheTaskEndsAndMayBeRepeated) {
  EventLoop loop;
  EXPECT_EQ(BlockOn(loop, Give(3)), 3);
  EXPECT_EQ(BlockOn(loop, SumInALoop(10)), 10);
  int count = 0;
  BlockOn(loop, Count(count));
  EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace edugate::async
