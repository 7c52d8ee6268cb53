#include "runtime/async/sleep.h"

#include <algorithm>
#include <coroutine>

#include "runtime/async/event_loop.h"

namespace edugate::async {

namespace {

// Waits until a point of time or the call's cancellation.
class TimedWait final : private Timer, private CancelCallback {
 public:
  TimedWait(CallContext& call, MonotonicTime until)
      : Timer(call.loop()), CancelCallback(call), until_(until) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    Start(until_);
  }
  void await_resume() const noexcept {}

 private:
  void OnTimer() override { waiting_.resume(); }
  void OnCancel() override { StartSoon(); }

  const MonotonicTime until_;
  std::coroutine_handle<> waiting_;
};

}  // namespace

Task<absl::Status> Sleep(CallContext& call, absl::Duration duration) {
  const absl::Status before = call.Status();
  if (!before.ok() || duration <= absl::ZeroDuration()) co_return before;
  const MonotonicTime end = After(call.loop().Now(), duration);
  TimedWait wait(call, std::min(end, call.deadline()));
  co_await wait;
  if (call.cancelled() || call.deadline() < end) {
    const absl::Status stopped = call.Status();
    co_return stopped;
  }
  co_return absl::OkStatus();
}

}  // namespace edugate::async
