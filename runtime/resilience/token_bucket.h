// A rate limit of this process.
#ifndef RUNTIME_RESILIENCE_TOKEN_BUCKET_H_
#define RUNTIME_RESILIENCE_TOKEN_BUCKET_H_

#include <chrono>
#include <mutex>
#include <set>

#include "absl/time/time.h"
#include "runtime/async/clock.h"
#include "runtime/resilience/rate_limit.h"

namespace edugate::resilience {

// Tokens come at a steady rate, up to `burst` are saved up, and those who wait get theirs in the
// order in which they came. The token of one who leaves goes to the next who comes, since the
// others have been told their times; where nobody comes before its time, it is lost.
class TokenBucket final : public RateLimit {
 public:
  explicit TokenBucket(const TokenBucketOptions& options);

  bool TryAcquire(async::MonotonicTime now) override;
  async::Task<RateAnswer> Acquire(async::CallContext& call) override;

 private:
  // With the lock held: when the next token is there, at the earliest `now`.
  async::MonotonicTime NextToken(async::MonotonicTime now) const;
  void TakeNext(async::MonotonicTime now);

  const absl::Duration least_attempt_;
  const std::chrono::nanoseconds interval_;  // Between two tokens.
  const std::chrono::nanoseconds savings_;   // The time in which all but one token of a burst come.
  std::mutex mutex_;
  // When the bucket is full but for the token that comes then (the theoretical arrival time of the
  // generic cell rate algorithm, ITU-T I.371).
  async::MonotonicTime full_at_{};
  // When the tokens come that were given back while others waited for later ones. Earlier than any
  // that has not been taken.
  std::multiset<async::MonotonicTime> given_back_;
};

}  // namespace edugate::resilience

#endif  // RUNTIME_RESILIENCE_TOKEN_BUCKET_H_
