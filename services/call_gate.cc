#include "services/call_gate.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "runtime/errors/errors.h"

namespace edugate::services {
namespace {

constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
// A process that serves hardly anything still lets some wait.
constexpr int64_t kLeastWaiting = 8;

int64_t Nanoseconds(async::MonotonicTime time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

}  // namespace

CallGate::CallGate(const CallGateOptions& options, const async::Clock& clock)
    : options_(options),
      clock_(clock),
      refusal_(
          errors::LocalLimit("more calls have come than can be served", options.retry_after, {})),
      shortest_wait_ns_(kAny),
      interval_ends_ns_(Nanoseconds(async::After(clock.MonotonicNow(), options.interval))),
      may_wait_(kAny) {}

bool CallGate::Refuses() const {
  return in_progress_.load(std::memory_order_relaxed) >= options_.max_calls ||
         waiting_.load(std::memory_order_relaxed) >= may_wait_.load(std::memory_order_relaxed);
}

void CallGate::OnEnter() {
  in_progress_.fetch_add(1, std::memory_order_relaxed);
  waiting_.fetch_add(1, std::memory_order_relaxed);
}

void CallGate::OnBegin(absl::Duration waited) {
  waiting_.fetch_sub(1, std::memory_order_relaxed);
  begun_.fetch_add(1, std::memory_order_relaxed);
  const int64_t wait = absl::ToInt64Nanoseconds(waited);
  int64_t shortest = shortest_wait_ns_.load(std::memory_order_relaxed);
  while (wait < shortest &&
         !shortest_wait_ns_.compare_exchange_weak(shortest, wait, std::memory_order_relaxed)) {
  }
  const async::MonotonicTime now = clock_.MonotonicNow();
  if (Nanoseconds(now) >= interval_ends_ns_.load(std::memory_order_relaxed)) EndInterval(now);
}

void CallGate::OnLeave(bool begun) {
  in_progress_.fetch_sub(1, std::memory_order_relaxed);
  if (!begun) waiting_.fetch_sub(1, std::memory_order_relaxed);
}

void CallGate::EndInterval(async::MonotonicTime now) {
  const std::lock_guard<std::mutex> lock(ending_);
  const int64_t ends = interval_ends_ns_.load(std::memory_order_relaxed);
  if (Nanoseconds(now) < ends) return;  // Another thread was first.
  const int64_t length = absl::ToInt64Nanoseconds(options_.interval) + Nanoseconds(now) - ends;
  interval_ends_ns_.store(Nanoseconds(async::After(now, options_.interval)),
                          std::memory_order_relaxed);
  const int64_t shortest = shortest_wait_ns_.exchange(kAny, std::memory_order_relaxed);
  const int64_t begun = begun_.exchange(0, std::memory_order_relaxed);
  const int64_t target = absl::ToInt64Nanoseconds(options_.target);
  // As many as the loops begin within the target, going by this interval.
  const int64_t served_in_target =
      static_cast<int64_t>(static_cast<double>(begun) * target / length);
  may_wait_.store(shortest > target ? std::max(served_in_target, kLeastWaiting) : kAny,
                  std::memory_order_relaxed);
}

}  // namespace edugate::services
