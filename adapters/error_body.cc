#include "adapters/error_body.h"

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "nlohmann/json.hpp"

namespace edugate::adapters {
namespace {

using nlohmann::json;

json Parse(const http::Response& response) {
  if (response.body.size() > kMaxErrorBody) return json(json::value_t::discarded);
  return json::parse(response.body, nullptr, /*allow_exceptions=*/false);
}

bool IsFieldProblem(const json& value) {
  if (IsListOfTexts(value)) return true;
  if (!value.is_object() || value.empty()) return false;
  for (const json& each : value) {
    if (!IsListOfTexts(each)) return false;
  }
  return true;
}

// Cloudflare's page for a client that doesn't ask for HTML: `error code: 1020`.
bool IsCloudflaresCode(absl::string_view body) {
  body = absl::StripAsciiWhitespace(body);
  return absl::ConsumePrefix(&body, "error code: ") && !body.empty() &&
         absl::c_all_of(body, absl::ascii_isdigit);
}

}  // namespace

ErrorBodyKind KindOf(const http::Response& response) {
  const absl::string_view text = absl::StripAsciiWhitespace(response.body);
  if (text.empty()) return ErrorBodyKind::kEmpty;
  if (absl::StartsWithIgnoreCase(response.header("Content-Type"), "text/html") ||
      absl::StartsWithIgnoreCase(text, "<!doctype html") ||
      absl::StartsWithIgnoreCase(text, "<html")) {
    return ErrorBodyKind::kHtml;
  }
  const json parsed = Parse(response);
  if (parsed.is_object()) return ErrorBodyKind::kObject;
  if (parsed.is_array()) return ErrorBodyKind::kList;
  if (parsed.is_string()) return ErrorBodyKind::kText;
  return ErrorBodyKind::kUnreadable;
}

void TakePageInFrontForOutage(const http::Response& response, errors::ProviderFailure& failure) {
  if (failure.reason != v1::ERROR_REASON_PROVIDER_DENIED ||
      (KindOf(response) != ErrorBodyKind::kHtml && !IsCloudflaresCode(response.body))) {
    return;
  }
  failure.reason = v1::ERROR_REASON_PROVIDER_UNAVAILABLE;
  failure.message = "a page in front of the provider answered instead of it";
  failure.transient = true;
}

std::string TextAt(const http::Response& response, absl::string_view name) {
  return TextIn(Parse(response), name);
}

std::string TextIn(const json& body, absl::string_view name) {
  if (!body.is_object()) return "";
  const auto found = body.find(std::string(name));
  if (found == body.end() || !found->is_string()) return "";
  return found->get<std::string>();
}

bool IsListOfTexts(const json& value) {
  if (!value.is_array() || value.empty()) return false;
  for (const json& each : value) {
    if (!each.is_string()) return false;
  }
  return true;
}

std::vector<std::string> FieldNames(const http::Response& response) {
  std::vector<std::string> names;
  const json parsed = Parse(response);
  if (!parsed.is_object()) return names;
  for (const auto& [name, value] : parsed.items()) {
    if (name == "errors" && value.is_object()) {
      for (const auto& [field, problem] : value.items()) {
        if (problem.is_string() || IsFieldProblem(problem)) names.push_back(field);
      }
    } else if (name != "non_field_errors" && IsFieldProblem(value)) {
      names.push_back(name);
    }
  }
  return names;
}

}  // namespace edugate::adapters
