#include "runtime/rest/attempt_signs.h"

#include <gtest/gtest.h>

namespace edugate::rest {
namespace {

using async::CallFlag;
using http::Failure;
using resilience::Evidence;
using resilience::LoadSign;

struct Case {
  AttemptResult result;
  Evidence evidence;
  LoadSign load;
  const char* flags;
};

TEST(AttemptSignsTest, EachEndOfAnAttemptSaysWhatItCan) {
  using edugate::v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID;
  using edugate::v1::ERROR_REASON_PROVIDER_ERROR;
  using edugate::v1::ERROR_REASON_PROVIDER_LOCKED;
  using edugate::v1::ERROR_REASON_PROVIDER_RATE_LIMITED;
  using edugate::v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID;
  using edugate::v1::ERROR_REASON_PROVIDER_UNAVAILABLE;
  using edugate::v1::ERROR_REASON_RESOURCE_NOT_FOUND;
  const auto answered = [](int status, edugate::v1::ErrorReason reason) {
    return AttemptResult{.http_status = status, .reason = reason};
  };
  const auto failed = [](Failure failure, absl::Duration lasted = absl::Milliseconds(10)) {
    return AttemptResult{.failure = failure, .lasted = lasted};
  };
  const Case cases[] = {
      {{.http_status = 200}, Evidence::kAnswered, LoadSign::kFine, ""},
      {answered(404, ERROR_REASON_RESOURCE_NOT_FOUND), Evidence::kAnswered, LoadSign::kFine, ""},
      {answered(401, ERROR_REASON_PROVIDER_CREDENTIALS_INVALID), Evidence::kAnswered,
       LoadSign::kFine, "UCR"},
      {answered(429, ERROR_REASON_PROVIDER_RATE_LIMITED), Evidence::kAnswered, LoadSign::kTooMuch,
       "RL"},
      {answered(429, ERROR_REASON_PROVIDER_LOCKED), Evidence::kAnswered, LoadSign::kFine, ""},
      // An outage that a gateway reports as a refusal is still a refusal.
      {answered(400, ERROR_REASON_PROVIDER_UNAVAILABLE), Evidence::kAnswered, LoadSign::kFine,
       "UE"},
      {answered(200, ERROR_REASON_PROVIDER_RESPONSE_INVALID), Evidence::kAnswered, LoadSign::kFine,
       "DPE"},
      {answered(500, ERROR_REASON_PROVIDER_ERROR), Evidence::kFailed, LoadSign::kNone, "UE"},
      {answered(502, ERROR_REASON_PROVIDER_UNAVAILABLE), Evidence::kFailed, LoadSign::kNone, "UE"},
      {answered(503, ERROR_REASON_PROVIDER_UNAVAILABLE), Evidence::kFailed, LoadSign::kTooMuch,
       "UE"},
      {answered(501, edugate::v1::ERROR_REASON_OPERATION_NOT_SUPPORTED), Evidence::kAnswered,
       LoadSign::kNone, ""},
      {failed(Failure::kResolve), Evidence::kNoConnection, LoadSign::kNone, "UF"},
      {failed(Failure::kConnect), Evidence::kNoConnection, LoadSign::kNone, "UF"},
      {failed(Failure::kTls), Evidence::kUntrusted, LoadSign::kNone, "UF"},
      {failed(Failure::kReset), Evidence::kFailed, LoadSign::kNone, "UC"},
      {failed(Failure::kTruncated), Evidence::kFailed, LoadSign::kNone, "UC"},
      {failed(Failure::kTimeout), Evidence::kFailed, LoadSign::kTooMuch, "UT"},
      {failed(Failure::kDeadline, absl::Seconds(1)), Evidence::kFailed, LoadSign::kTooMuch, ""},
      {failed(Failure::kDeadline, absl::Milliseconds(999)), Evidence::kNone, LoadSign::kNone, ""},
      {failed(Failure::kTooLarge), Evidence::kAnswered, LoadSign::kNone, ""},
      {failed(Failure::kBadEncoding), Evidence::kAnswered, LoadSign::kNone, ""},
      {failed(Failure::kProtocol), Evidence::kAnswered, LoadSign::kNone, ""},
      {failed(Failure::kRequestRefused), Evidence::kNone, LoadSign::kNone, ""},
      {failed(Failure::kCancelled), Evidence::kNone, LoadSign::kNone, ""},
      {failed(Failure::kNoRoom), Evidence::kNone, LoadSign::kNone, ""},
      {failed(Failure::kLocal), Evidence::kNone, LoadSign::kNone, ""},
      // No credential was to be had, and nothing was sent.
      {{.reason = ERROR_REASON_PROVIDER_UNAVAILABLE}, Evidence::kNone, LoadSign::kNone, ""},
  };
  for (const Case& each : cases) {
    const std::string what = std::string(http::FailureName(each.result.failure)) + " " +
                             std::to_string(each.result.http_status) + " " +
                             errors::ReasonName(each.result.reason);
    EXPECT_EQ(EvidenceOf(each.result), each.evidence) << what;
    EXPECT_EQ(LoadSignOf(each.result), each.load) << what;
    async::CallRecord record;
    NoteFlags(each.result, record);
    EXPECT_EQ(record.flags.Text(), each.flags) << what;
  }
}

}  // namespace
}  // namespace edugate::rest
