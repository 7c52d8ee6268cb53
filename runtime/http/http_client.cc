#include "runtime/http/http_client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"

namespace edugate::http {

void BodySink::Begin(const Response&) {}

void BodySink::Resume() {
  if (transfer_ != nullptr) transfer_->ResumeTransfer();
}

void BodySource::Resume() {
  if (transfer_ != nullptr) transfer_->ResumeTransfer();
}

void Request::SetHeader(absl::string_view name, std::string value) {
  const auto named = [name](const Header& header) {
    return absl::EqualsIgnoreCase(header.name, name);
  };
  const auto first = std::find_if(headers.begin(), headers.end(), named);
  if (first == headers.end()) {
    headers.push_back({std::string(name), std::move(value)});
    return;
  }
  first->value = std::move(value);
  headers.erase(std::remove_if(first + 1, headers.end(), named), headers.end());
}

std::optional<absl::string_view> Response::find_header(absl::string_view name) const {
  for (const Header& header : headers) {
    if (absl::EqualsIgnoreCase(header.name, name)) return absl::string_view(header.value);
  }
  return std::nullopt;
}

absl::string_view Response::header(absl::string_view name) const {
  return find_header(name).value_or(absl::string_view());
}

absl::string_view FailureName(Failure failure) {
  switch (failure) {
    case Failure::kNone:
      return "none";
    case Failure::kRequestRefused:
      return "request_refused";
    case Failure::kResolve:
      return "resolve";
    case Failure::kConnect:
      return "connect";
    case Failure::kTls:
      return "tls";
    case Failure::kTimeout:
      return "timeout";
    case Failure::kReset:
      return "reset";
    case Failure::kTruncated:
      return "truncated";
    case Failure::kTooLarge:
      return "too_large";
    case Failure::kBadEncoding:
      return "bad_encoding";
    case Failure::kProtocol:
      return "protocol";
    case Failure::kDeadline:
      return "deadline";
    case Failure::kCancelled:
      return "cancelled";
    case Failure::kNoRoom:
      return "no_room";
    case Failure::kLocal:
      return "local";
  }
  return "unknown";
}

}  // namespace edugate::http
