// Authorizers whose credential is the secret itself.
#ifndef EDUGATE_RUNTIME_AUTH_STATIC_AUTHORIZER_H_
#define EDUGATE_RUNTIME_AUTH_STATIC_AUTHORIZER_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "runtime/async/clock.h"
#include "runtime/auth/authorizer.h"
#include "runtime/auth/factory.h"
#include "runtime/config/rotating_secret.h"

namespace edugate::auth {

// Sends a secret, or a user and password, in a header of every request, and follows their files.
class StaticAuthorizer final : public Authorizer {
 public:
  // Errors as MakeAuthorizer. `clock` outlives the authorizer.
  static absl::StatusOr<std::unique_ptr<Authorizer>> Bearer(BearerOptions options,
                                                            const async::Clock* clock);
  static absl::StatusOr<std::unique_ptr<Authorizer>> ApiKey(ApiKeyOptions options,
                                                            const async::Clock* clock);
  static absl::StatusOr<std::unique_ptr<Authorizer>> Basic(BasicOptions options,
                                                           const async::Clock* clock);

  // Never fails and never waits.
  async::Task<absl::Status> Authorize(async::CallContext& call, http::Request& request) override;

  // True if the file has changed since, so that the next attempt brings another credential.
  bool OnRefused(const http::Request& request) override;

 private:
  using SecretPtr = std::unique_ptr<config::RotatingSecret>;

  // `prefix` stands before the secret. With a `user`, both make Basic credentials.
  StaticAuthorizer(std::string header, std::string prefix, SecretPtr user, SecretPtr secret)
      : header_(std::move(header)),
        prefix_(std::move(prefix)),
        user_(std::move(user)),
        secret_(std::move(secret)) {}

  std::string Value(bool fresh);

  const std::string header_;
  const std::string prefix_;
  const SecretPtr user_;
  const SecretPtr secret_;
};

}  // namespace edugate::auth

#endif  // EDUGATE_RUNTIME_AUTH_STATIC_AUTHORIZER_H_
