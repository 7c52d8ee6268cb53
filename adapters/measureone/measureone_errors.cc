#include "adapters/measureone/measureone_errors.h"

#include <array>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "adapters/error_body.h"
#include "adapters/measureone/measureone_words.h"
#include "edugate/provider/measureone/v3/measureone.pb.h"
#include "runtime/codec/json_decoder.h"

namespace edugate::adapters {
namespace {

namespace m3 = provider::measureone::v3;

// What a code means at one call; an empty call is any.
struct CodeRow {
  const char* code;
  const char* method;
  v1::ErrorReason reason;
  absl::StatusCode status;  // kOk: the reason's own
  const char* field;        // the caller's field that is at fault; empty: none
  const char* message;
};

// The first row that fits wins.
constexpr std::array kCodes = {
    CodeRow{"INVALID_CREDENTIALS", "AccessTranscript", v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST,
            absl::StatusCode::kOk, "password", "the school refused the student's login"},
    CodeRow{"INVALID_CREDENTIALS", "", v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID,
            absl::StatusCode::kOk, "", "the provider refused the connection's credential"},
    CodeRow{"INVALID_MFA_TOKEN", "", v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST,
            absl::StatusCode::kOk, "mfa_token", "the school refused the one-time code"},
    CodeRow{"SESSION_NOT_FOUND", "", v1::ERROR_REASON_RESOURCE_NOT_FOUND, absl::StatusCode::kOk, "",
            "the provider does not know the session"},
    CodeRow{"SCHOOL_NOT_FOUND", "", v1::ERROR_REASON_RESOURCE_NOT_FOUND, absl::StatusCode::kOk, "",
            "the provider does not know the school"},
    CodeRow{"MULTIPLE_REPORT_INSTANCES", "", v1::ERROR_REASON_PROVIDER_CONFLICT,
            absl::StatusCode::kFailedPrecondition, "",
            "the data request has several reports; `metadata` tells which one is meant"},
};

// 401 is our key whatever the code says: only a refusal of another status can be the student's.
constexpr int kUnauthorized = 401;
constexpr int kUnprocessable = 422;

void Refine(const CodeRow& row, errors::ProviderFailure& failure) {
  failure.reason = row.reason;
  failure.code = row.status;
  failure.message = row.message;
  failure.transient = false;
  failure.retry_after = std::nullopt;
  if (*row.field != '\0') failure.fields.push_back({row.field, row.message});
}

// An item's id: the page doesn't say whether the list is of ids or of objects that have one.
const std::string& IdOf(const google::protobuf::Value& item) {
  const auto id = item.struct_value().fields().find("id");
  return id == item.struct_value().fields().end() ? item.string_value() : id->second.string_value();
}

// What the codes are about: ids of items, where they are ids.
std::string SubjectOf(const m3::ReasonCode& reason) {
  std::vector<std::string> items;
  for (const google::protobuf::Value& item : reason.context().items()) {
    std::string id = errors::SafeToken(IdOf(item));
    if (!id.empty()) items.push_back(std::move(id));
  }
  return absl::StrJoin(items, ", ");
}

void AddPreconditions(const http::Response& response, errors::ProviderFailure& failure) {
  m3::ErrorReply body;
  if (response.body.size() > kMaxErrorBody || !codec::DecodeJson(response.body, {}, &body).ok()) {
    return;
  }
  for (const m3::ReasonCode& reason : body.reason_codes()) {
    const std::string code = errors::SafeToken(reason.code());
    if (code.empty()) continue;
    // The documented meaning, never the provider's prose.
    failure.preconditions.push_back({code, SubjectOf(reason), std::string(MeaningOfReason(code))});
  }
  if (failure.preconditions.empty()) return;
  failure.reason = v1::ERROR_REASON_PROVIDER_PRECONDITION;
  failure.message = "the provider can't answer in this state; see the violations";
}

}  // namespace

std::optional<errors::ProviderFailure> MeasureOneErrors::Classify(
    const rest::Operation& operation, const http::Response& response) const {
  auto failure = rest::ClassifyByHttpStatus(operation, response, absl::Now());
  if (!failure.has_value()) return std::nullopt;
  const std::string code = TextAt(response, "error_code");
  failure->provider_code = code;
  failure->provider_request_id = TextAt(response, "request_id");
  const bool client_error = response.status >= 400 && response.status < 500;
  if (client_error && response.status != kUnauthorized) {
    for (const CodeRow& row : kCodes) {
      const absl::string_view method = row.method;
      if (code != row.code || (!method.empty() && method != operation.method_name())) continue;
      Refine(row, *failure);
      break;
    }
  }
  if (response.status == kUnprocessable) AddPreconditions(response, *failure);
  TakePageInFrontForOutage(response, *failure);
  return failure;
}

}  // namespace edugate::adapters
