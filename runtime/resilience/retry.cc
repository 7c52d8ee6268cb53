#include "runtime/resilience/retry.h"

#include <algorithm>

#include "absl/random/random.h"

namespace edugate::resilience {

absl::Duration Backoff(const BackoffOptions& options, int attempt, double random,
                       std::optional<absl::Duration> retry_after) {
  absl::Duration upper = options.initial;
  for (int i = 2; i < attempt && upper < options.max; ++i) upper *= 2;
  const absl::Duration jittered = std::min(upper, options.max) * random;
  return std::max(jittered, retry_after.value_or(absl::ZeroDuration()));
}

void RetryBudget::OnCall(async::MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  calls_.Add(now);
}

bool RetryBudget::TryTake(async::MonotonicTime now, bool timed_out) {
  const int64_t cost = timed_out ? options_.timeout_attempt_cost : options_.attempt_cost;
  const std::lock_guard lock(mutex_);
  // The window of the calls is the shorter one, so that the bound holds for any 10 seconds.
  const int64_t allowed =
      std::max(kLeastRetries, calls_.AtMost(now) * options_.budget_percent / 100);
  if (retries_.AtLeast(now) >= allowed) return false;
  int64_t tokens = tokens_.load(std::memory_order_relaxed);
  while (tokens - cost >= options_.budget_tokens / 2) {
    if (!tokens_.compare_exchange_weak(tokens, tokens - cost, std::memory_order_relaxed)) continue;
    retries_.Add(now);
    return true;
  }
  return false;
}

void RetryBudget::OnSuccess() {
  int64_t tokens = tokens_.load(std::memory_order_relaxed);
  while (tokens < options_.budget_tokens &&
         !tokens_.compare_exchange_weak(tokens, tokens + 1, std::memory_order_relaxed)) {
  }
}

Random DefaultRandom() {
  return [] {
    thread_local absl::InsecureBitGen generator;
    return absl::Uniform(generator, 0.0, 1.0);
  };
}

}  // namespace edugate::resilience
