// Which replies may be kept, and under which name.
#ifndef RUNTIME_REST_REPLY_KEEPING_H_
#define RUNTIME_REST_REPLY_KEEPING_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "runtime/http/http_client.h"
#include "runtime/resilience/kept_reply.h"

namespace edugate::rest {

// The caller, the operation and the whole request as it was built, without the credential: each
// part with its length, so that no two keys run together.
std::string CacheKey(absl::string_view caller, absl::string_view operation,
                     const http::Request& request);

// Whether the answer may be kept: a plain 200 that does not forbid it (Cache-Control: no-store).
bool MayKeep(const http::Response& response);

// The answer's ETag as If-None-Match takes it; empty where there is none that can be sent back.
std::string EtagOf(const http::Response& response);

// A copy of the reply for others.
std::shared_ptr<const resilience::KeptReply> Kept(const google::protobuf::Message& reply,
                                                  std::string etag);

}  // namespace edugate::rest

#endif  // RUNTIME_REST_REPLY_KEEPING_H_
