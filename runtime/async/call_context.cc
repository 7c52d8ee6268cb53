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
    : loop_(loop), deadline_(deadline), own_record_(std::in_place), record_(&*own_record_) {}

CallContext::CallContext(CallContext& parent, MonotonicTime deadline)
    : loop_(parent.loop_),
      deadline_(std::min(parent.deadline_, deadline)),
      cancelled_(parent.cancelled_),
      caller_(parent.caller_),
      caller_data_(parent.caller_data_),
      purpose_(parent.purpose_),
      method_(parent.method_),
      connection_(parent.connection_),
      record_(parent.record_),
      footing_(parent.footing_) {
  parent_ = std::make_unique<ParentLink>(parent, *this);
}

CallContext::~CallContext() {
  for (CancelCallback* callback = callbacks_; callback != nullptr; callback = callback->next_) {
    callback->call_ = nullptr;
  }
}

CallContext CallContext::Child(MonotonicTime deadline) { return CallContext(*this, deadline); }

void CallContext::set_connection(std::string connection) {
  connection_ = std::move(connection);
  if (parent_ == nullptr) return;
  std::vector<std::string>& all = record_->connections;
  if (std::find(all.begin(), all.end(), connection_) == all.end()) all.push_back(connection_);
}

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
