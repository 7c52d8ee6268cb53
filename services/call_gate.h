// Which calls are turned away because there are more than the process can serve.
#ifndef SERVICES_CALL_GATE_H_
#define SERVICES_CALL_GATE_H_

#include <atomic>
#include <cstdint>
#include <mutex>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "runtime/async/clock.h"

namespace edugate::services {

struct CallGateOptions {
  // The most calls in progress.
  int64_t max_calls = 20000;
  // Where the loops have had no rest for `patient` intervals, the calls in progress are made fewer,
  // down to as many as end within `target`: more would only make all of them late, in the end too
  // late. A burst, also
  // one of calls whose provider takes its time, gives the loops a rest before that.
  absl::Duration target = absl::Milliseconds(25);
  absl::Duration interval = absl::Milliseconds(100);
  int patient = 10;
  // One interval is enough for so long after an overload.
  absl::Duration memory = absl::Seconds(5);
  // So many may be in progress in any case.
  int64_t least_calls = 128;
  // When who was turned away may come back.
  absl::Duration retry_after = absl::Seconds(1);
};

// Thread-safe, without a lock but once an interval.
class CallGate {
 public:
  // `clock` outlives the gate.
  CallGate(const CallGateOptions& options, const async::Clock& clock);

  // Whether a call that comes now is turned away.
  bool Refuses() const {
    return in_progress_.load(std::memory_order_relaxed) >= limit_.load(std::memory_order_relaxed);
  }

  // A call has come in, and has gone.
  void OnEnter() { in_progress_.fetch_add(1, std::memory_order_relaxed); }
  void OnLeave() {
    in_progress_.fetch_sub(1, std::memory_order_relaxed);
    ended_.fetch_add(1, std::memory_order_relaxed);
  }

  // A loop has gone round once; a loop has caught up with all that there was to do.
  void OnTurn();
  void OnIdle() {
    rested_.store(true, std::memory_order_relaxed);
    limit_.store(options_.max_calls, std::memory_order_relaxed);
  }

  // RESOURCE_EXHAUSTED, LOCAL_LIMIT: why a call was turned away.
  const absl::Status& refusal() const { return refusal_; }

  int64_t in_progress() const { return in_progress_.load(std::memory_order_relaxed); }

 private:
  const CallGateOptions options_;
  const async::Clock& clock_;
  const absl::Status refusal_;
  std::atomic<int64_t> in_progress_{0};
  std::atomic<int64_t> limit_;
  // Of the interval that runs: the calls that have ended, whether a loop has rested, and its end on
  // the monotonic clock in nanoseconds.
  std::atomic<int64_t> ended_{0};
  std::atomic<bool> rested_{true};
  std::atomic<int64_t> interval_ends_;
  std::mutex ending_;
  // Under the mutex: the intervals without a rest until now, and for how long one is enough.
  int busy_intervals_ = 0;
  int64_t remembers_until_;
};

}  // namespace edugate::services

#endif  // SERVICES_CALL_GATE_H_
