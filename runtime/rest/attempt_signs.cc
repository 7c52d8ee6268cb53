#include "runtime/rest/attempt_signs.h"

namespace edugate::rest {
namespace {

using async::CallFlag;
using http::Failure;
using resilience::Evidence;
using resilience::LoadSign;

constexpr int kTooManyRequests = 429;
constexpr int kServerError = 500;
constexpr int kServiceUnavailable = 503;

bool TookTooLong(const AttemptResult& result) {
  return result.failure == Failure::kTimeout ||
         (result.failure == Failure::kDeadline && result.lasted >= kPatience);
}

}  // namespace

Evidence EvidenceOf(const AttemptResult& result) {
  switch (result.failure) {
    case Failure::kNone:
      break;
    case Failure::kResolve:
    case Failure::kConnect:
      return Evidence::kNoConnection;
    case Failure::kTls:
      return Evidence::kUntrusted;
    case Failure::kReset:
    case Failure::kTruncated:
      return Evidence::kFailed;
    case Failure::kTimeout:
    case Failure::kDeadline:
      return TookTooLong(result) ? Evidence::kFailed : Evidence::kNone;
    case Failure::kTooLarge:
    case Failure::kBadEncoding:
    case Failure::kProtocol:
      return Evidence::kAnswered;
    case Failure::kRequestRefused:
    case Failure::kCancelled:
    case Failure::kNoRoom:
    case Failure::kLocal:
      return Evidence::kNone;
  }
  if (result.http_status == 0) return Evidence::kNone;
  const bool failed = result.http_status >= kServerError &&
                      (result.reason == edugate::v1::ERROR_REASON_PROVIDER_UNAVAILABLE ||
                       result.reason == edugate::v1::ERROR_REASON_PROVIDER_ERROR);
  return failed ? Evidence::kFailed : Evidence::kAnswered;
}

LoadSign LoadSignOf(const AttemptResult& result) {
  const bool limited = result.http_status == kTooManyRequests &&
                       result.reason == edugate::v1::ERROR_REASON_PROVIDER_RATE_LIMITED;
  if (limited || result.http_status == kServiceUnavailable || TookTooLong(result)) {
    return LoadSign::kTooMuch;
  }
  const bool answered = result.failure == Failure::kNone && result.http_status != 0 &&
                        result.http_status < kServerError;
  return answered ? LoadSign::kFine : LoadSign::kNone;
}

void NoteFlags(const AttemptResult& result, async::CallRecord& record) {
  switch (result.failure) {
    case Failure::kResolve:
    case Failure::kConnect:
    case Failure::kTls:
      record.Note(CallFlag::kConnectFailure);
      return;
    case Failure::kReset:
    case Failure::kTruncated:
      record.Note(CallFlag::kConnectionLost);
      return;
    case Failure::kTimeout:
      record.Note(CallFlag::kProviderTimeout);
      return;
    default:
      break;
  }
  switch (result.reason) {
    case edugate::v1::ERROR_REASON_PROVIDER_RATE_LIMITED:
      record.Note(CallFlag::kRateLimited);
      break;
    case edugate::v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID:
      record.Note(CallFlag::kReplyInvalid);
      break;
    case edugate::v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID:
      record.Note(CallFlag::kCredentialsRefused);
      break;
    case edugate::v1::ERROR_REASON_PROVIDER_ERROR:
    case edugate::v1::ERROR_REASON_PROVIDER_UNAVAILABLE:
      if (result.http_status != 0) record.Note(CallFlag::kProviderError);
      break;
    default:
      break;
  }
}

}  // namespace edugate::rest
