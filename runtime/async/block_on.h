// Running a task from code that is not a coroutine: tests and the command line.
#ifndef EDUGATE_RUNTIME_ASYNC_BLOCK_ON_H_
#define EDUGATE_RUNTIME_ASYNC_BLOCK_ON_H_

#include <optional>
#include <type_traits>
#include <utility>

#include "runtime/async/event_loop.h"
#include "runtime/async/task.h"

namespace edugate::async {

namespace internal {

template <typename T>
Task<void> KeepResultAndStop(EventLoop& loop, Task<T> task, std::optional<T>& result) {
  T value = co_await std::move(task);
  result.emplace(std::move(value));
  loop.Stop();
}

inline Task<void> RunAndStop(EventLoop& loop, Task<void> task) {
  co_await std::move(task);
  loop.Stop();
}

}  // namespace internal

// Runs `loop`, which no other thread runs, in this thread until `task` has ended. Never from a
// loop's own work.
template <typename T>
T BlockOn(EventLoop& loop, Task<T> task) {
  if constexpr (std::is_void_v<T>) {
    loop.Spawn(internal::RunAndStop(loop, std::move(task)));
    loop.Run();
  } else {
    std::optional<T> result;
    loop.Spawn(internal::KeepResultAndStop(loop, std::move(task), result));
    loop.Run();
    return *std::move(result);
  }
}

}  // namespace edugate::async

#endif  // EDUGATE_RUNTIME_ASYNC_BLOCK_ON_H_
