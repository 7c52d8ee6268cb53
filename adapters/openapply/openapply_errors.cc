#include "adapters/openapply/openapply_errors.h"

#include <array>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "adapters/error_body.h"

namespace edugate::adapters {
namespace {

struct FieldRow {
  const char* provider;
  const char* domain;
};

constexpr std::array kFields = {
    FieldRow{"status", "enrollment.status"},
    FieldRow{"grade", "enrollment.grade_level"},
    FieldRow{"status_updated_at", "enrollment.status_time"},
    FieldRow{"year", "filter"},
    FieldRow{"decision_date", "filter"},
};

}  // namespace

std::optional<errors::ProviderFailure> OpenApplyErrors::Classify(
    const rest::Operation& operation, const http::Response& response) const {
  auto failure = rest::ClassifyByHttpStatus(operation, response, absl::Now());
  if (!failure.has_value()) return std::nullopt;
  failure->provider_request_id = std::string(response.header("X-Request-Id"));
  TakePageInFrontForOutage(response, *failure);
  if (failure->reason == v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST) {
    for (const std::string& name : FieldNames(response)) {
      for (const FieldRow& row : kFields) {
        if (name == row.provider)
          failure->fields.push_back({row.domain, "is refused by the provider"});
      }
    }
  }
  return failure;
}

}  // namespace edugate::adapters
