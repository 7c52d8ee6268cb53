#include "runtime/store/redis_rate_limit.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "runtime/async/sleep.h"

namespace edugate::store {
namespace {

// The generic cell rate algorithm (ITU-T I.371). KEYS: when the bucket is full but for one token,
// in microseconds with a fraction of nine digits, and behind those the moment of the last token.
// ARGV: the microseconds between two tokens, those in which the rest of a burst comes, those that
// the call may wait. Gives whether there is a token, and in how many microseconds.
//
// A moment in microseconds leaves a double's fraction two bits: too few for a rate beyond 100,000 a
// second. So the moment's whole part and its fraction are read and written apart, and what is
// reckoned with is the time from now.
//
// The last token's moment lies ahead where the clock was set back since, or is another server's:
// the bucket is then as full as it was. To an earlier version it is more digits of the fraction.
constexpr char kTake[] = R"lua(
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  local whole, fraction, last = string.match(redis.call('GET', KEYS[1]) or '0',
                                             '^(%d+)(%.?%d?%d?%d?%d?%d?%d?%d?%d?%d?)(%d*)$')
  local ahead = tonumber(whole) - now + tonumber('0' .. fraction)
  if last ~= '' then ahead = ahead - math.max(0, tonumber(last) - now) end
  ahead = math.max(0, ahead)
  local wait = math.max(0, ahead - ARGV[2])
  if wait > tonumber(ARGV[3]) then return {0, math.ceil(wait)} end
  ahead = ahead + ARGV[1]
  local billionths = math.floor((ahead - math.floor(ahead)) * 1000000000)
  redis.call('SET', KEYS[1],
             string.format('%.0f.%09d%.0f', now + math.floor(ahead), billionths, now),
             'PX', math.ceil(ahead / 1000) + 1000)
  return {1, math.ceil(wait)}
)lua";

// With as many digits as it has.
std::string Exactly(double number) { return absl::StrFormat("%.17g", number); }

constexpr absl::Duration kLongestWait = absl::Hours(1);

// How long the call may wait for its token.
absl::Duration Patience(const async::CallContext& call, absl::Duration least_attempt) {
  const absl::Duration left = call.remaining() - least_attempt;
  return std::clamp(left, absl::ZeroDuration(), kLongestWait);
}

}  // namespace

RedisRateLimit::RedisRateLimit(RedisClient& client, absl::string_view name,
                               const resilience::TokenBucketOptions& options)
    : client_(client), key_(client.Key(absl::StrCat("rate:", name))), options_(options) {}

async::Task<resilience::RateAnswer> RedisRateLimit::Acquire(async::CallContext& call) {
  using Kind = resilience::RateAnswer::Kind;
  const double interval = 1e6 / options_.per_second;
  RedisJob job;
  job.command = {"EVAL",
                 kTake,
                 "1",
                 key_,
                 Exactly(interval),
                 Exactly(interval * (options_.burst - 1)),
                 absl::StrCat(absl::ToInt64Microseconds(Patience(call, options_.least_attempt)))};
  auto answer = co_await client_.Run(call, std::move(job));
  if (!answer.ok() && !call.Status().ok()) co_return resilience::RateAnswer{.kind = Kind::kEnded};
  if (!answer.ok() || answer->array.size() != 2) {
    const std::shared_ptr<resilience::TokenBucket> own = OwnShare();
    auto taken = co_await own->Acquire(call);
    co_return taken;
  }
  const absl::Duration wait = absl::Microseconds(answer->array[1].integer);
  if (answer->array[0].integer == 0) {
    co_return resilience::RateAnswer{.kind = Kind::kRefused, .retry_after = wait};
  }
  if (wait > absl::ZeroDuration()) {
    absl::Status slept = co_await async::Sleep(call, wait);
    if (!slept.ok()) co_return resilience::RateAnswer{.kind = Kind::kEnded};
  }
  co_return resilience::RateAnswer{};
}

std::shared_ptr<resilience::TokenBucket> RedisRateLimit::OwnShare() {
  const int64_t processes = client_.processes();
  const std::lock_guard lock(mutex_);
  if (own_ == nullptr || shares_ != processes) {
    shares_ = processes;
    const double share = 1.0 / static_cast<double>(processes);
    own_ = std::make_shared<resilience::TokenBucket>(
        resilience::TokenBucketOptions{.per_second = options_.per_second * share,
                                       .burst = std::max(1.0, options_.burst * share),
                                       .least_attempt = options_.least_attempt});
  }
  return own_;
}

}  // namespace edugate::store
