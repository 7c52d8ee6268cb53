#include "services/bridge.h"

#include <algorithm>
#include <chrono>

#include "absl/time/clock.h"

namespace edugate::services {
namespace {

// The call's deadline on the loop's clock: what is left of the caller's, within the configured
// bounds.
async::MonotonicTime DeadlineOf(const grpc::CallbackServerContext& context, TimeLimit limit,
                                const async::Clock& clock) {
  absl::Duration left = limit.otherwise;
  const std::chrono::system_clock::time_point deadline = context.deadline();
  if (deadline != std::chrono::system_clock::time_point::max()) {
    left = absl::FromChrono(deadline) - clock.WallNow();
  }
  return async::After(clock.MonotonicNow(), std::min(left, limit.at_most));
}

}  // namespace

CallBase::CallBase(const BridgeOptions& options, grpc::CallbackServerContext& context,
                   absl::string_view method, absl::string_view granted_as, TimeLimit limit)
    : CallBase(options, context, method, granted_as, limit, options.loops->Next()) {}

CallBase::CallBase(const BridgeOptions& options, grpc::CallbackServerContext& context,
                   absl::string_view method, absl::string_view granted_as, TimeLimit limit,
                   async::EventLoop& loop)
    : options_(options),
      context_(context),
      call_(loop, DeadlineOf(context, limit, loop.clock())),
      started_(loop.clock().MonotonicNow()),
      cancellation_(*this) {
  call_.set_method(method);
  if (options.admission != nullptr) {
    admission_ = options.admission->Admit(context, granted_as, call_);
  }
}

grpc::Status CallBase::Refused() {
  Unref();  // There will be no coroutine.
  return Ending(admission_);
}

void CallBase::Run() { call_.loop().Spawn(ExecuteAndRelease()); }

void CallBase::Drop() { Unref(); }

async::Task<void> CallBase::ExecuteAndRelease() {
  co_await Execute();
  Unref();
}

void CallBase::CancelFromGrpc() {
  Ref();
  call_.loop().Post(&cancellation_);
}

void CallBase::Cancellation::Run() {
  owner_.call_.Cancel();
  owner_.Unref();
}

void CallBase::Cancellation::Drop() { owner_.Unref(); }

void CallBase::AddCallTrailer(absl::string_view key, const std::string& value) {
  context_.AddTrailingMetadata(std::string(key), value);
}

grpc::Status CallBase::Ending(const absl::Status& status) {
  AddPushback(status, context_);
  if (options_.observer != nullptr) {
    const absl::Duration took = absl::FromChrono(call_.loop().clock().MonotonicNow() - started_);
    options_.observer->OnEnd({.method = call_.method(),
                              .connection = call_.connection(),
                              .status = status,
                              .duration = took});
  }
  return ToGrpcStatus(status);
}

void CallBase::Unref() {
  if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

}  // namespace edugate::services
