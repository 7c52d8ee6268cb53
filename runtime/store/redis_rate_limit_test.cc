#include "runtime/store/redis_rate_limit.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
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

  std::string Ask(std::vector<std::string> command) {
    async::CallContext call(loop_, async::After(loop_.Now(), absl::Seconds(60)));
    RedisJob job;
    job.command = std::move(command);
    auto answer = async::BlockOn(loop_, one_.Run(call, std::move(job)));
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? answer->text : "";
  }

  // Takes `tokens` out of a bucket that an hour's worth is missing from: in how many microseconds
  // such a number of them comes. Not whatever time goes by meanwhile.
  double CostOf(int tokens, double per_second) {
    const std::string name = absl::StrCat("rate", per_second);
    const std::string key = one_.Key(absl::StrCat("rate:", name));
    const std::string full_at =
        Ask({"EVAL",
             "local full_at = string.format('%.0f', (redis.call('TIME')[1] + 3600) * 1000000) "
             "redis.call('SET', KEYS[1], full_at) return full_at",
             "1", key});
    RedisRateLimit limit(one_, name, {.per_second = per_second, .burst = per_second * 7200});
    for (int i = 0; i < tokens; ++i) {
      EXPECT_EQ(Acquire(limit, absl::Seconds(10)).kind, Kind::kGranted);
    }
    const std::string after = Ask({"GET", key});
    const std::size_t point = after.find('.');
    int64_t from = 0;
    int64_t to = 0;
    double fraction = 0;
    EXPECT_TRUE(absl::SimpleAtoi(full_at, &from)) << full_at;
    EXPECT_TRUE(absl::SimpleAtoi(after.substr(0, point), &to)) << after;
    if (point != std::string::npos) {
      EXPECT_TRUE(absl::SimpleAtod(absl::StrCat("0", after.substr(point)), &fraction)) << after;
    }
    return static_cast<double>(to - from) + fraction;
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
    if (Acquire(here, absl::Seconds(10)).kind == Kind::kGranted) ++granted;
    if (Acquire(there, absl::Seconds(10)).kind == Kind::kGranted) ++granted;
  }
  EXPECT_EQ(granted, 5);
  const resilience::RateAnswer refused = Acquire(here, absl::Seconds(10));
  EXPECT_EQ(refused.kind, Kind::kRefused);
  EXPECT_GT(refused.retry_after, absl::Seconds(50));
  EXPECT_LE(refused.retry_after, absl::Seconds(100));
  RedisRateLimit other(one_, "other", options);
  EXPECT_EQ(Acquire(other, absl::Seconds(10)).kind, Kind::kGranted);
}

TEST_F(RedisRateLimitTest, ACallThatCanWaitGetsItsTokenWhenItIsThere) {
  const resilience::TokenBucketOptions options{.per_second = 50, .burst = 1};
  RedisRateLimit limit(one_, "quick", options);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Acquire(limit, absl::Seconds(10)).kind, Kind::kGranted);
  }
}

TEST_F(RedisRateLimitTest, AHighRateIsKeptAsExactlyAsALowOne) {
  constexpr int kTokens = 50;
  for (const double per_second : {0.7, 150e3, 700e3, 1.5e6, 3e6, 10e6}) {
    const double right = kTokens * 1e6 / per_second;
    EXPECT_NEAR(CostOf(kTokens, per_second), right, right / 1000) << per_second;
  }
}

TEST_F(RedisRateLimitTest, AServersClockThatIsSetBackHoldsNobodyUp) {
  RedisRateLimit limit(one_, "clock", {.per_second = 0.01, .burst = 2});
  EXPECT_EQ(Acquire(limit, absl::Seconds(10)).kind, Kind::kGranted);
  // As if that had been an hour later.
  Ask({"EVAL",
       "local whole, fraction, last = "
       "string.match(redis.call('GET', KEYS[1]), '^(%d+)(%.%d%d%d%d%d%d%d%d%d)(%d+)$') "
       "redis.call('SET', KEYS[1], "
       "string.format('%.0f%s%.0f', whole + 3600000000, fraction, last + 3600000000))",
       "1", one_.Key("rate:clock")});
  EXPECT_EQ(Acquire(limit, absl::Seconds(10)).kind, Kind::kGranted);
  const resilience::RateAnswer refused = Acquire(limit, absl::Seconds(10));
  EXPECT_EQ(refused.kind, Kind::kRefused);
  EXPECT_LE(refused.retry_after, absl::Seconds(100));
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
    if (Acquire(limit, absl::Seconds(10)).kind == Kind::kGranted) ++granted;
  }
  EXPECT_EQ(granted, 4);
}

}  // namespace
}  // namespace edugate::store
