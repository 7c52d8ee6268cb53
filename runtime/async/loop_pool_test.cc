#include "runtime/async/loop_pool.h"

#include <pthread.h>

#include <atomic>
#include <latch>
#include <memory>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/call_context.h"
#include "runtime/async/event.h"
#include "runtime/async/sleep.h"

namespace edugate::async {
namespace {

TEST(LoopPoolTest, GivesItsLoopsInTurn) {
  LoopPool pool(3);
  std::set<EventLoop*> loops;
  for (int i = 0; i < 3; ++i) loops.insert(&pool.Next());
  EXPECT_EQ(loops.size(), 3u);
  EXPECT_EQ(&pool.Next(), &pool.loop(0));
}

TEST(LoopPoolTest, NamesItsThreads) {
  LoopPool pool(2);
  std::string name;
  std::latch done(1);
  pool.loop(1).Post([&] {
    char buffer[32] = {};
    pthread_getname_np(pthread_self(), buffer, sizeof(buffer));
    name = buffer;
    done.count_down();
  });
  done.wait();
  EXPECT_EQ(name, "edugate-loop-1");
}

Task<void> SleepAndCount(EventLoop& loop, std::atomic<int>& count) {
  CallContext call(loop, kNever);
  auto slept = co_await Sleep(call, absl::Milliseconds(1));
  if (slept.ok()) ++count;
}

TEST(LoopPoolTest, ShutdownLetsTasksEnd) {
  std::atomic<int> count = 0;
  {
    LoopPool pool(2);
    for (int i = 0; i < 100; ++i) {
      EventLoop& loop = pool.Next();
      loop.Spawn(SleepAndCount(loop, count));
    }
    pool.Shutdown(absl::InfiniteDuration());
    EXPECT_EQ(count, 100);
  }
}

Task<void> WaitForever(EventLoop& loop, std::latch& started, std::shared_ptr<int> held) {
  CallContext call(loop, kNever);
  Event never;
  started.count_down();
  auto waited = co_await never.Wait(call);
  static_cast<void>(waited);
}

TEST(LoopPoolTest, ShutdownDestroysTasksThatDoNotEndInTime) {
  auto held = std::make_shared<int>(1);
  LoopPool pool(1);
  std::latch started(1);
  pool.loop(0).Spawn(WaitForever(pool.loop(0), started, held));
  started.wait();
  EXPECT_GT(held.use_count(), 1);
  pool.Shutdown(absl::Milliseconds(1));
  EXPECT_EQ(held.use_count(), 1);
}

TEST(LoopPoolTest, APoolOfNoneHasOneLoop) {
  LoopPool pool(0);
  EXPECT_EQ(pool.size(), 1u);
}

}  // namespace
}  // namespace edugate::async
