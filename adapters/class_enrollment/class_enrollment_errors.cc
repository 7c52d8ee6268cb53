#include "adapters/class_enrollment/class_enrollment_errors.h"

#include <array>
#include <initializer_list>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "adapters/error_body.h"
#include "adapters/record_mapping.h"
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
              "the provider does not know what was asked for"},
    StatusRow{30, v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID, false,
              "the provider refused the connection's integration key"},
};

// What of an envelope decides about the call.
struct Outcome {
  // Empty where the envelope has none.
  std::optional<int32_t> status;
  // Whether what was asked for is there in another shape: it must not pass for nothing found.
  bool unreadable = false;
};

// `names`: those under which the content may stand.
template <typename Envelope>
Outcome OutcomeOf(const Envelope& envelope, std::initializer_list<absl::string_view> names,
                  int size) {
  Outcome outcome;
  if (envelope.has_status()) outcome.status = envelope.status();
  for (const absl::string_view name : names) {
    outcome.unreadable |= NothingFits(envelope, name, size);
  }
  return outcome;
}

}  // namespace

std::optional<errors::ProviderFailure> ClassEnrollmentErrors::Classify(
    const rest::Operation& operation, const http::Response& response) const {
  auto failure = rest::ClassifyByHttpStatus(operation, response, absl::Now());
  if (failure.has_value()) TakePageInFrontForOutage(response, *failure);
  return failure;
}

std::optional<errors::ProviderFailure> ClassEnrollmentErrors::ClassifyReply(
    const rest::Operation& operation, const google::protobuf::Message& reply) const {
  namespace ce = provider::class_enrollment::v2;
  Outcome outcome;
  if (reply.GetDescriptor() == ce::ClassEnrollmentReply::descriptor()) {
    const auto& found = static_cast<const ce::ClassEnrollmentReply&>(reply);
    outcome =
        OutcomeOf(found, {"Results", "results", "ClassEnrollment", "ClassEnrollmentSearchResults"},
                  found.results_size());
  } else if (reply.GetDescriptor() == ce::UserReply::descriptor()) {
    const auto& found = static_cast<const ce::UserReply&>(reply);
    outcome = OutcomeOf(found, {"User", "user"}, found.has_user() ? 1 : 0);
  } else {
    return std::nullopt;
  }
  const std::optional<int32_t> status = outcome.status;
  errors::ProviderFailure failure;
  failure.reason = v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID;
  if (status == 0) {
    if (!outcome.unreadable) return std::nullopt;
    failure.message = "what was asked for has a shape that the provider does not document";
    return failure;
  }
  failure.message = status.has_value()
                        ? "the reply has a Status that the provider does not document"
                        : "the reply has no Status";
  if (status.has_value()) failure.provider_status = absl::StrCat(*status);
  for (const StatusRow& row : kStatuses) {
    if (status != row.status) continue;
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
