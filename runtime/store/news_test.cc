#include "runtime/store/news.h"

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/async/loop_pool.h"
#include "runtime/async/test_loop.h"

namespace edugate::store {
namespace {

async::Task<void> WaitInto(News& news, async::CallContext& call, std::string topic, int64_t after,
                           std::optional<absl::Status>& out) {
  auto waited = co_await news.WaitBeyond(call, std::move(topic), after);
  out = waited;
}

TEST(NewsTest, WakesThoseWhoWaitForTheTopic) {
  async::TestLoop loop;
  async::CallContext call(loop, async::kNever);
  News news;
  std::optional<absl::Status> one;
  std::optional<absl::Status> two;
  std::optional<absl::Status> other;
  loop.Spawn(WaitInto(news, call, "a", 0, one));
  loop.Spawn(WaitInto(news, call, "a", 4, two));
  loop.Spawn(WaitInto(news, call, "b", 0, other));
  loop.RunReady();
  EXPECT_EQ(news.waiting(), 3u);
  news.Announce("a", 5);
  loop.RunReady();
  ASSERT_TRUE(one.has_value());
  EXPECT_TRUE(one->ok());
  ASSERT_TRUE(two.has_value());
  EXPECT_TRUE(two->ok());
  EXPECT_FALSE(other.has_value());
  EXPECT_EQ(news.waiting(), 1u);
  news.Announce("b", 6);
  loop.RunReady();
  EXPECT_TRUE(other.has_value());
}

TEST(NewsTest, WhatWasAnnouncedBeforeIsNotWaitedFor) {
  async::TestLoop loop;
  async::CallContext call(loop, async::kNever);
  News news;
  news.Announce("a", 5);
  EXPECT_TRUE(loop.RunToCompletion(news.WaitBeyond(call, "a", 4)).ok());
  std::optional<absl::Status> waited;
  loop.Spawn(WaitInto(news, call, "a", 5, waited));
  loop.RunReady();
  EXPECT_FALSE(waited.has_value());
  news.Announce("a", 5);
  loop.RunReady();
  EXPECT_FALSE(waited.has_value()) << "woken by what it knows";
  news.Announce("a", 6);
  loop.RunReady();
  EXPECT_TRUE(waited.has_value());
}

TEST(NewsTest, OfALogThatIsLostNothingIsWaitedFor) {
  async::TestLoop loop;
  async::CallContext call(loop, async::kNever);
  News news;
  news.Announce("a", 300);
  std::optional<absl::Status> waited;
  loop.Spawn(WaitInto(news, call, "a", 300, waited));
  loop.RunReady();
  news.LookedUp("a", 300);
  loop.RunReady();
  EXPECT_FALSE(waited.has_value()) << "woken by what it knows";
  news.LookedUp("a", 2);
  loop.RunReady();
  ASSERT_TRUE(waited.has_value());
  EXPECT_TRUE(waited->ok());

  news.StartAgain("a", 2);
  std::optional<absl::Status> anew;
  loop.Spawn(WaitInto(news, call, "a", 2, anew));
  loop.RunReady();
  EXPECT_FALSE(anew.has_value()) << "of the log that is lost";
  news.StartAgain("a", 2);
  loop.RunReady();
  EXPECT_FALSE(anew.has_value()) << "woken by what it knows";
  news.Announce("a", 3);
  loop.RunReady();
  EXPECT_TRUE(anew.has_value());
}

TEST(NewsTest, NumbersThatWereForgottenCountAgain) {
  async::TestLoop loop;
  async::CallContext call(loop, async::kNever);
  News news;
  news.Announce("a", 5);
  std::optional<absl::Status> before;
  std::optional<absl::Status> after;
  loop.Spawn(WaitInto(news, call, "a", 5, before));
  loop.RunReady();
  news.ForgetNumbers();
  loop.Spawn(WaitInto(news, call, "a", 0, after));
  loop.RunReady();
  EXPECT_FALSE(before.has_value());
  EXPECT_FALSE(after.has_value()) << "woken by a number that was forgotten";
  news.Announce("a", 1);
  loop.RunReady();
  EXPECT_TRUE(before.has_value());
  EXPECT_TRUE(after.has_value());

  news.ForgetNumbers();
  std::optional<absl::Status> empty;
  loop.Spawn(WaitInto(news, call, "a", 5, empty));
  loop.RunReady();
  EXPECT_FALSE(empty.has_value());
  news.LookedUp("a", 0);
  loop.RunReady();
  EXPECT_TRUE(empty.has_value()) << "to see that nothing is left";
}

TEST(NewsTest, ACallThatEndsWaitsNoLonger) {
  async::TestLoop loop;
  async::CallContext cancelled(loop, async::kNever);
  async::CallContext late(loop, async::After(loop.Now(), absl::Seconds(1)));
  News news;
  std::optional<absl::Status> one;
  std::optional<absl::Status> two;
  loop.Spawn(WaitInto(news, cancelled, "a", 0, one));
  loop.Spawn(WaitInto(news, late, "a", 0, two));
  loop.RunReady();
  cancelled.Cancel();
  loop.Advance(absl::Seconds(1));
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(one->code(), absl::StatusCode::kCancelled);
  ASSERT_TRUE(two.has_value());
  EXPECT_EQ(two->code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(news.waiting(), 0u);
}

async::Task<void> Follow(News& news, async::EventLoop& loop, int64_t end, std::atomic<int>& ended) {
  async::CallContext call(loop, async::kNever);
  int64_t seen = 0;
  while (seen < end) {
    auto waited = co_await news.WaitBeyond(call, "a", seen);
    if (!waited.ok()) co_return;
    ++seen;
  }
  ++ended;
}

TEST(NewsTest, WatchersOfSeveralLoopsMissNothingWhileAnnouncementsCome) {
  constexpr int kWatchers = 300;
  constexpr int64_t kEnd = 500;
  News news;
  std::atomic<int> ended = 0;
  async::LoopPool loops(3);
  for (int i = 0; i < kWatchers; ++i) {
    async::EventLoop& loop = loops.Next();
    loop.Spawn(Follow(news, loop, kEnd, ended));
  }
  std::thread announcer([&] {
    for (int64_t i = 1; i <= kEnd; ++i) news.Announce("a", i);
  });
  announcer.join();
  loops.Shutdown(absl::InfiniteDuration());
  EXPECT_EQ(ended, kWatchers);
}

}  // namespace
}  // namespace edugate::store
