// The OAuth 2.0 token endpoint of a provider.
#ifndef EDUGATE_RUNTIME_AUTH_TOKEN_ENDPOINT_H_
#define EDUGATE_RUNTIME_AUTH_TOKEN_ENDPOINT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/async/clock.h"
#include "runtime/async/task.h"
#include "runtime/auth/factory.h"
#include "runtime/auth/token.h"
#include "runtime/config/rotating_secret.h"
#include "runtime/http/http_client.h"

namespace edugate::auth {

// The request for a token with these credentials. Pure.
http::Request MakeTokenRequest(const OAuth2ClientOptions& options, absl::string_view client_id,
                               absl::string_view client_secret);

// What the endpoint's answer means. Pure. `wall_now` is for replies and headers that name a time of
// the calendar. A failure's message is edugate's own words: nothing of the body reaches it but a
// registered error code of OAuth.
FetchResult ReadTokenAnswer(const OAuth2ClientOptions& options, http::Exchange exchange,
                            absl::Time wall_now);

// Sends the one and reads the other.
class TokenEndpoint final : public TokenFetcher {
 public:
  // Errors as MakeAuthorizer. `http` and `clock` outlive the endpoint.
  static absl::StatusOr<std::shared_ptr<TokenFetcher>> Make(OAuth2ClientOptions options,
                                                            http::HttpClient* http,
                                                            const async::Clock* clock);

  async::Task<FetchResult> Fetch(async::CallContext& call) override;

 private:
  TokenEndpoint(OAuth2ClientOptions options, std::unique_ptr<config::RotatingSecret> client_id,
                std::unique_ptr<config::RotatingSecret> client_secret, http::HttpClient* http,
                const async::Clock* clock);

  const OAuth2ClientOptions options_;
  const std::unique_ptr<config::RotatingSecret> client_id_;
  const std::unique_ptr<config::RotatingSecret> client_secret_;
  http::HttpClient* const http_;
  const async::Clock* const clock_;
};

}  // namespace edugate::auth

#endif  // EDUGATE_RUNTIME_AUTH_TOKEN_ENDPOINT_H_
