#include "services/bridge.h"

#include <grpc/support/time.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

namespace edugate::services {
namespace {

// A call ends by itself this much before its caller's deadline. At the deadline gRPC answers with a
// bare DEADLINE_EXCEEDED, or sends two statuses, and why and where to go on are lost.
constexpr absl::Duration kMostHeadStart = absl::Milliseconds(50);
constexpr int kHeadStartPart = 20;

// The paths of hidden fields of a message that has no place for them, joined by commas.
constexpr char kRedactedFieldsTrailer[] = "edugate-redacted-fields";

// What is left of the caller's deadline; nothing where it has none. The wall clock has no part in
// it: it may jump, and absl::Now() hears of that seconds later.
std::optional<absl::Duration> TimeLeft(const grpc::CallbackServerContext& context) {
  const gpr_timespec deadline = gpr_convert_clock_type(context.raw_deadline(), GPR_CLOCK_MONOTONIC);
  if (gpr_time_cmp(deadline, gpr_inf_future(GPR_CLOCK_MONOTONIC)) == 0) return std::nullopt;
  const gpr_timespec left = gpr_time_sub(deadline, gpr_now(GPR_CLOCK_MONOTONIC));
  return absl::Seconds(left.tv_sec) + absl::Nanoseconds(left.tv_nsec);
}

// The call's deadline on the loop's clock: what is left of the caller's, within the configured
// bounds.
async::MonotonicTime DeadlineOf(const grpc::CallbackServerContext& context, TimeLimit limit,
                                const async::Clock& clock) {
  absl::Duration left = limit.otherwise;
  const std::optional<absl::Duration> caller = TimeLeft(context);
  if (caller.has_value()) left = *caller - std::min(*caller / kHeadStartPart, kMostHeadStart);
  return async::After(clock.MonotonicNow(), std::min(left, limit.at_most));
}

// The value of a metadata key that may be given once; empty where it is not, or more often.
absl::string_view OnlyValue(const grpc::CallbackServerContext& context, const char* key) {
  const auto [begin, end] = context.client_metadata().equal_range(key);
  if (begin == end || std::next(begin) != end) return "";
  return {begin->second.data(), begin->second.size()};
}

// The status as it is told. A wait that the call's own end has cut short says so in words of its
// own, without the catalogue's reason.
absl::Status Told(const absl::Status& status, const async::CallContext& call) {
  if (status.ok() || errors::ReasonOf(status) != v1::ERROR_REASON_UNSPECIFIED) return status;
  if (absl::IsCancelled(status)) return errors::Cancelled({.connection = call.connection()});
  if (absl::IsDeadlineExceeded(status)) {
    return errors::DeadlineExceeded({.connection = call.connection()});
  }
  return status;
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
  const bool full = options.gate != nullptr && options.gate->Refuses();
  if (options.gate != nullptr) options.gate->OnEnter();
  call_.set_method(method);
  if (options.observer != nullptr) {
    options.observer->OnBegin(call_, OnlyValue(context, "traceparent"),
                              OnlyValue(context, "tracestate"));
  }
  if (full) {
    admission_ = options.gate->refusal();
  } else if (options.admission != nullptr && !granted_as.empty()) {
    admission_ = options.admission->Admit(context, granted_as, call_);
  }
}

grpc::Status CallBase::Refused() {
  grpc::Status ended = Ending(admission_);
  Unref();  // There will be no coroutine.
  return ended;
}

bool CallBase::OpenScreen() {
  if (options_.screen != nullptr) screen_ = options_.screen->ScreenOf(call_);
  return screen_ != nullptr;
}

async::Task<absl::Status> CallBase::Check(const google::protobuf::Message* request) {
  return screen_->Begin(call_, request);
}

async::Task<absl::Status> CallBase::Screen(const google::protobuf::Message* request,
                                           google::protobuf::Message& reply) {
  std::vector<std::string> redacted;
  absl::Status shown = co_await screen_->Reply(call_, request, reply, &redacted);
  if (shown.ok() && !redacted.empty()) {
    AddCallTrailer(kRedactedFieldsTrailer, absl::StrJoin(redacted, ","));
  }
  co_return shown;
}

absl::Status CallBase::CheckSize(const google::protobuf::Message& reply) const {
  if (reply.ByteSizeLong() <= options_.max_reply_bytes) return absl::OkStatus();
  return errors::FromProvider(
      {.reason = v1::ERROR_REASON_REPLY_TOO_LARGE,
       .message = absl::StrCat("the reply is larger than ", options_.max_reply_bytes,
                               " bytes; ask for a smaller page, or use the stream method")},
      {.connection = std::string(call_.connection())});
}

async::Task<absl::Status> CallBase::Conclude(const google::protobuf::Message* request,
                                             absl::Status status) {
  return screen_->End(call_, request, std::move(status));
}

CallBase::~CallBase() {
  if (options_.gate != nullptr) options_.gate->OnLeave();
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

void CallBase::Done::Tell() {
  owner_.Ref();
  owner_.call_.loop().Post(this);
}

void CallBase::Done::Run() {
  event_.Set();
  owner_.Unref();
}

void CallBase::Done::Drop() { owner_.Unref(); }

void CallBase::CutOff() { context_.TryCancel(); }

void CallBase::AddCallTrailer(absl::string_view key, const std::string& value) {
  context_.AddTrailingMetadata(std::string(key), value);
}

grpc::Status CallBase::Ending(const absl::Status& status) {
  const absl::Status told = Told(status, call_);
  AddPushback(told, context_);
  if (options_.observer != nullptr) {
    const absl::Duration took = absl::FromChrono(call_.loop().clock().MonotonicNow() - started_);
    options_.observer->OnEnd({.method = call_.method(),
                              .connection = call_.connection(),
                              .status = told,
                              .duration = took,
                              .call = &call_});
  }
  return ToGrpcStatus(told);
}

void CallBase::Unref() {
  if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

}  // namespace edugate::services
