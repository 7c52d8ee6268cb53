#include "runtime/async/event.h"

#include <coroutine>
#include <utility>

#include "runtime/async/event_loop.h"

namespace edugate::async {

// A task that waits, in the event's list until it is woken. It is always resumed from its timer, so
// that neither Set() nor Cancel() runs foreign code.
class Event::Waiter final : private Timer, private CancelCallback {
 public:
  Waiter(Event& event, CallContext& call)
      : Timer(call.loop()), CancelCallback(call), event_(&event), call_(call) {
    previous_ = event.last_;
    (previous_ != nullptr ? previous_->next_ : event.first_) = this;
    event.last_ = this;
    ++event.waiting_;
  }
  ~Waiter() override { Unlink(); }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    Start(call_.deadline());
  }
  absl::Status await_resume() { return std::move(outcome_); }

  void Wake(absl::Status outcome) {
    Unlink();
    outcome_ = std::move(outcome);
    StartSoon();
  }

 private:
  void OnTimer() override {
    if (event_ != nullptr) {
      Unlink();
      outcome_ = call_.Status();
    }
    waiting_.resume();
  }

  void OnCancel() override {
    if (event_ != nullptr) Wake(call_.Status());
  }

  void Unlink() {
    if (event_ == nullptr) return;
    (previous_ != nullptr ? previous_->next_ : event_->first_) = next_;
    (next_ != nullptr ? next_->previous_ : event_->last_) = previous_;
    --event_->waiting_;
    event_ = nullptr;
  }

  Event* event_;  // Null once woken.
  CallContext& call_;
  Waiter* previous_ = nullptr;
  Waiter* next_ = nullptr;
  std::coroutine_handle<> waiting_;
  absl::Status outcome_;
};

Event::~Event() {
  while (first_ != nullptr) first_->Wake(absl::CancelledError("what was waited for is gone"));
}

void Event::Set() {
  set_ = true;
  while (first_ != nullptr) first_->Wake(absl::OkStatus());
}

Task<absl::Status> Event::Wait(CallContext& call) {
  const absl::Status before = call.Status();
  if (!before.ok() || set_) co_return before;
  Waiter waiter(*this, call);
  absl::Status outcome = co_await waiter;
  co_return outcome;
}

}  // namespace edugate::async
