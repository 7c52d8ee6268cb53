// How a connection proves to its provider who it is.
#ifndef RUNTIME_AUTH_AUTHORIZER_H_
#define RUNTIME_AUTH_AUTHORIZER_H_

#include "absl/status/status.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "runtime/http/http_client.h"

namespace edugate::auth {

// Adds a credential to requests. Used from every loop at once.
class Authorizer {
 public:
  virtual ~Authorizer() = default;

  // Adds the credential to `request`, fetching a token first where that is needed. An error is a
  // status of the catalogue (errors.h): PROVIDER_CREDENTIALS_INVALID, PROVIDER_UNAVAILABLE, ...
  virtual async::Task<absl::Status> Authorize(async::CallContext& call, http::Request& request) = 0;

  // Tells that the provider refused the credential that `request` was given. True where another
  // attempt can do better: the credential was a token that has been dropped, so that the next
  // Authorize gets a new one.
  virtual bool OnRefused(const http::Request& request) = 0;
};

}  // namespace edugate::auth

#endif  // RUNTIME_AUTH_AUTHORIZER_H_
