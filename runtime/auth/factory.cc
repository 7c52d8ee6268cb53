#include "runtime/auth/factory.h"

#include "runtime/auth/oauth2_client_authorizer.h"
#include "runtime/auth/static_authorizer.h"

namespace edugate::auth {
namespace {

// Makes the authorizer of whichever scheme the options hold.
struct Maker {
  using Made = absl::StatusOr<std::unique_ptr<Authorizer>>;

  Made operator()(BearerOptions& options) const {
    return StaticAuthorizer::Bearer(std::move(options), clock);
  }
  Made operator()(ApiKeyOptions& options) const {
    return StaticAuthorizer::ApiKey(std::move(options), clock);
  }
  Made operator()(BasicOptions& options) const {
    return StaticAuthorizer::Basic(std::move(options), clock);
  }
  Made operator()(OAuth2ClientOptions& options) {
    return OAuth2ClientAuthorizer::Make(std::move(options), origin, http, clock,
                                        std::move(on_fetch));
  }

  const errors::Origin& origin;
  http::HttpClient* http;
  const async::Clock* clock;
  FetchListener on_fetch;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Authorizer>> MakeAuthorizer(AuthOptions options,
                                                           http::HttpClient* http,
                                                           const async::Clock* clock) {
  return std::visit(Maker{options.origin, http, clock, std::move(options.on_fetch)},
                    options.scheme);
}

}  // namespace edugate::auth
