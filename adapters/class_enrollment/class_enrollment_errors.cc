#include "adapters/class_enrollment/class_enrollment_errors.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "adapters/error_body.h"
#include "edugate/provider/class_enrollment/v2/class_enrollment.pb.h"

namespace edugate::adapters {
namespace {

struct StatusRow {
  int32_t status;
  v1::ErrorReason reason;
  bool transient;
  const char* message;
};

// The document's Status, all but 0. The vendor's Studio API counts otherwise (1 is its success) and
// is another provider.
constexpr std::array kStatuses = {
    StatusRow{10, v1::ERROR_REASON_PROVIDER_ERROR, true, "the provider reports an error"},
    StatusRow{20, v1::ERROR_REASON_RESOURCE_NOT_FOUND, false,
              "the provider does not know the class enrollment"},
    StatusRow{30, v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID, false,
              "the provider refused the connection's integration key"},
};

}  // namespace

std::optional<errors::ProviderFailure> ClassEnrollmentErrors::Classify(
    const rest::Operation& operation, const http::Response& response) const {
  auto failure = rest::ClassifyByHttpStatus(operation, response, absl::Now());
  if (failure.has_value()) TakePageInFrontForOutage(response, *failure);
  return failure;
}

std::optional<errors::ProviderFailure> ClassEnrollmentErrors::ClassifyReply(
    const rest::Operation& operation, const google::protobuf::Message& reply) const {
  using provider::class_enrollment::v2::ClassEnrollmentReply;
  if (reply.GetDescriptor() != ClassEnrollmentReply::descriptor()) return std::nullopt;
  const auto& envelope = static_cast<const ClassEnrollmentReply&>(reply);
  if (envelope.has_status() && envelope.status() == 0) return std::nullopt;

  errors::ProviderFailure failure;
  failure.reason = v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID;
  failure.message = envelope.has_status()
                        ? "the reply has a Status that the provider does not document"
                        : "the reply has no Status";
  if (envelope.has_status()) failure.provider_status = absl::StrCat(envelope.status());
  for (const StatusRow& row : kStatuses) {
    if (!envelope.has_status() || envelope.status() != row.status) continue;
    failure.reason = row.reason;
    failure.message = row.message;
    failure.transient = row.transient;
  }
  const bool write = operation.effect() != rest::v1::EFFECT_READ;
  if (failure.reason == v1::ERROR_REASON_PROVIDER_ERROR && write) {
    failure.code = absl::StatusCode::kUnknown;
  }
  return failure;
}

}  // namespace edugate::adapters
