// Running several tasks of one loop side by side.
#ifndef EDUGATE_RUNTIME_ASYNC_WHEN_ALL_H_
#define EDUGATE_RUNTIME_ASYNC_WHEN_ALL_H_

#include <algorithm>
#include <coroutine>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/async/task.h"

namespace edugate::async {

namespace internal {

// One of the lanes in which WhenAll runs its tasks: a coroutine that resumes the waiting one if it
// is the last to end.
class Lane {
 public:
  // What the lanes of one WhenAll share.
  struct Shared {
    std::size_t running = 0;
    bool starting = true;
    std::coroutine_handle<> waiting;
  };

  struct promise_type {
    template <typename State>
    explicit promise_type(State& state) : shared(state.shared) {}

    static void* operator new(std::size_t size) { return AllocateFrame(size); }
    static void operator delete(void* frame, std::size_t size) { FreeFrame(frame, size); }

    Lane get_return_object() {
      return Lane(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct ResumeIfLast {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> done) noexcept {
        Shared& shared = done.promise().shared;
        --shared.running;
        if (shared.running == 0 && !shared.starting) return shared.waiting;
        return std::noop_coroutine();
      }
      void await_resume() noexcept {}
    };
    ResumeIfLast final_suspend() noexcept { return {}; }
    void return_void() {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }

    Shared& shared;
  };

  Lane(Lane&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Lane& operator=(Lane&&) = delete;
  ~Lane() {
    if (frame_) frame_.destroy();
  }

  void Start() { frame_.resume(); }

 private:
  explicit Lane(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
  std::coroutine_handle<promise_type> frame_;
};

template <typename T>
struct WhenAllState {
  Lane::Shared shared;
  std::vector<Task<T>> tasks;
  std::vector<std::optional<T>> results;
  std::size_t next = 0;
};

template <typename T>
Lane RunLane(WhenAllState<T>& state) {
  while (state.next < state.tasks.size()) {
    const std::size_t index = state.next++;
    T value = co_await std::move(state.tasks[index]);
    state.results[index].emplace(std::move(value));
  }
}

class AllLanes {
 public:
  AllLanes(std::vector<Lane>& lanes, Lane::Shared& shared) : lanes_(lanes), shared_(shared) {}
  bool await_ready() const noexcept { return lanes_.empty(); }
  bool await_suspend(std::coroutine_handle<> waiting) {
    shared_.waiting = waiting;
    shared_.running = lanes_.size();
    for (Lane& lane : lanes_) lane.Start();
    shared_.starting = false;
    return shared_.running != 0;
  }
  void await_resume() const noexcept {}

 private:
  std::vector<Lane>& lanes_;
  Lane::Shared& shared_;
};

}  // namespace internal

// Runs all `tasks` on the loop of the awaiting one, at most `max_running` at once, and yields their
// results in their order. It ends when the last has ended: to stop early, cancel the call that they
// share.
template <typename T>
Task<std::vector<T>> WhenAll(std::vector<Task<T>> tasks,
                             std::size_t max_running = std::numeric_limits<std::size_t>::max()) {
  internal::WhenAllState<T> state;
  state.results.resize(tasks.size());
  state.tasks = std::move(tasks);
  const std::size_t width = std::min(state.tasks.size(), std::max<std::size_t>(max_running, 1));
  std::vector<internal::Lane> lanes;
  lanes.reserve(width);
  for (std::size_t i = 0; i < width; ++i) lanes.push_back(internal::RunLane(state));
  internal::AllLanes all(lanes, state.shared);
  co_await all;
  std::vector<T> results;
  results.reserve(state.results.size());
  for (std::optional<T>& result : state.results) results.push_back(*std::move(result));
  co_return results;
}

}  // namespace edugate::async

#endif  // EDUGATE_RUNTIME_ASYNC_WHEN_ALL_H_
