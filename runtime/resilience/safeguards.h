// What stands between a connection's calls and its provider: the parts that all its clients share.
#ifndef RUNTIME_RESILIENCE_SAFEGUARDS_H_
#define RUNTIME_RESILIENCE_SAFEGUARDS_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/resilience/circuit_breaker.h"
#include "runtime/resilience/coalescing.h"
#include "runtime/resilience/concurrency_limit.h"
#include "runtime/resilience/least_attempt.h"
#include "runtime/resilience/rate_limit.h"
#include "runtime/resilience/reply_cache.h"
#include "runtime/resilience/retry.h"

namespace edugate::resilience {

// What holds for one method of a provider.
struct MethodPolicy {
  // For reads and idempotent writes, the first one included.
  int max_attempts = 3;
  // The longest that one attempt may take; infinite: what is left of the call's deadline.
  absl::Duration attempt_timeout = absl::InfiniteDuration();
  // None is begun with less of the call's time left than this.
  absl::Duration least_attempt = kLeastAttempt;
  // Before each further one.
  BackoffOptions backoff;
  // The largest decoded reply in bytes and its deepest nesting; 0: the client's.
  int64_t max_response_bytes = 0;
  int max_response_depth = 0;
  // Identical reads in flight share one call.
  bool coalesce = true;
  // For how long a reply is good without asking; zero: it is not kept.
  absl::Duration cache_max_age;
  // The method's own rate; null: none.
  RateLimit* rate_limit = nullptr;
};

struct SafeguardOptions {
  RetryOptions retry;
  BreakerOptions breaker;
  ConcurrencyOptions concurrency;
  // Of the kept replies.
  size_t max_cache_bytes = size_t{16} << 20;
  MethodPolicy policy;
  // The methods that differ, by their own name (ListReenrollments).
  absl::flat_hash_map<std::string, MethodPolicy> methods;
  // The connection's rate; null: none. Outlives the safeguards, as do those of the methods.
  RateLimit* rate_limit = nullptr;
};

// The parts, in the order in which a call meets them. The composition is rest::Client's.
class Safeguards {
 public:
  // `connection` is named to `observer`, which may be null and outlives the safeguards.
  Safeguards(SafeguardOptions options, std::string connection, ClientObserver* observer);
  Safeguards(const Safeguards&) = delete;
  Safeguards& operator=(const Safeguards&) = delete;

  const MethodPolicy& PolicyOf(const std::string& method) const;

  Coalescing& coalescing() { return coalescing_; }
  // Null where no method's replies are kept.
  ReplyCache* cache() { return cache_.get(); }
  RetryBudget& budget() { return budget_; }
  CircuitBreaker& breaker() { return breaker_; }
  ConcurrencyLimit& concurrency() { return concurrency_; }
  RateLimit* rate_limit() { return options_.rate_limit; }

  // How the connection stands.
  struct Snapshot {
    CircuitBreaker::Snapshot breaker;
    ConcurrencyLimit::Snapshot concurrency;
    int64_t retry_tokens = 0;
    int64_t max_retry_tokens = 0;
    size_t cached_replies = 0;
    size_t cached_bytes = 0;
  };
  Snapshot Look(async::MonotonicTime now) const;

 private:
  const SafeguardOptions options_;
  const std::string connection_;
  Coalescing coalescing_;
  std::unique_ptr<ReplyCache> cache_;
  RetryBudget budget_;
  CircuitBreaker breaker_;
  ConcurrencyLimit concurrency_;
};

}  // namespace edugate::resilience

#endif  // RUNTIME_RESILIENCE_SAFEGUARDS_H_
