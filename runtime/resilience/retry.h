// When to try again, and how long to wait before it.
#ifndef RUNTIME_RESILIENCE_RETRY_H_
#define RUNTIME_RESILIENCE_RETRY_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>

#include "absl/time/time.h"

namespace edugate::resilience {

struct RetryOptions {
  // Attempts in all, the first one included.
  int max_attempts = 3;
  // The first wait is between zero and this; each further one's upper end doubles, up to
  // max_backoff.
  absl::Duration initial_backoff = absl::Milliseconds(100);
  absl::Duration max_backoff = absl::Seconds(5);
  // No attempt is started with less time left than this.
  absl::Duration min_attempt = absl::Milliseconds(50);
};

// The wait before attempt number `attempt` (the second attempt is 2): full jitter, as `random` in
// [0, 1) says, and never before the provider's `retry_after`.
absl::Duration Backoff(const RetryOptions& options, int attempt, double random,
                       std::optional<absl::Duration> retry_after);

// Bounds what retries add to a connection's load, so that they can't make an outage worse: each
// retry costs tokens, each success earns one, and below half of the capacity there are no retries.
// Used from every loop at once.
class RetryBudget {
 public:
  static constexpr int64_t kCapacity = 500;
  static constexpr int64_t kRetryCost = 5;
  static constexpr int64_t kTimeoutRetryCost = 10;

  // Takes the cost of a retry. False: the budget is used up, and there is no retry.
  bool TryTake(int64_t cost = kRetryCost);

  // A call succeeded.
  void OnSuccess();

  int64_t tokens() const { return tokens_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> tokens_{kCapacity};
};

// A source of numbers in [0, 1), for jitter.
using Random = std::function<double()>;

// A Random that is good enough for jitter and safe from every thread.
Random DefaultRandom();

}  // namespace edugate::resilience

#endif  // RUNTIME_RESILIENCE_RETRY_H_
