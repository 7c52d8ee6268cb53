#include "adapters/openapply/openapply_errors.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

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
};
// What lists are narrowed by.
constexpr std::array kFilters = {"status", "year", "decision_date"};

// The caller's field behind one of the provider's; empty where there is none.
std::string CallersField(const rest::Operation& operation, const std::string& name) {
  if (operation.effect() == rest::v1::EFFECT_READ) {
    return std::find(kFilters.begin(), kFilters.end(), name) == kFilters.end() ? "" : "filter";
  }
  for (const FieldRow& row : kFields) {
    if (name == row.provider) return row.domain;
  }
  return "";
}

}  // namespace

std::optional<errors::ProviderFailure> OpenApplyErrors::Classify(
    const rest::Operation& operation, const http::Response& response) const {
  auto failure = rest::ClassifyByHttpStatus(operation, response, absl::Now());
  if (!failure.has_value()) return std::nullopt;
  failure->provider_request_id = std::string(response.header("X-Request-Id"));
  TakePageInFrontForOutage(response, *failure);
  if (failure->reason == v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST) {
    for (const std::string& name : FieldNames(response)) {
      std::string field = CallersField(operation, name);
      if (field.empty()) continue;
      failure->fields.push_back({std::move(field), "is refused by the provider"});
    }
  }
  return failure;
}

}  // namespace edugate::adapters
