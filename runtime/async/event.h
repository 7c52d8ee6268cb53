// Waiting for something that happens on the same loop.
#ifndef EDUGATE_RUNTIME_ASYNC_EVENT_H_
#define EDUGATE_RUNTIME_ASYNC_EVENT_H_

#include <cstddef>

#include "absl/status/status.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"

namespace edugate::async {

// Is set or not; tasks wait until it is. One loop's: not thread-safe. Single-flight and
// back-pressure are built on it.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  // Those who still wait get CANCELLED.
  ~Event();

  // Wakes all who wait; they run later in this turn, never inside Set(). It stays set until
  // Reset(), which does not call back those woken.
  void Set();
  void Reset() { set_ = false; }
  bool is_set() const { return set_; }

  // How many wait.
  std::size_t waiting() const { return waiting_; }

  // OK once it is set (at once, if it is); CANCELLED or DEADLINE_EXCEEDED when `call` ends first.
  // The event and `call` outlive the task.
  Task<absl::Status> Wait(CallContext& call);

 private:
  class Waiter;
  friend class Waiter;

  bool set_ = false;
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
  std::size_t waiting_ = 0;
};

}  // namespace edugate::async

#endif  // EDUGATE_RUNTIME_ASYNC_EVENT_H_
