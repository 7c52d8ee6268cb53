// Task<T>: a coroutine that starts when it is awaited.
//
//     Task<absl::StatusOr<Page>> Adapter::List(CallContext& call, Query query) {
//       auto page = co_await api_.Call(call, ToRequest(query));
//       co_return page;
//     }
//
// A co_await stands alone in its statement. Parameters are values, or objects that outlive the
// call. A capturing lambda is never a coroutine. A task runs on the thread that resumes it: its
// loop's.
#ifndef EDUGATE_RUNTIME_ASYNC_TASK_H_
#define EDUGATE_RUNTIME_ASYNC_TASK_H_

#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include "runtime/async/frame_pool.h"

namespace edugate::async {

template <typename T>
class Task;

namespace internal {

// What the promises of tasks share: the frame's memory and whom to resume at the end.
class TaskPromise {
 public:
  static void* operator new(std::size_t size) { return AllocateFrame(size); }
  static void operator delete(void* frame, std::size_t size) { FreeFrame(frame, size); }

  std::suspend_always initial_suspend() noexcept { return {}; }

  struct ResumeAwaiting {
    bool await_ready() noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) noexcept {
      return done.promise().awaiting_;
    }
    void await_resume() noexcept {}
  };
  ResumeAwaiting final_suspend() noexcept { return {}; }

  // No exception crosses a task: edugate reports failures as absl::Status.
  [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }

  void set_awaiting(std::coroutine_handle<> awaiting) { awaiting_ = awaiting; }

 private:
  std::coroutine_handle<> awaiting_ = std::noop_coroutine();
};

// Where a result is between its task's end and whoever awaits it. A large one gets memory of its
// own then: a call that waits stands in a dozen frames, each of which would hold room for one.
template <typename T>
class Result {
 public:
  template <typename U>
  void Set(U&& value) {
    if constexpr (kInFrame) {
      value_.emplace(std::forward<U>(value));
    } else {
      value_.reset(new (AllocateFrame(sizeof(T))) T(std::forward<U>(value)));
    }
  }

  // Once, after Set().
  T Take() { return std::move(*value_); }

 private:
  struct Free {
    void operator()(T* value) const {
      value->~T();
      FreeFrame(value, sizeof(T));
    }
  };

  static constexpr std::size_t kMostInFrame = 64;
  static constexpr bool kInFrame =
      sizeof(T) <= kMostInFrame || alignof(T) > __STDCPP_DEFAULT_NEW_ALIGNMENT__;

  std::conditional_t<kInFrame, std::optional<T>, std::unique_ptr<T, Free>> value_;
};

template <typename T>
class ValuePromise : public TaskPromise {
 public:
  Task<T> get_return_object();

  template <typename U>
    requires std::is_constructible_v<T, U&&>
  void return_value(U&& value) {
    result_.Set(std::forward<U>(value));
  }

  T Take() { return result_.Take(); }

 private:
  Result<T> result_;
};

class VoidPromise : public TaskPromise {
 public:
  Task<void> get_return_object();
  void return_void() {}
  void Take() {}
};

}  // namespace internal

// Owns a coroutine that yields one T (or nothing, for void). Movable, not copyable. Nothing runs
// until it is awaited, once, as `auto x = co_await F();` or `auto x = co_await std::move(task);`.
// Destroying a task that is suspended destroys the frames below it, whose waits deregister
// themselves.
template <typename T>
class [[nodiscard]] Task {
  static_assert(!std::is_reference_v<T>, "a Task yields a value");

 public:
  using promise_type =
      std::conditional_t<std::is_void_v<T>, internal::VoidPromise, internal::ValuePromise<T>>;
  using value_type = T;

  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (frame_) frame_.destroy();
      frame_ = std::exchange(other.frame_, nullptr);
    }
    return *this;
  }
  ~Task() {
    if (frame_) frame_.destroy();
  }

  class Awaiter {
   public:
    explicit Awaiter(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
      frame_.promise().set_awaiting(awaiting);
      return frame_;
    }
    T await_resume() { return frame_.promise().Take(); }

   private:
    std::coroutine_handle<promise_type> frame_;
  };
  Awaiter operator co_await() && { return Awaiter(frame_); }

 private:
  friend promise_type;
  explicit Task(std::coroutine_handle<promise_type> frame) : frame_(frame) {}

  std::coroutine_handle<promise_type> frame_;
};

namespace internal {

template <typename T>
Task<T> ValuePromise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<ValuePromise>::from_promise(*this));
}

inline Task<void> VoidPromise::get_return_object() {
  return Task<void>(std::coroutine_handle<VoidPromise>::from_promise(*this));
}

}  // namespace internal

}  // namespace edugate::async

#endif  // EDUGATE_RUNTIME_ASYNC_TASK_H_
