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
  // How long calls may wait for their loop for more than `interval` on end. As in CoDel (RFC 8289),
  // it is the shortest wait of an interval that tells a queue that stands from a burst that passes.
  absl::Duration target = absl::Milliseconds(10);
  absl::Duration interval = absl::Milliseconds(100);
  // When who was turned away may come back.
  absl::Duration retry_after = absl::Seconds(1);
};

// Thread-safe, without a lock but once an interval.
class CallGate {
 public:
  // `clock` outlives the gate.
  CallGate(const CallGateOptions& options, const async::Clock& clock);

  // Whether a call that comes now is turned away: too many are in progress, or so many wait that it
  // would wait for longer than the target while the queue stands anyway.
  bool Refuses() const;

  // A call has come in, its coroutine has begun on the loop after waiting so long, it has gone. A
  // call may go without having begun.
  void OnEnter();
  void OnBegin(absl::Duration waited);
  void OnLeave(bool begun);

  // Whether a call that has waited so long, with so much time in all, has no chance left to be in
  // time: half of its time has gone.
  static bool IsTooLate(absl::Duration waited, absl::Duration whole) { return waited * 2 > whole; }

  // RESOURCE_EXHAUSTED, LOCAL_LIMIT: why a call was turned away.
  const absl::Status& refusal() const { return refusal_; }

  int64_t in_progress() const { return in_progress_.load(std::memory_order_relaxed); }

 private:
  void EndInterval(async::MonotonicTime now);

  const CallGateOptions options_;
  const async::Clock& clock_;
  const absl::Status refusal_;
  std::atomic<int64_t> in_progress_{0};
  std::atomic<int64_t> waiting_{0};
  // Of the interval that runs.
  std::atomic<int64_t> shortest_wait_ns_;
  std::atomic<int64_t> begun_{0};
  std::atomic<int64_t> interval_ends_ns_;
  // The most that may wait; more than anybody can where no queue stands.
  std::atomic<int64_t> may_wait_;
  std::mutex ending_;
};

}  // namespace edugate::services

#endif  // SERVICES_CALL_GATE_H_
