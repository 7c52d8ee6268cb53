#include "runtime/resilience/token_bucket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "runtime/async/test_loop.h"

namespace edugate::resilience {
namespace {

using ::testing::ElementsAre;
using Kind = RateAnswer::Kind;

class TokenBucketTest : public ::testing::Test {
 protected:
  // The tasks that are left point at the calls.
  ~TokenBucketTest() override { loop_.DestroyTasks(); }

  struct Caller {
    Caller(async::TestLoop& loop, absl::Duration allowed)
        : call(loop, async::After(loop.fake_clock().MonotonicNow(), allowed)) {}
    async::CallContext call;
    std::optional<RateAnswer> answer;
    absl::Duration waited;
  };

  static async::Task<void> Ask(TokenBucket& bucket, async::TestLoop& loop, Caller& caller) {
    const async::MonotonicTime begun = loop.fake_clock().MonotonicNow();
    caller.answer = co_await bucket.Acquire(caller.call);
    caller.waited = absl::FromChrono(loop.fake_clock().MonotonicNow() - begun);
  }

  Caller& Start(TokenBucket& bucket, absl::Duration allowed = absl::Seconds(60)) {
    callers_.push_back(std::make_unique<Caller>(loop_, allowed));
    loop_.Spawn(Ask(bucket, loop_, *callers_.back()));
    return *callers_.back();
  }

  async::TestLoop loop_;
  std::vector<std::unique_ptr<Caller>> callers_;
};

TEST_F(TokenBucketTest, SavedTokensAreThereAtOnceAndTheOthersComeAtTheirRate) {
  TokenBucket bucket({.per_second = 10, .burst = 2});
  for (int i = 0; i < 5; ++i) Start(bucket);
  loop_.RunUntilIdle();
  std::vector<absl::Duration> waits;
  for (const auto& caller : callers_) {
    EXPECT_EQ(caller->answer->kind, Kind::kGranted);
    waits.push_back(caller->waited);
  }
  EXPECT_THAT(waits,
              ElementsAre(absl::ZeroDuration(), absl::ZeroDuration(), absl::Milliseconds(100),
                          absl::Milliseconds(200), absl::Milliseconds(300)));
}

TEST_F(TokenBucketTest, NoMoreIsSavedThanTheBurst) {
  TokenBucket bucket({.per_second = 1, .burst = 3});
  loop_.Advance(absl::Hours(1));
  int at_once = 0;
  while (bucket.TryAcquire(loop_.Now())) ++at_once;
  EXPECT_EQ(at_once, 3);
}

TEST_F(TokenBucketTest, WhatATokenMustLeaveOfACallsTimeIsAnOption) {
  TokenBucket bucket({.per_second = 1, .burst = 1, .least_attempt = absl::Seconds(2)});
  EXPECT_TRUE(bucket.TryAcquire(loop_.fake_clock().MonotonicNow()));
  const Caller& hurried = Start(bucket, absl::Milliseconds(2999));
  loop_.RunReady();
  ASSERT_TRUE(hurried.answer.has_value());
  EXPECT_EQ(hurried.answer->kind, Kind::kRefused);
  const Caller& patient = Start(bucket, absl::Seconds(3));
  loop_.RunUntilIdle();
  EXPECT_EQ(patient.answer->kind, Kind::kGranted);
}

TEST_F(TokenBucketTest, AWaitBeyondTheDeadlineIsRefusedAtOnceAndTakesNoToken) {
  TokenBucket bucket({.per_second = 1, .burst = 1});
  EXPECT_TRUE(bucket.TryAcquire(loop_.fake_clock().MonotonicNow()));
  const Caller& hurried = Start(bucket, absl::Milliseconds(1049));
  loop_.RunReady();
  ASSERT_TRUE(hurried.answer.has_value());
  EXPECT_EQ(hurried.answer->kind, Kind::kRefused);
  EXPECT_EQ(hurried.answer->retry_after, absl::Seconds(1));
  const Caller& patient = Start(bucket, absl::Milliseconds(1050));
  loop_.RunUntilIdle();
  EXPECT_EQ(patient.answer->kind, Kind::kGranted);
  EXPECT_EQ(patient.waited, absl::Seconds(1));
}

TEST_F(TokenBucketTest, ACancelledWaitGivesItsTokenBack) {
  TokenBucket bucket({.per_second = 1, .burst = 1});
  EXPECT_TRUE(bucket.TryAcquire(loop_.fake_clock().MonotonicNow()));
  Caller& gone = Start(bucket);
  loop_.RunReady();
  gone.call.Cancel();
  loop_.RunReady();
  EXPECT_EQ(gone.answer->kind, Kind::kEnded);
  const Caller& next = Start(bucket);
  loop_.RunUntilIdle();
  EXPECT_EQ(next.waited, absl::Seconds(1));
}

TEST_F(TokenBucketTest, TheTokensOfThoseWhoLeaveAreThereForThoseWhoCome) {
  TokenBucket bucket({.per_second = 1, .burst = 1});
  EXPECT_TRUE(bucket.TryAcquire(loop_.fake_clock().MonotonicNow()));
  for (int i = 0; i < 20; ++i) Start(bucket);
  const Caller& stays = Start(bucket);
  loop_.Advance(absl::Seconds(0.5));
  for (int i = 0; i < 20; ++i) callers_[i]->call.Cancel();
  loop_.RunReady();
  EXPECT_FALSE(bucket.TryAcquire(loop_.Now()));
  // What came before they came is theirs no more.
  loop_.Advance(absl::Seconds(2));
  const Caller& first = Start(bucket, absl::Seconds(10));
  Caller& second = Start(bucket, absl::Seconds(10));
  loop_.RunReady();
  second.call.Cancel();
  loop_.RunReady();
  const Caller& third = Start(bucket, absl::Seconds(10));
  loop_.RunUntilIdle();
  EXPECT_EQ(first.waited, absl::Seconds(0.5));
  EXPECT_EQ(third.answer->kind, Kind::kGranted);
  EXPECT_EQ(third.waited, absl::Seconds(1.5));
  EXPECT_EQ(stays.waited, absl::Seconds(21));
}

TEST_F(TokenBucketTest, HoweverManyLeaveTheRateIsKept) {
  TokenBucket bucket({.per_second = 1, .burst = 3});
  const async::MonotonicTime begun = loop_.Now();
  for (int second = 0; second < 100; ++second) {
    for (int i = 0; i < 5; ++i) Start(bucket, absl::Seconds(20));
    loop_.Advance(absl::Seconds(1));
    // Every third leaves, from the last ones on as from the first ones.
    const std::size_t all = callers_.size();
    for (std::size_t i = 0; i < all; i += 3) {
      callers_[second % 2 == 0 ? i : all - 1 - i]->call.Cancel();
    }
    loop_.RunReady();
  }
  loop_.RunUntilIdle();
  int count = 0;
  for (const auto& caller : callers_) {
    if (caller->answer->kind == Kind::kGranted) ++count;
  }
  const double seconds = absl::ToDoubleSeconds(absl::FromChrono(loop_.Now() - begun));
  EXPECT_LE(count, static_cast<int>(seconds) + 3);
  EXPECT_GE(count, 80);
}

TEST_F(TokenBucketTest, WhoWaitsIsNotOvertaken) {
  TokenBucket bucket({.per_second = 1, .burst = 1});
  EXPECT_TRUE(bucket.TryAcquire(loop_.fake_clock().MonotonicNow()));
  const Caller& first = Start(bucket);
  loop_.Advance(absl::Milliseconds(999));
  EXPECT_FALSE(bucket.TryAcquire(loop_.Now()));
  loop_.Advance(absl::Milliseconds(1));
  EXPECT_TRUE(first.answer.has_value());
  EXPECT_FALSE(bucket.TryAcquire(loop_.Now()));
}

TEST_F(TokenBucketTest, ARateOfLessThanOneASecondIsKept) {
  TokenBucket bucket({.per_second = 0.01, .burst = 1});
  EXPECT_TRUE(bucket.TryAcquire(loop_.fake_clock().MonotonicNow()));
  const Caller& next = Start(bucket, absl::Minutes(3));
  loop_.RunUntilIdle();
  EXPECT_EQ(next.waited, absl::Seconds(100));
}

TEST(TokenBucketThreadsTest, ThreadsTogetherGetNoMoreThanTheBurst) {
  TokenBucket bucket({.per_second = 1, .burst = 1000});
  constexpr async::MonotonicTime kNow{std::chrono::hours(1000)};
  std::atomic<int> granted{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) granted += bucket.TryAcquire(kNow) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(granted, 1000);
}

}  // namespace
}  // namespace edugate::resilience
