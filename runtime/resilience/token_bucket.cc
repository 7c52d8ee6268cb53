#include "runtime/resilience/token_bucket.h"

#include <algorithm>

#include "runtime/async/event_loop.h"
#include "runtime/async/sleep.h"

namespace edugate::resilience {
namespace {

std::chrono::nanoseconds Interval(double per_second) {
  constexpr double kSecond = 1e9;
  return std::chrono::nanoseconds(std::max<int64_t>(1, static_cast<int64_t>(kSecond / per_second)));
}

}  // namespace

TokenBucket::TokenBucket(const TokenBucketOptions& options)
    : least_attempt_(options.least_attempt),
      interval_(Interval(options.per_second)),
      savings_(static_cast<int64_t>(static_cast<double>(interval_.count()) *
                                    std::max(options.burst - 1, 0.0))) {}

async::MonotonicTime TokenBucket::NextToken(async::MonotonicTime now) const {
  return std::max(now, full_at_ - savings_);
}

void TokenBucket::TakeNext(async::MonotonicTime now) {
  full_at_ = std::max(now, full_at_) + interval_;
}

bool TokenBucket::TryAcquire(async::MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  if (NextToken(now) > now) return false;
  TakeNext(now);
  return true;
}

async::Task<RateAnswer> TokenBucket::Acquire(async::CallContext& call) {
  const async::MonotonicTime now = call.loop().Now();
  async::MonotonicTime token;
  absl::Duration wait;
  {
    const std::lock_guard lock(mutex_);
    given_back_.erase(given_back_.begin(), given_back_.lower_bound(now));
    token = given_back_.empty() ? NextToken(now) : *given_back_.begin();
    wait = absl::FromChrono(token - now);
    if (wait > absl::ZeroDuration() && wait + least_attempt_ > call.remaining()) {
      co_return RateAnswer{.kind = RateAnswer::Kind::kRefused, .retry_after = wait};
    }
    if (given_back_.empty()) {
      TakeNext(now);
    } else {
      given_back_.erase(given_back_.begin());
    }
  }
  absl::Status slept = co_await async::Sleep(call, wait);
  if (slept.ok()) co_return RateAnswer{};
  const std::lock_guard lock(mutex_);
  if (full_at_ - interval_ - savings_ <= token) {
    full_at_ -= interval_;  // Nobody waits for one that comes later.
  } else {
    given_back_.insert(token);
  }
  co_return RateAnswer{.kind = RateAnswer::Kind::kEnded};
}

}  // namespace edugate::resilience
