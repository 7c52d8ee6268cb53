#include "services/call_gate.h"

#include <algorithm>
#include <chrono>

#include "runtime/errors/errors.h"

namespace edugate::services {
namespace {

// Of the calls in progress, from one interval of an overload to the next.
constexpr double kShareThatStays = 0.9;

int64_t Nanoseconds(const async::Clock& clock) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             clock.MonotonicNow().time_since_epoch())
      .count();
}

}  // namespace

CallGate::CallGate(const CallGateOptions& options, const async::Clock& clock)
    : options_(options),
      clock_(clock),
      refusal_(
          errors::LocalLimit("more calls have come than can be served", options.retry_after, {})),
      limit_(options.max_calls),
      interval_ends_(Nanoseconds(clock) + absl::ToInt64Nanoseconds(options.interval)),
      remembers_until_(Nanoseconds(clock)) {}

void CallGate::OnTurn() {
  const int64_t now = Nanoseconds(clock_);
  if (now < interval_ends_.load(std::memory_order_relaxed)) return;
  const std::lock_guard<std::mutex> lock(ending_);
  const int64_t ends = interval_ends_.load(std::memory_order_relaxed);
  if (now < ends) return;  // Another loop was first.
  const int64_t interval = absl::ToInt64Nanoseconds(options_.interval);
  const int64_t length = interval + now - ends;
  interval_ends_.store(now + interval, std::memory_order_relaxed);
  const auto ended = static_cast<double>(ended_.exchange(0, std::memory_order_relaxed));
  const bool rested = rested_.exchange(false, std::memory_order_relaxed);
  const auto in_time =
      static_cast<int64_t>(ended * static_cast<double>(absl::ToInt64Nanoseconds(options_.target)) /
                           static_cast<double>(length));
  busy_intervals_ = rested ? 0 : busy_intervals_ + 1;
  if (busy_intervals_ < (now < remembers_until_ ? 1 : options_.patient)) {
    limit_.store(options_.max_calls, std::memory_order_relaxed);
    return;
  }
  remembers_until_ = now + absl::ToInt64Nanoseconds(options_.memory);
  // Step by step: of those that are in progress, many may wait for their providers and cost
  // nothing.
  const auto a_little_less =
      static_cast<int64_t>(static_cast<double>(in_progress()) * kShareThatStays);
  limit_.store(
      std::min(options_.max_calls, std::max({options_.least_calls, in_time, a_little_less})),
      std::memory_order_relaxed);
}

}  // namespace edugate::services
