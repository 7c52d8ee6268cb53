// A loop for tests, whose time is the test's.
#ifndef EDUGATE_RUNTIME_ASYNC_TEST_LOOP_H_
#define EDUGATE_RUNTIME_ASYNC_TEST_LOOP_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/time/time.h"
#include "runtime/async/clock.h"
#include "runtime/async/event_loop.h"
#include "runtime/async/task.h"

namespace edugate::async {

// A clock that moves only when it is told to. It starts at 2026-01-01 00:00:00 UTC. Thread-safe.
class FakeClock : public Clock {
 public:
  MonotonicTime MonotonicNow() const override {
    return kStart + std::chrono::nanoseconds(elapsed_.load());
  }
  absl::Time WallNow() const override {
    return absl::FromUnixSeconds(1767225600) +
           absl::Nanoseconds(elapsed_.load() + wall_jump_.load());
  }

  void Advance(absl::Duration by) { elapsed_ += absl::ToInt64Nanoseconds(by); }

  // Moves the wall clock alone, as an administrator or NTP does.
  void JumpWall(absl::Duration by) { wall_jump_ += absl::ToInt64Nanoseconds(by); }

 private:
  // Not zero, so that a time of zero, "unset", never passes for now.
  static constexpr MonotonicTime kStart{std::chrono::hours(1000)};
  std::atomic<int64_t> elapsed_{0};
  std::atomic<int64_t> wall_jump_{0};
};

namespace internal {
struct FakeClockHolder {
  FakeClock fake_clock_;
};
}  // namespace internal

// An EventLoop that the test steps in its own thread. Code that sleeps for hours runs in no time.
// Not for real sockets: it never waits for them.
class TestLoop : private internal::FakeClockHolder, public EventLoop {
 public:
  TestLoop() : EventLoop(fake_clock_) {}

  FakeClock& fake_clock() { return fake_clock_; }

  // Runs what is ready without letting time pass.
  void RunReady() {
    while (RunTurn(MonotonicTime::min())) {
    }
  }

  // Runs what is ready and, when nothing is, moves the time to the next timer, until nothing is
  // left.
  void RunUntilIdle() {
    RunReady();
    for (std::optional<MonotonicTime> next = NextTimer(); next.has_value(); next = NextTimer()) {
      JumpTo(*next);
      RunReady();
    }
  }

  // Lets `by` pass, timer by timer.
  void Advance(absl::Duration by) {
    const MonotonicTime end = After(fake_clock_.MonotonicNow(), by);
    RunReady();
    for (std::optional<MonotonicTime> next = NextTimer(); next.has_value() && *next <= end;
         next = NextTimer()) {
      JumpTo(*next);
      RunReady();
    }
    JumpTo(end);
    RunReady();
  }

  // Runs `task` to its end, moving the time as RunUntilIdle does, but not beyond the task's end.
  // Ends the program with a message if the task waits for something that never comes.
  template <typename T>
  T RunToCompletion(Task<T> task) {
    if constexpr (std::is_void_v<T>) {
      bool done = false;
      Spawn(MarkDone(std::move(task), done));
      RunUntil(done);
    } else {
      std::optional<T> result;
      bool done = false;
      Spawn(KeepResult(std::move(task), result, done));
      RunUntil(done);
      return *std::move(result);
    }
  }

 private:
  static Task<void> MarkDone(Task<void> task, bool& done) {
    co_await std::move(task);
    done = true;
  }

  template <typename T>
  static Task<void> KeepResult(Task<T> task, std::optional<T>& result, bool& done) {
    T value = co_await std::move(task);
    result.emplace(std::move(value));
    done = true;
  }

  void JumpTo(MonotonicTime time) {
    const MonotonicTime now = fake_clock_.MonotonicNow();
    if (time > now) fake_clock_.Advance(absl::FromChrono(time - now));
  }

  void RunUntil(const bool& done) {
    while (!done) {
      if (RunTurn(MonotonicTime::min())) continue;
      const std::optional<MonotonicTime> next = NextTimer();
      if (!next.has_value()) {
        std::fputs("TestLoop: the task waits, and nothing is left that could wake it\n", stderr);
        std::abort();
      }
      JumpTo(*next);
    }
  }
};

}  // namespace edugate::async

#endif  // EDUGATE_RUNTIME_ASYNC_TEST_LOOP_H_
