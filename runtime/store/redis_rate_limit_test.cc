#include "runtime/store/redis_rate_limit.h"

#include "gtest/gtest.h"
#include "runtime/async/block_on.h"
#include "runtime/store/redis_server.h"
#include "runtime/store/temporary_folder.h"

namespace edugate::store {
namespace {

using Kind = resilience::RateAnswer::Kind;

class RedisRateLimitTest : public testing::Test {
 protected:
  // What a call with `patience` gets.
  resilience::RateAnswer Acquire(RedisRateLimit& limit, absl::Duration patience) {
    async::CallContext call(loop_, async::After(loop_.Now(), patience));
    return async::BlockOn(loop_, limit.Acquire(call));
  }

  TemporaryFolder folder_;
  RedisServer server_{folder_.path()};
  async::EventLoop loop_;
  RedisClient one_{server_.options()};
  RedisClient two_{server_.options()};
};

TEST_F(RedisRateLimitTest, ProcessesShareTheTokensOfAName) {
  const resilience::TokenBucketOptions options{.per_second = 0.01, .burst = 5};
  RedisRateLimit here(one_, "openapply", options);
  RedisRateLimit there(two_, "openapply", options);
  int granted = 0;
  for (int i = 0; i < 5; ++i) {
    if (Acquire(here, absl::Seconds(1)).kind == Kind::kGranted) ++granted;
    if (Acquire(there, absl::Seconds(1)).kind == Kind::kGranted) ++granted;
  }
  EXPECT_EQ(granted, 5);
  const resilience::RateAnswer refused = Acquire(here, absl::Seconds(1));
  EXPECT_EQ(refused.kind, Kind::kRefused);
  EXPECT_GT(refused.retry_after, absl::Seconds(50));
  EXPECT_LE(refused.retry_after, absl::Seconds(100));
  RedisRateLimit other(one_, "other", options);
  EXPECT_EQ(Acquire(other, absl::Seconds(1)).kind, Kind::kGranted);
}

TEST_F(RedisRateLimitTest, ACallThatCanWaitGetsItsTokenWhenItIsThere) {
  const resilience::TokenBucketOptions options{.per_second = 50, .burst = 1};
  RedisRateLimit limit(one_, "quick", options);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Acquire(limit, absl::Seconds(10)).kind, Kind::kGranted);
  }
}

TEST_F(RedisRateLimitTest, WithoutTheServerEachProcessHasItsShare) {
  const resilience::TokenBucketOptions options{.per_second = 0.01, .burst = 8};
  RedisRateLimit limit(one_, "openapply", options);
  // Both have said that they live.
  while (one_.processes() < 2) {
    RedisJob job;
    job.command = {"EVAL", "return 1", "0"};
    async::CallContext call(loop_, async::kNever);
    async::BlockOn(loop_, one_.Run(call, std::move(job))).status().IgnoreError();
    absl::SleepFor(absl::Milliseconds(10));
  }
  server_.Kill();
  int granted = 0;
  for (int i = 0; i < 10; ++i) {
    if (Acquire(limit, absl::Seconds(1)).kind == Kind::kGranted) ++granted;
  }
  EXPECT_EQ(granted, 4);
}

}  // namespace
}  // namespace edugate::store
