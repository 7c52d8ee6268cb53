// A bounded queue between tasks of one loop.
#ifndef EDUGATE_RUNTIME_ASYNC_QUEUE_H_
#define EDUGATE_RUNTIME_ASYNC_QUEUE_H_

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/async/call_context.h"
#include "runtime/async/event.h"
#include "runtime/async/task.h"

namespace edugate::async {

// Items from producers to consumers, in order, at most `capacity` at a time: a full queue holds the
// producer back. One loop's: not thread-safe.
template <typename T>
class Queue {
 public:
  // `capacity` is at least 1.
  explicit Queue(std::size_t capacity) : capacity_(capacity) { Update(); }

  // Waits for room, then appends. OK; CANCELLED or DEADLINE_EXCEEDED as the call ends; once closed,
  // the status of Close(), or CANCELLED if that was OK. The queue and `call` outlive the task.
  Task<absl::Status> Push(CallContext& call, T item) {
    while (!closed_ && items_.size() >= capacity_) {
      absl::Status waited = co_await room_.Wait(call);
      if (!waited.ok()) co_return waited;
    }
    if (closed_) {
      absl::Status refused = status_.ok() ? absl::CancelledError("the queue is closed") : status_;
      co_return refused;
    }
    items_.push_back(std::move(item));
    Update();
    co_return absl::OkStatus();
  }

  // Waits for an item. None once the queue is closed and empty, or the status with which it was
  // closed; CANCELLED or DEADLINE_EXCEEDED as the call ends. The queue and `call` outlive the task.
  Task<absl::StatusOr<std::optional<T>>> Pop(CallContext& call) {
    while (!closed_ && items_.empty()) {
      absl::Status waited = co_await filled_.Wait(call);
      if (!waited.ok()) co_return waited;
    }
    std::optional<T> item;
    if (items_.empty()) {
      if (!status_.ok()) co_return status_;
      co_return item;
    }
    item.emplace(std::move(items_.front()));
    items_.pop_front();
    Update();
    co_return item;
  }

  // Appends if there is room and the queue is open. Never waits.
  bool TryPush(T& item) {
    if (closed_ || items_.size() >= capacity_) return false;
    items_.push_back(std::move(item));
    Update();
    return true;
  }

  // No more items. What is queued can still be popped; then consumers get the end, or `status`.
  // Only the first call counts.
  void Close(absl::Status status = absl::OkStatus()) {
    if (closed_) return;
    closed_ = true;
    status_ = std::move(status);
    Update();
  }

  bool closed() const { return closed_; }
  std::size_t size() const { return items_.size(); }

 private:
  void Update() {
    Show(room_, closed_ || items_.size() < capacity_);
    Show(filled_, closed_ || !items_.empty());
  }

  static void Show(Event& event, bool set) {
    if (set == event.is_set()) return;
    if (set) {
      event.Set();
    } else {
      event.Reset();
    }
  }

  const std::size_t capacity_;
  std::deque<T> items_;
  bool closed_ = false;
  absl::Status status_;
  Event room_;
  Event filled_;
};

}  // namespace edugate::async

#endif  // EDUGATE_RUNTIME_ASYNC_QUEUE_H_
