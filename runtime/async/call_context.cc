#include "runtime/async/call_context.h"

#include <algorithm>

namespace edugate::async {

CancelCallback::CancelCallback(CallContext& call) : call_(&call), next_(call.callbacks_) {
  if (next_ != nullptr) next_->previous_ = this;
  call.callbacks_ = this;
}

CancelCallback::~CancelCallback() {
  if (call_ == nullptr) return;
  (previous_ != nullptr ? previous_->next_ : call_->callbacks_) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

CallContext::CallContext(EventLoop& loop, MonotonicTime deadline)
    : loop_(loop), deadline_(deadline) {}

CallContext::CallContext(CallContext& parent, MonotonicTime deadline)
    : loop_(parent.loop_),
      deadline_(std::min(parent.deadline_, deadline)),
      cancelled_(parent.cancelled_),
      caller_(parent.caller_),
      method_(parent.method_),
      traceparent_(parent.traceparent_),
      connection_(parent.connection_) {
  parent_.emplace(parent, *this);
}

CallContext::~CallContext() {
  for (CancelCallback* callback = callbacks_; callback != nullptr; callback = callback->next_) {
    callback->call_ = nullptr;
  }
}

CallContext CallContext::Child(MonotonicTime deadline) { return CallContext(*this, deadline); }

absl::Duration CallContext::remaining() const {
  if (deadline_ == kNever) return absl::InfiniteDuration();
  return std::max(absl::ZeroDuration(), absl::FromChrono(deadline_ - loop_.Now()));
}

void CallContext::Cancel() {
  if (cancelled_) return;
  cancelled_ = true;
  while (callbacks_ != nullptr) {
    CancelCallback* const callback = callbacks_;
    callbacks_ = callback->next_;
    if (callbacks_ != nullptr) callbacks_->previous_ = nullptr;
    callback->call_ = nullptr;
    callback->next_ = nullptr;
    callback->OnCancel();
  }
}

absl::Status CallContext::Status() const {
  if (cancelled_) return absl::CancelledError("the call was cancelled");
  if (loop_.Now() >= deadline_) return absl::DeadlineExceededError("the call's deadline passed");
  return absl::OkStatus();
}

}  // namespace edugate::async
