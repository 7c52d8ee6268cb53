#include "adapters/edx_enterprise/edx_errors.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "adapters/error_body.h"
#include "edugate/provider/edx_enterprise/v1/edx_enterprise.pb.h"
#include "nlohmann/json.hpp"
#include "runtime/codec/decoder.h"
#include "runtime/http/retry_after.h"

namespace edugate::adapters {
namespace {

namespace edx = provider::edx_enterprise::v1;
using nlohmann::json;

constexpr size_t kMaxReasons = 20;
constexpr absl::Duration kDefaultRetryAfter = absl::Seconds(1);

constexpr int kBadRequest = 400;
constexpr int kForbidden = 403;
constexpr int kNotFound = 404;
constexpr int kUnprocessable = 422;
constexpr int kTooManyRequests = 429;
constexpr int kServerErrors = 500;

// A field of a provider request and what it is called in the caller's.
struct FieldRow {
  const char* operation;
  const char* provider;
  const char* domain;
  // Whether positions in the provider's list are those in the caller's.
  bool positions;
};

constexpr std::array kFields = {
    FieldRow{"AssignLicenses", "user_emails", "learner_emails", true},
    FieldRow{"AssignLicenses", "user_sfids", "learner_salesforce_ids", true},
    FieldRow{"AssignLicenses", "greeting", "greeting", false},
    FieldRow{"AssignLicenses", "closing", "closing", false},
    FieldRow{"AssignLicenses", "notify_users", "notify", false},
    FieldRow{"RevokeLicenses", "user_emails", "learner_emails", false},
    FieldRow{"AllocateAssignments", "learner_emails", "learner_emails", false},
    FieldRow{"AllocateAssignments", "content_key", "content_key", false},
    FieldRow{"AllocateAssignments", "content_price_cents", "content_price_cents", false},
    FieldRow{"RemindAssignments", "assignment_uuids", "assignments", false},
    FieldRow{"CancelAssignments", "assignment_uuids", "assignments", false},
    FieldRow{"BulkEnroll", "emails", "learner_emails", false},
    FieldRow{"BulkEnroll", "course_run_keys", "course_run_keys", false},
    FieldRow{"BulkEnroll", "notify", "notify", false},
    FieldRow{"BulkEnroll", "subscription_uuid", "subscription_plan", false},
    FieldRow{"BulkEnroll", "subscription_id", "subscription_plan", false},
};

// A name that only the reply of an operation has, however the gateway marks it.
struct ReplyRow {
  const char* operation;
  const char* name;
};

constexpr std::array kReplyNames = {
    ReplyRow{"AssignLicenses", "license_assignments"},
    ReplyRow{"RevokeLicenses", "successful_revocations"},
    ReplyRow{"AllocateAssignments", "created"},
    ReplyRow{"BulkEnroll", "job_id"},
};

// What the gateway says when the service behind it did not answer.
constexpr std::array kOutageWords = {"timed out",   "timeout",     "internal server error",
                                     "unavailable", "bad gateway", "network error"};

bool IsWrite(const rest::Operation& operation) {
  return operation.effect() != rest::v1::EFFECT_READ;
}

bool Mentions(const std::string& text, absl::string_view word) {
  return absl::StrContains(absl::AsciiStrToLower(text), absl::AsciiStrToLower(word));
}

// The body as JSON, whatever it is written in; discarded where it is neither JSON nor XML.
json ReadBody(const http::Response& response) {
  json unreadable(json::value_t::discarded);
  if (response.body.empty() || response.body.size() > kMaxErrorBody) return unreadable;
  codec::DecodeOptions options;
  options.max_bytes = kMaxErrorBody;
  options.response_field = "body";
  provider::edx_enterprise::v1::ErrorBody body;
  const absl::Status decoded =
      codec::Decode(response.header("Content-Type"), response.body, options, &body);
  return json::parse(decoded.ok() ? body.body() : response.body, nullptr,
                     /*allow_exceptions=*/false);
}

// Whether a body can be read as a reply.
template <typename Reply>
bool Reads(const http::Response& response, Reply* reply) {
  return codec::Decode(response.header("Content-Type"), response.body, {}, reply).ok();
}

// What became of the licenses: of each of the two lists the last element, which is all that its
// judge looks at. Null where the body doesn't say.
json OutlineOfRevocations(const http::Response& response) {
  edx::RevokeLicensesReply reply;
  if (!Reads(response, &reply)) return nullptr;
  const int done = reply.successful_revocations_size();
  const int failed = reply.unsuccessful_revocations_size();
  if (done + failed == 0) return nullptr;
  json outline;
  outline["successful_revocations"] = json::array();
  outline["unsuccessful_revocations"] = json::array();
  if (done > 0) outline["successful_revocations"].push_back(json::object());
  if (failed > 0) {
    outline["unsuccessful_revocations"].push_back(
        {{"error_response_status",
          reply.unsuccessful_revocations(failed - 1).error_response_status()}});
  }
  return outline;
}

// The reply that a body holds which is too long for an error, as far as its judge looks at it: of a
// list that tells it from an error one element. Discarded where it holds none.
json OutlineOfReply(const rest::Operation& operation, const http::Response& response) {
  json outline;
  if (response.body.size() <= kMaxErrorBody) return json(json::value_t::discarded);
  if (operation.method_name() == "RevokeLicenses") {
    outline = OutlineOfRevocations(response);
  } else if (operation.method_name() == "AssignLicenses") {
    edx::AssignLicensesReply reply;
    if (Reads(response, &reply) && reply.license_assignments_size() > 0) {
      outline["license_assignments"].push_back(json::object());
    }
  } else if (operation.method_name() == "AllocateAssignments") {
    edx::AllocateAssignmentsReply reply;
    if (Reads(response, &reply) &&
        reply.created_size() + reply.updated_size() + reply.no_change_size() > 0) {
      outline["created"].push_back(json::object());
    }
  }
  return outline.is_null() ? json(json::value_t::discarded) : outline;
}

// The provider's prose, to look for words in: never repeated.
std::string Prose(const json& body) {
  if (body.is_string()) return body.get<std::string>();
  for (const char* name : {"detail", "message", "error"}) {
    std::string text = TextIn(body, name);
    if (!text.empty()) return text;
  }
  return "";
}

bool HoldsReply(const rest::Operation& operation, const json& body) {
  if (!body.is_object()) return false;
  for (const ReplyRow& row : kReplyNames) {
    if (operation.method_name() != row.operation) continue;
    const auto found = body.find(row.name);
    if (found == body.end()) return false;
    // Nothing revoked and something refused: all of it failed.
    const auto failed = body.find("unsuccessful_revocations");
    return !found->empty() || failed == body.end() || failed->empty();
  }
  return false;
}

void AddField(const FieldRow& row, const json& problem,
              std::vector<errors::FieldViolation>& fields) {
  constexpr char kRefused[] = "is refused by the provider";
  const bool by_position = problem.is_object() && !problem.empty();
  if (!by_position && !IsListOfTexts(problem) && !problem.is_string()) return;
  if (!by_position || !row.positions) {
    fields.push_back({row.domain, kRefused});
    return;
  }
  for (const auto& [position, unused] : problem.items()) {
    const bool number = !position.empty() && absl::c_all_of(position, absl::ascii_isdigit);
    fields.push_back(
        {number ? absl::StrCat(row.domain, "[", position, "]") : row.domain, kRefused});
  }
}

std::vector<errors::FieldViolation> FieldsOf(const rest::Operation& operation, const json& body) {
  std::vector<errors::FieldViolation> fields;
  if (!body.is_object()) return fields;
  for (const FieldRow& row : kFields) {
    if (operation.method_name() != row.operation) continue;
    const auto found = body.find(row.provider);
    if (found != body.end()) AddField(row, *found, fields);
  }
  return fields;
}

// A list of records that each name a reason, or one such record.
std::vector<errors::PreconditionViolation> ReasonsOf(const json& body) {
  std::vector<errors::PreconditionViolation> reasons;
  auto add = [&reasons](const json& each) {
    const std::string reason = errors::SafeToken(TextIn(each, "reason"));
    if (reason.empty() || reasons.size() >= kMaxReasons) return;
    reasons.push_back({reason, "the request", "the provider does not allow it"});
  };
  if (body.is_array()) {
    for (const json& each : body) add(each);
  } else {
    add(body);
  }
  return reasons;
}

void SetOutage(const rest::Operation& operation, errors::ProviderFailure& failure) {
  if (IsWrite(operation)) {
    failure.reason = v1::ERROR_REASON_WRITE_OUTCOME_UNKNOWN;
    failure.message = "the provider's gateway hides what became of the request";
    failure.transient = operation.repeatable();
    return;
  }
  failure.reason = v1::ERROR_REASON_PROVIDER_UNAVAILABLE;
  failure.message = "the provider's gateway could not reach the service behind it";
  failure.retry_after = kDefaultRetryAfter;
  failure.transient = true;
}

bool SpeaksOfAnOutage(const std::string& gateway_word) {
  for (const char* word : kOutageWords) {
    if (Mentions(gateway_word, word)) return true;
  }
  return false;
}

// Whether the services can't have written a body: they answer in JSON or XML.
bool IsOfNoService(const http::Response& response, const json& body) {
  const ErrorBodyKind kind = KindOf(response);
  return kind == ErrorBodyKind::kEmpty || kind == ErrorBodyKind::kHtml ||
         (body.is_discarded() && codec::FormatOf(response.header("Content-Type"), response.body) ==
                                     codec::BodyFormat::kOther);
}

void SetReasons(const json& body, errors::ProviderFailure& failure) {
  failure.reason = v1::ERROR_REASON_PROVIDER_PRECONDITION;
  failure.message = "the provider's state does not allow the request";
  failure.preconditions = ReasonsOf(body);
}

// The service's database gave up. It says so in a bare text, as 422 or, through the gateway, 400.
void SetServiceError(const rest::Operation& operation, errors::ProviderFailure& failure) {
  failure.reason = v1::ERROR_REASON_PROVIDER_ERROR;
  failure.message = "the provider failed";
  failure.transient = true;
  if (IsWrite(operation)) failure.code = absl::StatusCode::kUnknown;
}

void RefineBadRequest(const rest::Operation& operation, const http::Response& response,
                      const json& body, errors::ProviderFailure& failure) {
  const std::string gateway_word = TextIn(body, "message");
  if (IsOfNoService(response, body) || SpeaksOfAnOutage(gateway_word)) {
    SetOutage(operation, failure);
  } else if (Mentions(gateway_word, "Authorization")) {
    failure.reason = v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID;
    failure.message = "the provider saw no credential";
  } else if (!ReasonsOf(body).empty()) {
    SetReasons(body, failure);
  } else if (Mentions(Prose(body), "database error")) {
    SetServiceError(operation, failure);
  } else {
    failure.fields = FieldsOf(operation, body);
    if (operation.method_name() == "RevokeLicenses" &&
        (Mentions(Prose(body), "malformed filter") ||
         (body.is_object() && body.contains("filters")))) {
      failure.provider_code = kEdxMalformedFilters;
    }
  }
}

void RefineUnprocessable(const rest::Operation& operation, const json& body,
                         errors::ProviderFailure& failure) {
  if (Mentions(Prose(body), "database error")) {
    SetServiceError(operation, failure);
    return;
  }
  failure.fields = FieldsOf(operation, body);
  if (!failure.fields.empty() || (body.is_object() && ReasonsOf(body).empty())) return;
  SetReasons(body, failure);
}

void RefineForbidden(const http::Response& response, const json& body,
                     errors::ProviderFailure& failure) {
  if (Mentions(TextIn(body, "message"), "Missing Authentication Token")) {
    failure.reason = v1::ERROR_REASON_OPERATION_NOT_SUPPORTED;
    failure.message = "the provider's gateway has no such path; is base_url right?";
  } else {
    TakePageInFrontForOutage(response, failure);
  }
}

void RefineThrottle(const json& body, errors::ProviderFailure& failure) {
  if (!Mentions(Prose(body), "locked")) return;
  failure.reason = v1::ERROR_REASON_PROVIDER_LOCKED;
  failure.message = "the resource is locked at the provider";
  failure.transient = false;
}

// Whether a 404 is about the learners' licenses: a bare text, or what became of each. Of an unknown
// plan the service says {detail}, or in another bare text that no SubscriptionPlan is identified by
// the id.
bool SpeaksOfLicenses(const rest::Operation& operation, const json& body) {
  if (operation.method_name() != "RevokeLicenses") return false;
  if (body.is_object()) return body.contains("unsuccessful_revocations");
  return body.is_string() && !Mentions(Prose(body), "No SubscriptionPlan identified by");
}

// All revocations failed: the statuses of the single ones say more than the gateway's.
int StatusOf(const http::Response& response, const json& body) {
  if (!body.is_object()) return response.status;
  const auto failed = body.find("unsuccessful_revocations");
  if (failed == body.end() || !failed->is_array() || failed->empty()) return response.status;
  const json& last = failed->back();
  const auto status = last.is_object() ? last.find("error_response_status") : last.end();
  if (status == last.end() || !status->is_number_integer()) return response.status;
  const auto value = status->get<int64_t>();
  return value >= kBadRequest && value < kServerErrors ? static_cast<int>(value) : response.status;
}

}  // namespace

std::optional<errors::ProviderFailure> EdxErrors::Classify(const rest::Operation& operation,
                                                           const http::Response& response) const {
  auto failure = rest::ClassifyByHttpStatus(operation, response, absl::Now());
  if (!failure.has_value()) return std::nullopt;
  json body = ReadBody(response);
  if (body.is_discarded()) body = OutlineOfReply(operation, response);
  const bool refused = response.status >= kBadRequest && response.status < kServerErrors;
  if (refused && HoldsReply(operation, body)) return std::nullopt;

  http::Response judged = response;
  judged.status = StatusOf(response, body);
  if (judged.status != response.status) {
    failure = rest::ClassifyByHttpStatus(operation, judged, absl::Now());
  }
  if (auto wait = http::ParseAvailableIn(Prose(body))) failure->retry_after = wait;
  switch (judged.status) {
    case kBadRequest:
      RefineBadRequest(operation, judged, body, *failure);
      break;
    case kForbidden:
      RefineForbidden(judged, body, *failure);
      break;
    case kNotFound:
      if (Mentions(TextIn(body, "detail"), "Invalid page")) {
        failure->provider_code = kEdxInvalidPage;
      } else if (SpeaksOfLicenses(operation, body)) {
        failure->provider_code = kEdxNoLicense;
      }
      break;
    case kUnprocessable:
      RefineUnprocessable(operation, body, *failure);
      break;
    case kTooManyRequests:
      RefineThrottle(body, *failure);
      break;
    default:
      break;
  }
  return failure;
}

}  // namespace edugate::adapters
