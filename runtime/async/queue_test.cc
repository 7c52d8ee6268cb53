#include "runtime/async/queue.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/test_loop.h"

namespace edugate::async {
namespace {

using ::testing::ElementsAre;

Task<void> Produce(CallContext& call, Queue<int>& queue, int count, int& pushed) {
  for (int i = 0; i < count; ++i) {
    auto status = co_await queue.Push(call, i);
    if (!status.ok()) co_return;
    ++pushed;
  }
  queue.Close();
}

Task<absl::Status> Consume(CallContext& call, Queue<int>& queue, std::vector<int>& seen) {
  while (true) {
    auto item = co_await queue.Pop(call);
    if (!item.ok()) co_return item.status();
    if (!item->has_value()) co_return absl::OkStatus();
    seen.push_back(**item);
  }
}

TEST(QueueTest, AFullQueueHoldsTheProducerBack) {
  TestLoop loop;
  CallContext call(loop, kNever);
  Queue<int> queue(2);
  int pushed = 0;
  loop.Spawn(Produce(call, queue, 5, pushed));
  loop.RunReady();
  EXPECT_EQ(pushed, 2);
  auto first = loop.RunToCompletion(queue.Pop(call));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(**first, 0);
  loop.RunReady();
  EXPECT_EQ(pushed, 3);
  EXPECT_EQ(queue.size(), 2u);
  std::vector<int> seen;
  EXPECT_TRUE(loop.RunToCompletion(Consume(call, queue, seen)).ok());
  EXPECT_THAT(seen, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(pushed, 5);
}

TEST(QueueTest, TheClosingStatusComesAfterTheItems) {
  TestLoop loop;
  CallContext call(loop, kNever);
  Queue<int> queue(4);
  int item = 7;
  EXPECT_TRUE(queue.TryPush(item));
  queue.Close(absl::UnavailableError("gone"));
  queue.Close();
  EXPECT_FALSE(queue.TryPush(item));
  std::vector<int> seen;
  EXPECT_EQ(loop.RunToCompletion(Consume(call, queue, seen)).code(),
            absl::StatusCode::kUnavailable);
  EXPECT_THAT(seen, ElementsAre(7));
  EXPECT_EQ(loop.RunToCompletion(queue.Push(call, 1)).code(), absl::StatusCode::kUnavailable);
}

TEST(QueueTest, ClosingEndsAPushThatWaits) {
  TestLoop loop;
  CallContext call(loop, kNever);
  Queue<int> queue(1);
  int pushed = 0;
  loop.Spawn(Produce(call, queue, 3, pushed));
  loop.RunReady();
  EXPECT_EQ(loop.live_tasks(), 1u);
  queue.Close();
  loop.RunReady();
  EXPECT_EQ(loop.live_tasks(), 0u);
  EXPECT_EQ(pushed, 1);
}

TEST(QueueTest, WaitingEndsWithTheCall) {
  TestLoop loop;
  CallContext call(loop, After(loop.Now(), absl::Seconds(1)));
  Queue<std::unique_ptr<int>> queue(1);
  auto item = loop.RunToCompletion(queue.Pop(call));
  EXPECT_EQ(item.status().code(), absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace edugate::async
