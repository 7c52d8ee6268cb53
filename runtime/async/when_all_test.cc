#include "runtime/async/when_all.h"

#include <memory>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/call_context.h"
#include "runtime/async/sleep.h"
#include "runtime/async/test_loop.h"

namespace edugate::async {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Counts {
  int running = 0;
  int most = 0;
};

Task<int> SleepAndGive(CallContext& call, absl::Duration duration, int value, Counts& counts) {
  ++counts.running;
  counts.most = std::max(counts.most, counts.running);
  auto slept = co_await Sleep(call, duration);
  --counts.running;
  co_return slept.ok() ? value : -1;
}

Task<std::unique_ptr<int>> GivePointer(int value) {
  auto pointer = std::make_unique<int>(value);
  co_return pointer;
}

TEST(WhenAllTest, YieldsResultsInOrderAfterTheLongestTask) {
  TestLoop loop;
  CallContext call(loop, kNever);
  Counts counts;
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 4; ++i) {
    tasks.push_back(SleepAndGive(call, absl::Seconds(4 - i), i, counts));
  }
  const MonotonicTime start = loop.Now();
  EXPECT_THAT(loop.RunToCompletion(WhenAll(std::move(tasks))), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(loop.Now() - start, std::chrono::seconds(4));
  EXPECT_EQ(counts.most, 4);
}

TEST(WhenAllTest, RunsNoMoreThanAllowedAtOnce) {
  TestLoop loop;
  CallContext call(loop, kNever);
  Counts counts;
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 10; ++i) tasks.push_back(SleepAndGive(call, absl::Seconds(1), i, counts));
  const MonotonicTime start = loop.Now();
  EXPECT_THAT(loop.RunToCompletion(WhenAll(std::move(tasks), 3)),
              ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_EQ(counts.most, 3);
  EXPECT_EQ(loop.Now() - start, std::chrono::seconds(4));
}

TEST(WhenAllTest, TakesTasksThatNeverWait) {
  TestLoop loop;
  std::vector<Task<std::unique_ptr<int>>> tasks;
  for (int i = 0; i < 1000; ++i) tasks.push_back(GivePointer(i));
  auto results = loop.RunToCompletion(WhenAll(std::move(tasks), 7));
  ASSERT_EQ(results.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(*results[static_cast<std::size_t>(i)], i);
}

TEST(WhenAllTest, OfNothingIsNothing) {
  TestLoop loop;
  EXPECT_THAT(loop.RunToCompletion(WhenAll(std::vector<Task<int>>())), IsEmpty());
}

Task<void> KeepAll(std::vector<Task<int>> tasks, std::vector<int>& results) {
  auto all = co_await WhenAll(std::move(tasks));
  results = std::move(all);
}

TEST(WhenAllTest, CancellingTheCallEndsAllOfThem) {
  TestLoop loop;
  CallContext call(loop, kNever);
  Counts counts;
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(SleepAndGive(call, absl::Hours(1), i, counts));
  std::vector<int> results;
  loop.Spawn(KeepAll(std::move(tasks), results));
  loop.RunReady();
  EXPECT_EQ(counts.running, 3);
  call.Cancel();
  loop.RunReady();
  EXPECT_THAT(results, ElementsAre(-1, -1, -1));
}

}  // namespace
}  // namespace edugate::async
