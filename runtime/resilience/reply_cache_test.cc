#include "runtime/resilience/reply_cache.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/wrappers.pb.h"

namespace edugate::resilience {
namespace {

constexpr async::MonotonicTime kNow{std::chrono::hours(1000)};

async::MonotonicTime At(double seconds) { return async::After(kNow, absl::Seconds(seconds)); }

std::shared_ptr<const KeptReply> Reply(std::string text, std::string etag = "") {
  auto message = std::make_unique<google::protobuf::StringValue>();
  message->set_value(std::move(text));
  auto reply = std::make_shared<KeptReply>();
  reply->message = std::move(message);
  reply->etag = std::move(etag);
  return reply;
}

TEST(ReplyCacheTest, AReplyIsGoodUntilItComesOfAge) {
  ReplyCache cache(1 << 20);
  const auto reply = Reply("Moby");
  EXPECT_EQ(cache.Find("a", At(0)).reply, nullptr);
  cache.Keep("a", reply, At(10), 0);
  EXPECT_EQ(cache.Find("a", At(9)).reply, reply);
  EXPECT_TRUE(cache.Find("a", At(9)).fresh);
  EXPECT_EQ(cache.Find("b", At(9)).reply, nullptr);
  EXPECT_EQ(cache.Find("a", At(10)).reply, nullptr);
  EXPECT_EQ(cache.size(), 0);
  EXPECT_EQ(cache.bytes(), 0);
}

TEST(ReplyCacheTest, OneWithAnEtagStaysToBeAskedAbout) {
  ReplyCache cache(1 << 20);
  const auto reply = Reply("Moby", "\"1\"");
  cache.Keep("a", reply, At(10), 0);
  const ReplyCache::Found found = cache.Find("a", At(10));
  EXPECT_EQ(found.reply, reply);
  EXPECT_FALSE(found.fresh);
  cache.Keep("a", reply, At(20), found.epoch);
  EXPECT_TRUE(cache.Find("a", At(19)).fresh);
  EXPECT_EQ(cache.size(), 1);
}

TEST(ReplyCacheTest, TheLeastRecentlyUsedGoFirst) {
  ReplyCache cache(3500);
  const std::string text(1000, 'x');
  cache.Keep("a", Reply(text), At(10), 0);
  cache.Keep("b", Reply(text), At(10), 0);
  cache.Find("a", At(0));
  cache.Keep("c", Reply(text), At(10), 0);
  EXPECT_NE(cache.Find("a", At(0)).reply, nullptr);
  EXPECT_EQ(cache.Find("b", At(0)).reply, nullptr);
  EXPECT_NE(cache.Find("c", At(0)).reply, nullptr);
}

TEST(ReplyCacheTest, ItsBytesStayBelowTheirBound) {
  constexpr size_t kBound = 100'000;
  ReplyCache cache(kBound);
  for (int i = 0; i < 10'000; ++i) {
    cache.Keep(absl::StrCat("key-", i % 700), Reply(std::string(i % 5000, 'x')), At(10), 0);
    EXPECT_LE(cache.bytes(), kBound);
  }
  EXPECT_GT(cache.size(), 1);
}

TEST(ReplyCacheTest, AReplyThatIsLargerThanTheWholeIsNotKeptAndPutsNoOtherOut) {
  ReplyCache cache(4000);
  cache.Keep("a", Reply("x"), At(10), 0);
  cache.Keep("b", Reply(std::string(5000, 'x')), At(10), 0);
  EXPECT_EQ(cache.Find("b", At(0)).reply, nullptr);
  EXPECT_NE(cache.Find("a", At(0)).reply, nullptr);
}

TEST(ReplyCacheTest, ANewReplyReplacesTheOldOne) {
  ReplyCache cache(1 << 20);
  cache.Keep("a", Reply("old"), At(10), 0);
  const auto reply = Reply("new");
  cache.Keep("a", reply, At(10), 0);
  EXPECT_EQ(cache.Find("a", At(0)).reply, reply);
  EXPECT_EQ(cache.size(), 1);
}

TEST(ReplyCacheTest, WhatWasAskedForBeforeItWasClearedIsNotKept) {
  ReplyCache cache(1 << 20);
  cache.Keep("a", Reply("x"), At(10), 0);
  const ReplyCache::Found before = cache.Find("b", At(0));
  cache.Clear();
  EXPECT_EQ(cache.Find("a", At(0)).reply, nullptr);
  EXPECT_EQ(cache.bytes(), 0);
  cache.Keep("b", Reply("stale"), At(10), before.epoch);
  const ReplyCache::Found after = cache.Find("b", At(0));
  EXPECT_EQ(after.reply, nullptr);
  cache.Keep("b", Reply("current"), At(10), after.epoch);
  EXPECT_NE(cache.Find("b", At(0)).reply, nullptr);
}

TEST(ReplyCacheTest, ThreadsShareIt) {
  ReplyCache cache(20'000);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&cache, i] {
      for (int j = 0; j < 2000; ++j) {
        const std::string key = absl::StrCat(j % 50);
        const ReplyCache::Found found = cache.Find(key, At(0));
        cache.Keep(key, Reply(std::string(500, 'x')), At(10), found.epoch);
        if (i == 0 && j % 100 == 0) cache.Clear();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(cache.bytes(), 20'000);
}

}  // namespace
}  // namespace edugate::resilience
