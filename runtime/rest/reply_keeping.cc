#include "runtime/rest/reply_keeping.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace edugate::rest {
namespace {

constexpr int kPlainSuccess = 200;
// None in use comes near it.
constexpr size_t kMaxEtagBytes = 256;

void AppendPart(absl::string_view part, std::string& key) {
  absl::StrAppend(&key, part.size(), ":", part);
}

}  // namespace

std::string CacheKey(absl::string_view caller, absl::string_view operation,
                     const http::Request& request) {
  std::string key;
  AppendPart(caller, key);
  AppendPart(operation, key);
  AppendPart(request.url, key);
  AppendPart(request.body, key);
  absl::StrAppend(&key, request.max_response_bytes);
  for (const http::Header& header : request.headers) {
    AppendPart(header.name, key);
    AppendPart(header.value, key);
  }
  return key;
}

bool MayKeep(const http::Response& response) {
  if (response.status != kPlainSuccess) return false;
  const std::string directives = absl::AsciiStrToLower(response.header("Cache-Control"));
  return !absl::StrContains(directives, "no-store");
}

std::string EtagOf(const http::Response& response) {
  const absl::string_view etag = response.header("ETag");
  const bool sendable =
      etag.size() <= kMaxEtagBytes &&
      std::all_of(etag.begin(), etag.end(), [](char c) { return c >= ' ' && c < '\x7f'; });
  return sendable ? std::string(etag) : std::string();
}

std::shared_ptr<const resilience::KeptReply> Kept(const google::protobuf::Message& reply,
                                                  std::string etag) {
  auto kept = std::make_shared<resilience::KeptReply>();
  std::unique_ptr<google::protobuf::Message> copy(reply.New());
  copy->CopyFrom(reply);
  kept->message = std::move(copy);
  kept->etag = std::move(etag);
  return kept;
}

}  // namespace edugate::rest
