// MeasureOne's enrollment status and its webhooks, and the domain's. Pure functions.
#ifndef ADAPTERS_MEASUREONE_MEASUREONE_VERIFICATION_MAPPING_H_
#define ADAPTERS_MEASUREONE_MEASUREONE_VERIFICATION_MAPPING_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "adapters/ports.h"
#include "edugate/provider/measureone/v3/measureone.pb.h"
#include "edugate/v1/enrollment_service.pb.h"
#include "edugate/v1/transcript.pb.h"
#include "edugate/v1/verification.pb.h"

namespace edugate::adapters {

// The provider's request. ARGUMENT_INVALID unless exactly one of data_request and transaction is
// given.
absl::StatusOr<provider::measureone::v3::GetEnrollmentStatusRequest> ToStatusRequest(
    const v1::VerifyEnrollmentRequest& request);

v1::EnrollmentVerification ToVerification(
    const provider::measureone::v3::EnrollmentStatusReport& report, absl::string_view connection,
    v1::View view);

// The overall result of findings: the one that all share; INSUFFICIENT_DATA beside others doesn't
// count; ACTIVE where any finding says so; UNKNOWN where the others differ.
v1::VerificationResult OverallResult(
    const google::protobuf::RepeatedPtrField<v1::EnrollmentFinding>& findings);

// The event that a webhook's body holds, of v2 (transcript.*) or v3, with the provider's record.
// Two deliveries of the same event have the same dedup_id. INTERNAL, PROVIDER_RESPONSE_INVALID
// where the body is none.
absl::StatusOr<WebhookEvent> ReadWebhook(absl::string_view connection, std::string body);

}  // namespace edugate::adapters

#endif  // ADAPTERS_MEASUREONE_MEASUREONE_VERIFICATION_MAPPING_H_
