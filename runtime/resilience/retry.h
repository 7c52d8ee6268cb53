// When to try again, and how long to wait before it.
#ifndef RUNTIME_RESILIENCE_RETRY_H_
#define RUNTIME_RESILIENCE_RETRY_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

#include "absl/time/time.h"
#include "runtime/async/clock.h"
#include "runtime/resilience/rolling_count.h"

namespace edugate::resilience {

// How long to wait: the first time between zero and `initial`, each further time's upper end
// doubles, up to `max`.
struct BackoffOptions {
  absl::Duration initial = absl::Milliseconds(100);
  absl::Duration max = absl::Seconds(5);
};

// How often a connection's calls may be tried again.
struct RetryOptions {
  // The most retries for each hundred calls in any 10 seconds.
  int budget_percent = 20;
  // The tokens that there are at most, what a retry costs of them, and what it costs after an
  // attempt that timed out.
  int64_t budget_tokens = 500;
  int64_t attempt_cost = 5;
  int64_t timeout_attempt_cost = 10;
};

// The wait before attempt number `attempt` (the second attempt is 2): full jitter, as `random` in
// [0, 1) says, and never before the provider's `retry_after`.
absl::Duration Backoff(const BackoffOptions& options, int attempt, double random,
                       std::optional<absl::Duration> retry_after);

// Bounds what retries add to a connection's load, so that they can't make an outage worse, in two
// ways at once. Each retry costs tokens, each success earns one, and below half of the capacity
// there are no retries. And in any 10 seconds there are at most so many retries for each hundred
// calls, but always some, so that a connection with few calls has retries at all. Thread-safe.
class RetryBudget {
 public:
  static constexpr absl::Duration kWindow = absl::Seconds(10);
  static constexpr int64_t kLeastRetries = 10;

  explicit RetryBudget(const RetryOptions& options = {})
      : options_(options), tokens_(options.budget_tokens) {}

  // A call begins: its first attempt.
  void OnCall(async::MonotonicTime now);

  // Takes the cost of a retry, after an attempt that timed out or another one. False: the budget is
  // used up, and there is no retry.
  bool TryTake(async::MonotonicTime now, bool timed_out = false);

  // A call succeeded.
  void OnSuccess();

  int64_t tokens() const { return tokens_.load(std::memory_order_relaxed); }

 private:
  const RetryOptions options_;
  std::atomic<int64_t> tokens_;
  std::mutex mutex_;  // Guards what follows.
  RollingCount calls_{kWindow};
  RollingCount retries_{kWindow};
};

// A source of numbers in [0, 1), for jitter.
using Random = std::function<double()>;

// A Random that is good enough for jitter and safe from every thread.
Random DefaultRandom();

}  // namespace edugate::resilience

#endif  // RUNTIME_RESILIENCE_RETRY_H_
