#include "runtime/rest/classifier.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "runtime/http/retry_after.h"

namespace edugate::rest {
namespace {

// How long to leave a provider alone that refuses for now and names no time.
constexpr absl::Duration kDefaultRetryAfter = absl::Seconds(1);

struct StatusRow {
  int first;
  int last;
  edugate::v1::ErrorReason reason;
  // Sent again by edugate where the effect allows it.
  bool transient;
  const char* message;
};

// The first row that holds the status wins.
constexpr std::array kStatusTable = {
    StatusRow{401, 401, edugate::v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID, false,
              "the provider refused the connection's credential"},
    StatusRow{403, 403, edugate::v1::ERROR_REASON_PROVIDER_DENIED, false,
              "the provider denies this to the connection's account"},
    StatusRow{404, 404, edugate::v1::ERROR_REASON_RESOURCE_NOT_FOUND, false,
              "the provider does not know the resource"},
    StatusRow{410, 410, edugate::v1::ERROR_REASON_RESOURCE_NOT_FOUND, false,
              "the provider no longer has the resource"},
    StatusRow{405, 405, edugate::v1::ERROR_REASON_OPERATION_NOT_SUPPORTED, false,
              "the provider does not offer the operation"},
    StatusRow{501, 501, edugate::v1::ERROR_REASON_OPERATION_NOT_SUPPORTED, false,
              "the provider does not offer the operation"},
    StatusRow{409, 409, edugate::v1::ERROR_REASON_PROVIDER_CONFLICT, false,
              "the request conflicts with the resource's state at the provider"},
    StatusRow{423, 423, edugate::v1::ERROR_REASON_PROVIDER_LOCKED, false,
              "the resource is locked at the provider"},
    StatusRow{408, 408, edugate::v1::ERROR_REASON_PROVIDER_UNAVAILABLE, true,
              "the provider gave up waiting for the request"},
    StatusRow{429, 429, edugate::v1::ERROR_REASON_PROVIDER_RATE_LIMITED, true,
              "the provider limits the rate of requests"},
    StatusRow{400, 499, edugate::v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST, false,
              "the provider refused the request"},
    StatusRow{502, 504, edugate::v1::ERROR_REASON_PROVIDER_UNAVAILABLE, true,
              "the provider is unavailable"},
    // Gateways in front of a provider that could not reach it (Cloudflare's 520 to 527 and the
    // like).
    StatusRow{520, 530, edugate::v1::ERROR_REASON_PROVIDER_UNAVAILABLE, true,
              "the provider is unavailable"},
    StatusRow{500, 599, edugate::v1::ERROR_REASON_PROVIDER_ERROR, true, "the provider failed"},
};

bool IsWrite(const Operation& operation) { return operation.effect() != v1::EFFECT_READ; }

}  // namespace

std::optional<errors::ProviderFailure> ClassifyByHttpStatus(const Operation& operation,
                                                            const http::Response& response,
                                                            absl::Time now) {
  if (response.status >= 200 && response.status < 300) return std::nullopt;
  errors::ProviderFailure failure;
  failure.provider_status = absl::StrCat(response.status);
  failure.reason = edugate::v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID;
  failure.message = "the provider answered with a status that has no meaning here";
  for (const StatusRow& row : kStatusTable) {
    if (response.status < row.first || response.status > row.last) continue;
    failure.reason = row.reason;
    failure.message = row.message;
    failure.transient = row.transient;
    break;
  }
  if (response.status >= 300 && response.status < 400) {
    failure.message = "the provider redirects, which is not followed";
  }
  // A provider that failed while it worked on a write may have done it.
  if (failure.reason == edugate::v1::ERROR_REASON_PROVIDER_ERROR && IsWrite(operation)) {
    failure.code = absl::StatusCode::kUnknown;
  }
  failure.retry_after = http::RetryAfterFrom(response, now);
  const bool refuses_for_now = failure.reason == edugate::v1::ERROR_REASON_PROVIDER_RATE_LIMITED ||
                               failure.reason == edugate::v1::ERROR_REASON_PROVIDER_LOCKED;
  if (refuses_for_now && !failure.retry_after.has_value()) failure.retry_after = kDefaultRetryAfter;
  return failure;
}

errors::ProviderFailure ClassifyTransport(const Operation& operation,
                                          const http::Exchange& exchange) {
  errors::ProviderFailure failure;
  failure.message = exchange.detail;
  failure.nothing_sent = !exchange.request_sent;
  switch (exchange.failure) {
    case http::Failure::kRequestRefused:
      failure.reason = edugate::v1::ERROR_REASON_ARGUMENT_INVALID;
      return failure;
    case http::Failure::kTooLarge:
    case http::Failure::kBadEncoding:
    case http::Failure::kProtocol:
      failure.reason = edugate::v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID;
      return failure;
    case http::Failure::kDeadline:
      failure.reason = edugate::v1::ERROR_REASON_DEADLINE_EXCEEDED;
      return failure;
    case http::Failure::kCancelled:
      failure.reason = edugate::v1::ERROR_REASON_CANCELLED;
      return failure;
    case http::Failure::kNone:
    case http::Failure::kResolve:
    case http::Failure::kConnect:
    case http::Failure::kTls:
    case http::Failure::kTimeout:
    case http::Failure::kReset:
    case http::Failure::kTruncated:
    case http::Failure::kNoRoom:
    case http::Failure::kLocal:
      break;
  }
  // The other side's certificate does not get better by asking again.
  const bool may_pass = exchange.failure != http::Failure::kTls;
  if (IsWrite(operation) && exchange.request_sent) {
    failure.reason = edugate::v1::ERROR_REASON_WRITE_OUTCOME_UNKNOWN;
    failure.message = absl::StrCat("the request was sent and no answer came: ", exchange.detail);
    failure.transient = may_pass && operation.repeatable();
    return failure;
  }
  failure.transient = may_pass;
  if (exchange.failure == http::Failure::kNoRoom) {
    failure.reason = edugate::v1::ERROR_REASON_LOCAL_LIMIT;
    failure.retry_after = kDefaultRetryAfter;
    return failure;
  }
  failure.reason = edugate::v1::ERROR_REASON_PROVIDER_UNAVAILABLE;
  return failure;
}

}  // namespace edugate::rest
