#include "services/once.h"

#include "absl/strings/numbers.h"
#include "runtime/errors/errors.h"
#include "runtime/errors/nothing_sent.h"
#include "runtime/telemetry/log.h"
#include "services/page_token.h"
#include "services/write_request.h"

namespace edugate::services {
namespace {

// Whether the provider may have got the request although what stands in front of it answered: a
// gateway that had sent it on and got no answer (502, 504, and Cloudflare's 520 to 530), or a page
// (403). With 503 and 408 it was not taken in, and without a status not sent, as where no token was
// to be had for it.
bool GatewayLostSight(const absl::Status& status) {
  const auto metadata = errors::MetadataOf(status);
  const auto found = metadata.find("provider_status");
  int code = 0;
  if (found == metadata.end() || !absl::SimpleAtoi(found->second, &code)) return false;
  constexpr int kPageInFront = 403;
  constexpr int kBadGateway = 502;
  constexpr int kGatewayTimeout = 504;
  constexpr int kFirstOfCloudflare = 520;
  return code == kPageInFront || code == kBadGateway || code == kGatewayTimeout ||
         code >= kFirstOfCloudflare;
}

// Whether the provider may have done what was asked although the call failed.
bool MayHaveHappened(const absl::Status& status) {
  if (errors::IsNothingSent(status)) return false;
  switch (errors::ReasonOf(status)) {
    case v1::ERROR_REASON_WRITE_OUTCOME_UNKNOWN:
    case v1::ERROR_REASON_DEADLINE_EXCEEDED:
    case v1::ERROR_REASON_CANCELLED:
    case v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID:
    case v1::ERROR_REASON_INTERNAL:
    case v1::ERROR_REASON_UNSPECIFIED:
      return true;
    case v1::ERROR_REASON_PROVIDER_UNAVAILABLE:
      return GatewayLostSight(status);
    default:
      return absl::IsUnknown(status);
  }
}

}  // namespace

OnceGuard::OnceGuard(store::RequestLog* log, async::CallContext& call, std::string request_id,
                     Repeatable repeatable)
    : log_(log), call_(call), request_id_(std::move(request_id)), repeatable_(repeatable) {}

async::Task<absl::StatusOr<bool>> OnceGuard::Begin(const google::protobuf::Message& request,
                                                   google::protobuf::Message* earlier) {
  absl::Status checked = CheckRequestId(request_id_);
  if (!checked.ok()) co_return checked;
  if (request_id_.empty() || log_ == nullptr) co_return true;
  key_ = store::RequestKey(call_.caller(), call_.method(), request_id_);
  const absl::Time now = call_.loop().clock().WallNow();
  auto begun = co_await log_->Begin(call_, key_, QueryDigest(request), now);
  if (!begun.ok()) co_return begun.status();
  switch (begun->state) {
    case store::RequestState::kNew:
      attempt_ = begun->attempt;
      co_return true;
    case store::RequestState::kDone:
      if (!earlier->ParseFromString(begun->outcome)) {
        co_return errors::Internal("the recorded answer can't be read");
      }
      co_return false;
    case store::RequestState::kInFlight:
      co_return errors::RequestInProgress();
    case store::RequestState::kOtherRequest:
      co_return errors::RequestIdReused();
    case store::RequestState::kUnknownOutcome:
      break;
  }
  if (repeatable_ == Repeatable::kNo) co_return errors::WriteOutcomeUnknown();
  attempt_ = begun->attempt;
  co_return true;
}

async::Task<void> OnceGuard::End(const absl::Status& status,
                                 const google::protobuf::Message* response) {
  if (!attempt_.has_value()) co_return;
  absl::Status recorded;
  if (response != nullptr) {
    recorded = co_await log_->Finish(call_, key_, *attempt_, response->SerializeAsString());
  } else if (MayHaveHappened(status)) {
    recorded = co_await log_->LeaveUnknown(call_, key_, *attempt_);
  } else {
    recorded = co_await log_->Forget(call_, key_, *attempt_);
  }
  const bool ended = absl::IsCancelled(recorded) || absl::IsDeadlineExceeded(recorded);
  if (!recorded.ok() && !ended) {
    telemetry::Error("the outcome of a write could not be recorded durably");
  }
}

}  // namespace edugate::services
