// OAuth 2.0 client credentials as an Authorizer.
#ifndef EDUGATE_RUNTIME_AUTH_OAUTH2_CLIENT_AUTHORIZER_H_
#define EDUGATE_RUNTIME_AUTH_OAUTH2_CLIENT_AUTHORIZER_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/auth/authorizer.h"
#include "runtime/auth/factory.h"
#include "runtime/auth/token_cache.h"
#include "runtime/http/http_client.h"

namespace edugate::auth {

// Sends the connection's token, as TokenCache keeps it, in the Authorization header.
class OAuth2ClientAuthorizer final : public Authorizer {
 public:
  // Errors as MakeAuthorizer, and so is what must outlive it. `on_fetch` may be empty.
  static absl::StatusOr<std::unique_ptr<Authorizer>> Make(OAuth2ClientOptions options,
                                                          errors::Origin origin,
                                                          http::HttpClient* http,
                                                          const async::Clock* clock,
                                                          FetchListener on_fetch);

  // Over any fetcher.
  OAuth2ClientAuthorizer(std::shared_ptr<TokenFetcher> fetcher, const TokenUse& use,
                         errors::Origin origin, const async::Clock* clock);

  async::Task<absl::Status> Authorize(async::CallContext& call, http::Request& request) override;

  // Forgets the token that `request` carries, unless a newer one has come. False if it carries
  // none.
  bool OnRefused(const http::Request& request) override;

 private:
  TokenCache cache_;
};

}  // namespace edugate::auth

#endif  // EDUGATE_RUNTIME_AUTH_OAUTH2_CLIENT_AUTHORIZER_H_
