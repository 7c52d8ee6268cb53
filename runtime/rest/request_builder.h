// From a request message to an HTTP request: path, query, headers and body as the operation
// declares them.
#ifndef RUNTIME_REST_REQUEST_BUILDER_H_
#define RUNTIME_REST_REQUEST_BUILDER_H_

#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "runtime/http/http_client.h"
#include "runtime/rest/operation.h"

namespace edugate::rest {

// Where a connection's requests go.
struct Endpoint {
  // https://host[:port][/prefix], without a trailing slash, query or fragment.
  std::string base_url;
  // Sent with every request beside what the operation declares, as a fixed API version.
  std::vector<http::Header> headers;
};

// The request in HTTP's terms. INVALID_ARGUMENT, naming the field, where a value can't be sent.
absl::StatusOr<http::Request> BuildRequest(const Operation& operation, const Endpoint& endpoint,
                                           const google::protobuf::Message& request);

}  // namespace edugate::rest

#endif  // RUNTIME_REST_REQUEST_BUILDER_H_
