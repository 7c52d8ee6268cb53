#include "runtime/errors/errors.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/any.pb.h"
#include "google/rpc/error_details.pb.h"

namespace edugate::errors {
namespace {

using absl::StatusCode;

struct ReasonRow {
  v1::ErrorReason reason;
  StatusCode code;
};

// What a reason means in gRPC's terms where a classifier says nothing else, as error_reason.proto
// tells callers.
constexpr std::array kReasonTable = {
    ReasonRow{v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST, StatusCode::kInvalidArgument},
    ReasonRow{v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID, StatusCode::kFailedPrecondition},
    ReasonRow{v1::ERROR_REASON_PROVIDER_DENIED, StatusCode::kPermissionDenied},
    ReasonRow{v1::ERROR_REASON_RESOURCE_NOT_FOUND, StatusCode::kNotFound},
    ReasonRow{v1::ERROR_REASON_OPERATION_NOT_SUPPORTED, StatusCode::kUnimplemented},
    ReasonRow{v1::ERROR_REASON_PROVIDER_CONFLICT, StatusCode::kAborted},
    ReasonRow{v1::ERROR_REASON_PROVIDER_PRECONDITION, StatusCode::kFailedPrecondition},
    ReasonRow{v1::ERROR_REASON_PROVIDER_LOCKED, StatusCode::kAborted},
    ReasonRow{v1::ERROR_REASON_PROVIDER_RATE_LIMITED, StatusCode::kResourceExhausted},
    ReasonRow{v1::ERROR_REASON_PROVIDER_ERROR, StatusCode::kUnavailable},
    ReasonRow{v1::ERROR_REASON_PROVIDER_UNAVAILABLE, StatusCode::kUnavailable},
    ReasonRow{v1::ERROR_REASON_WRITE_OUTCOME_UNKNOWN, StatusCode::kUnknown},
    ReasonRow{v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID, StatusCode::kInternal},
    ReasonRow{v1::ERROR_REASON_DEADLINE_EXCEEDED, StatusCode::kDeadlineExceeded},
    ReasonRow{v1::ERROR_REASON_CANCELLED, StatusCode::kCancelled},
    ReasonRow{v1::ERROR_REASON_CIRCUIT_OPEN, StatusCode::kUnavailable},
    ReasonRow{v1::ERROR_REASON_LOCAL_LIMIT, StatusCode::kResourceExhausted},
    ReasonRow{v1::ERROR_REASON_ARGUMENT_INVALID, StatusCode::kInvalidArgument},
    ReasonRow{v1::ERROR_REASON_RESOURCE_NAME_INVALID, StatusCode::kInvalidArgument},
    ReasonRow{v1::ERROR_REASON_CONNECTION_UNKNOWN, StatusCode::kNotFound},
    ReasonRow{v1::ERROR_REASON_PAGE_TOKEN_INVALID, StatusCode::kInvalidArgument},
    ReasonRow{v1::ERROR_REASON_FILTER_UNSUPPORTED, StatusCode::kInvalidArgument},
    ReasonRow{v1::ERROR_REASON_PAGINATION_LOOP, StatusCode::kInternal},
    ReasonRow{v1::ERROR_REASON_STORE_UNAVAILABLE, StatusCode::kUnavailable},
    ReasonRow{v1::ERROR_REASON_REQUEST_ID_REUSED, StatusCode::kInvalidArgument},
    ReasonRow{v1::ERROR_REASON_REQUEST_IN_PROGRESS, StatusCode::kAborted},
    ReasonRow{v1::ERROR_REASON_CALLER_UNAUTHENTICATED, StatusCode::kUnauthenticated},
    ReasonRow{v1::ERROR_REASON_CALLER_DENIED, StatusCode::kPermissionDenied},
    ReasonRow{v1::ERROR_REASON_RESUME_TOKEN_INVALID, StatusCode::kInvalidArgument},
    ReasonRow{v1::ERROR_REASON_SLOW_CONSUMER, StatusCode::kResourceExhausted},
    ReasonRow{v1::ERROR_REASON_SHUTTING_DOWN, StatusCode::kUnavailable},
    ReasonRow{v1::ERROR_REASON_CONNECTION_MISCONFIGURED, StatusCode::kFailedPrecondition},
    ReasonRow{v1::ERROR_REASON_REPLY_TOO_LARGE, StatusCode::kResourceExhausted},
    ReasonRow{v1::ERROR_REASON_INTERNAL, StatusCode::kInternal},
    ReasonRow{v1::ERROR_REASON_NOT_READY, StatusCode::kFailedPrecondition},
};

constexpr char kTypePrefix[] = "type.googleapis.com/";
constexpr size_t kMaxMessageBytes = 1024;

// When to come back where the wait is for edugate itself: for an answer on its way, or another
// replica.
constexpr absl::Duration kSoon = absl::Seconds(1);

template <typename Detail>
std::string TypeUrl() {
  return absl::StrCat(kTypePrefix, Detail::descriptor()->full_name());
}

template <typename Detail>
void SetDetail(absl::Status& status, const Detail& detail) {
  status.SetPayload(TypeUrl<Detail>(), absl::Cord(detail.SerializeAsString()));
}

template <typename Detail>
std::optional<Detail> GetDetail(const absl::Status& status) {
  auto payload = status.GetPayload(TypeUrl<Detail>());
  Detail detail;
  if (!payload.has_value() || !detail.ParseFromString(std::string(*payload))) return std::nullopt;
  return detail;
}

google::rpc::ErrorInfo InfoOf(v1::ErrorReason reason, const Origin& origin) {
  google::rpc::ErrorInfo info;
  info.set_reason(ReasonName(reason));
  info.set_domain(kDomain);
  auto put = [&info](const char* key, const std::string& value) {
    if (!value.empty()) (*info.mutable_metadata())[key] = value;
  };
  put("connection", origin.connection);
  put("provider", origin.provider);
  put("operation", origin.operation);
  return info;
}

absl::Status Make(v1::ErrorReason reason, absl::string_view message, const Origin& origin = {}) {
  absl::Status status(CodeFor(reason), message);
  SetDetail(status, InfoOf(reason, origin));
  return status;
}

google::rpc::RetryInfo RetryInfoOf(absl::Duration delay) {
  google::rpc::RetryInfo info;
  const int64_t nanos = absl::ToInt64Nanoseconds(std::max(delay, absl::ZeroDuration()));
  info.mutable_retry_delay()->set_seconds(nanos / 1'000'000'000);
  info.mutable_retry_delay()->set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
  return info;
}

// With the advice to come back soon.
absl::Status Soon(v1::ErrorReason reason, absl::string_view message) {
  absl::Status status = Make(reason, message);
  SetDetail(status, RetryInfoOf(kSoon));
  return status;
}

google::rpc::BadRequest BadField(absl::string_view field, absl::string_view description) {
  google::rpc::BadRequest bad;
  auto* violation = bad.add_field_violations();
  violation->set_field(std::string(field));
  violation->set_description(std::string(description));
  return bad;
}

// Details in the order in which they are given up last to first when the status is too large.
int KeepRank(absl::string_view type_url) {
  if (absl::EndsWith(type_url, "google.rpc.ErrorInfo")) return 0;
  if (absl::EndsWith(type_url, "google.rpc.RetryInfo")) return 1;
  return 2;
}

}  // namespace

absl::StatusCode CodeFor(v1::ErrorReason reason) {
  for (const ReasonRow& row : kReasonTable) {
    if (row.reason == reason) return row.code;
  }
  return StatusCode::kInternal;
}

std::string ReasonName(v1::ErrorReason reason) {
  const std::string& name = v1::ErrorReason_Name(reason);
  return std::string(absl::StripPrefix(name, "ERROR_REASON_"));
}

absl::Status FromProvider(const ProviderFailure& failure, const Origin& origin) {
  const StatusCode code = failure.code == StatusCode::kOk ? CodeFor(failure.reason) : failure.code;
  absl::Status status(code, failure.message);
  google::rpc::ErrorInfo info = InfoOf(failure.reason, origin);
  auto put = [&info](const char* key, const std::string& value) {
    if (!value.empty()) (*info.mutable_metadata())[key] = value;
  };
  put("provider_status", SafeToken(failure.provider_status));
  put("provider_code", SafeToken(failure.provider_code));
  put("provider_request_id", SafeToken(failure.provider_request_id));
  SetDetail(status, info);
  if (failure.retry_after.has_value()) SetDetail(status, RetryInfoOf(*failure.retry_after));
  if (failure.reason == v1::ERROR_REASON_PROVIDER_RATE_LIMITED) {
    google::rpc::QuotaFailure quota;
    auto* violation = quota.add_violations();
    violation->set_subject(absl::StrCat("connections/", origin.connection));
    violation->set_description("the provider's rate limit");
    SetDetail(status, quota);
  }
  if (!failure.fields.empty()) {
    google::rpc::BadRequest bad;
    for (const FieldViolation& field : failure.fields) {
      auto* violation = bad.add_field_violations();
      violation->set_field(field.field);
      violation->set_description(field.description);
    }
    SetDetail(status, bad);
  }
  if (!failure.preconditions.empty()) {
    google::rpc::PreconditionFailure precondition;
    for (const PreconditionViolation& each : failure.preconditions) {
      auto* violation = precondition.add_violations();
      violation->set_type(each.type);
      violation->set_subject(each.subject);
      violation->set_description(each.description);
    }
    SetDetail(status, precondition);
  }
  if (!failure.resource_name.empty()) {
    google::rpc::ResourceInfo resource;
    resource.set_resource_type(failure.resource_type);
    resource.set_resource_name(failure.resource_name);
    resource.set_description(failure.message);
    SetDetail(status, resource);
  }
  return status;
}

absl::Status ArgumentInvalid(absl::string_view field, absl::string_view description) {
  return ArgumentsInvalid({{std::string(field), std::string(description)}});
}

absl::Status ArgumentsInvalid(const std::vector<FieldViolation>& violations) {
  std::string message;
  google::rpc::BadRequest bad;
  for (const FieldViolation& each : violations) {
    absl::StrAppend(&message, message.empty() ? "" : "; ", each.field, ": ", each.description);
    auto* violation = bad.add_field_violations();
    violation->set_field(each.field);
    violation->set_description(each.description);
  }
  absl::Status status = Make(v1::ERROR_REASON_ARGUMENT_INVALID, message);
  SetDetail(status, bad);
  return status;
}

absl::Status ResourceNameInvalid(absl::string_view field, absl::string_view pattern) {
  const std::string description = absl::StrCat("must be of the form ", pattern);
  absl::Status status =
      Make(v1::ERROR_REASON_RESOURCE_NAME_INVALID, absl::StrCat(field, ": ", description));
  SetDetail(status, BadField(field, description));
  return status;
}

absl::Status ConnectionUnknown(absl::string_view connection) {
  absl::Status status = Make(v1::ERROR_REASON_CONNECTION_UNKNOWN,
                             absl::StrCat("no connection '", connection, "' is configured"),
                             {.connection = std::string(connection)});
  google::rpc::ResourceInfo resource;
  resource.set_resource_type("edugate/Connection");
  resource.set_resource_name(absl::StrCat("connections/", connection));
  SetDetail(status, resource);
  return status;
}

absl::Status PageTokenInvalid(absl::string_view why) {
  absl::Status status =
      Make(v1::ERROR_REASON_PAGE_TOKEN_INVALID, absl::StrCat("page_token: ", why));
  SetDetail(status, BadField("page_token", why));
  return status;
}

absl::Status FilterUnsupported(absl::string_view why, absl::string_view supported) {
  absl::Status status =
      Make(v1::ERROR_REASON_FILTER_UNSUPPORTED,
           absl::StrCat("filter: ", why, supported.empty() ? "" : "; supported: ", supported));
  SetDetail(status, BadField("filter", why));
  return WithMetadata(std::move(status), "supported", supported);
}

absl::Status OperationNotSupported(absl::string_view method, const Origin& origin,
                                   absl::string_view supported) {
  const std::string who =
      origin.connection.empty()
          ? "no connection supports "
          : absl::StrCat("connection '", origin.connection, "' does not support ");
  absl::Status status =
      Make(v1::ERROR_REASON_OPERATION_NOT_SUPPORTED,
           absl::StrCat(who, method, supported.empty() ? "" : "; it supports ", supported), origin);
  return WithMetadata(std::move(status), "supported", supported);
}

absl::Status MethodNotOffered(absl::string_view why, const Origin& origin) {
  return Make(v1::ERROR_REASON_OPERATION_NOT_SUPPORTED, why, origin);
}

absl::Status ResourceNotFound(absl::string_view type, absl::string_view name,
                              const Origin& origin) {
  ProviderFailure failure;
  failure.reason = v1::ERROR_REASON_RESOURCE_NOT_FOUND;
  failure.message = "the resource does not exist";
  failure.resource_type = std::string(type);
  failure.resource_name = std::string(name);
  return FromProvider(failure, origin);
}

absl::Status DeadlineExceeded(const Origin& origin) {
  return Make(v1::ERROR_REASON_DEADLINE_EXCEEDED, "the deadline passed before an answer came",
              origin);
}

absl::Status Cancelled(const Origin& origin) {
  return Make(v1::ERROR_REASON_CANCELLED, "the caller cancelled", origin);
}

absl::Status SlowConsumer() {
  return Make(v1::ERROR_REASON_SLOW_CONSUMER, "the stream's reader took nothing for too long");
}

absl::Status RequestInProgress() {
  return Soon(v1::ERROR_REASON_REQUEST_IN_PROGRESS,
              "a request with this request_id is being carried out");
}

absl::Status RequestIdReused() {
  absl::Status status =
      Make(v1::ERROR_REASON_REQUEST_ID_REUSED, "request_id: belongs to another request");
  SetDetail(status, BadField("request_id", "belongs to another request"));
  return status;
}

absl::Status WriteOutcomeUnknown() {
  return Make(v1::ERROR_REASON_WRITE_OUTCOME_UNKNOWN,
              "an earlier attempt with this request_id may or may not have happened; read the "
              "resource to know");
}

absl::Status CircuitOpen(absl::Duration retry_after, const Origin& origin) {
  absl::Status status =
      Make(v1::ERROR_REASON_CIRCUIT_OPEN,
           "the provider has failed too often and is left alone for a while", origin);
  SetDetail(status, RetryInfoOf(retry_after));
  return status;
}

absl::Status CallerUnauthenticated(absl::string_view why) {
  return Make(v1::ERROR_REASON_CALLER_UNAUTHENTICATED, why);
}

absl::Status CallerDenied(absl::string_view why, absl::string_view method,
                          absl::string_view connection) {
  return WithMetadata(
      Make(v1::ERROR_REASON_CALLER_DENIED, why, {.connection = std::string(connection)}), "method",
      method);
}

absl::Status LocalLimit(absl::string_view what, absl::Duration retry_after, const Origin& origin) {
  absl::Status status = Make(v1::ERROR_REASON_LOCAL_LIMIT, what, origin);
  SetDetail(status, RetryInfoOf(retry_after));
  return status;
}

absl::Status StoreUnavailable(absl::string_view what) {
  return Make(v1::ERROR_REASON_STORE_UNAVAILABLE, what);
}

absl::Status ShuttingDown() {
  return Soon(v1::ERROR_REASON_SHUTTING_DOWN, "this process is about to end; connect again");
}

absl::Status WatchSuperseded() {
  return Soon(v1::ERROR_REASON_SHUTTING_DOWN,
              "callers or connections are configured anew; watch again with the last resume_token");
}

absl::Status ResumeTokenInvalid(absl::string_view why) {
  absl::Status status =
      Make(v1::ERROR_REASON_RESUME_TOKEN_INVALID, absl::StrCat("resume_token: ", why));
  SetDetail(status, BadField("resume_token", why));
  return status;
}

absl::Status ConnectionMisconfigured(absl::string_view connection, absl::string_view key) {
  return Make(v1::ERROR_REASON_CONNECTION_MISCONFIGURED,
              absl::StrCat("the method needs `", key, "` in the connection's configuration"),
              {.connection = std::string(connection)});
}

absl::Status PaginationLoop(const Origin& origin) {
  return Make(v1::ERROR_REASON_PAGINATION_LOOP, "the provider's pages lead in a circle", origin);
}

absl::Status ProviderResponseInvalid(absl::string_view why, const Origin& origin) {
  return Make(v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID,
              absl::StrCat("the provider's reply can't be used: ", why), origin);
}

absl::Status Internal(absl::string_view what) { return Make(v1::ERROR_REASON_INTERNAL, what); }

v1::ErrorReason ReasonOf(const absl::Status& status) {
  if (status.ok()) return v1::ERROR_REASON_UNSPECIFIED;
  auto info = GetDetail<google::rpc::ErrorInfo>(status);
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  if (info.has_value())
    v1::ErrorReason_Parse(absl::StrCat("ERROR_REASON_", info->reason()), &reason);
  return reason;
}

std::optional<absl::Duration> RetryAfterOf(const absl::Status& status) {
  auto info = GetDetail<google::rpc::RetryInfo>(status);
  if (!info.has_value()) return std::nullopt;
  return absl::Seconds(info->retry_delay().seconds()) +
         absl::Nanoseconds(info->retry_delay().nanos());
}

std::map<std::string, std::string> MetadataOf(const absl::Status& status) {
  auto info = GetDetail<google::rpc::ErrorInfo>(status);
  if (!info.has_value()) return {};
  return {info->metadata().begin(), info->metadata().end()};
}

absl::Status WithMetadata(absl::Status status, absl::string_view key, absl::string_view value) {
  auto info = GetDetail<google::rpc::ErrorInfo>(status);
  if (!info.has_value() || value.empty()) return status;
  (*info->mutable_metadata())[std::string(key)] = std::string(value);
  SetDetail(status, *info);
  return status;
}

absl::Status WithResource(absl::Status status, absl::string_view type, absl::string_view name) {
  const bool applies = status.code() == StatusCode::kNotFound &&
                       !GetDetail<google::rpc::ResourceInfo>(status).has_value();
  if (!applies) return status;
  google::rpc::ResourceInfo resource;
  resource.set_resource_type(std::string(type));
  resource.set_resource_name(std::string(name));
  SetDetail(status, resource);
  return status;
}

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status wire;
  wire.set_code(static_cast<int>(status.code()));
  absl::string_view message = status.message();
  if (message.size() > kMaxMessageBytes) {
    size_t end = kMaxMessageBytes;
    while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
    message = message.substr(0, end);
  }
  wire.set_message(std::string(message));
  std::vector<google::protobuf::Any> details;
  status.ForEachPayload([&details](absl::string_view url, const absl::Cord& payload) {
    // A mark of edugate's own is no detail.
    if (!absl::StartsWith(url, kTypePrefix)) return;
    google::protobuf::Any any;
    any.set_type_url(std::string(url));
    any.set_value(std::string(payload));
    details.push_back(std::move(any));
  });
  std::sort(details.begin(), details.end(), [](const auto& a, const auto& b) {
    return std::pair(KeepRank(a.type_url()), a.type_url()) <
           std::pair(KeepRank(b.type_url()), b.type_url());
  });
  for (google::protobuf::Any& detail : details) {
    *wire.add_details() = std::move(detail);
    if (wire.ByteSizeLong() > kMaxStatusBytes) wire.mutable_details()->RemoveLast();
  }
  return wire;
}

std::string SafeToken(absl::string_view text) {
  constexpr size_t kMaxToken = 64;
  if (text.empty() || text.size() > kMaxToken) return "";
  for (char c : text) {
    if (!absl::ascii_isalnum(c) && c != '_' && c != '-' && c != '.') return "";
  }
  return std::string(text);
}

}  // namespace edugate::errors
