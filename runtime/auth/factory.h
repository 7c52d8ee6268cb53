// A connection's authorizer, from what its configuration says.
#ifndef EDUGATE_RUNTIME_AUTH_FACTORY_H_
#define EDUGATE_RUNTIME_AUTH_FACTORY_H_

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/clock.h"
#include "runtime/auth/authorizer.h"
#include "runtime/auth/token.h"
#include "runtime/config/secret.h"
#include "runtime/errors/errors.h"
#include "runtime/http/http_client.h"

namespace edugate::auth {

// A token that doesn't change by itself: `Authorization: Bearer TOKEN`.
struct BearerOptions {
  config::SecretSource token;
};

// A key in a header of its own.
struct ApiKeyOptions {
  config::SecretSource key;
  std::string header = "api_key";
};

// A user and password with every request (RFC 7617).
struct BasicOptions {
  config::SecretSource username;
  config::SecretSource password;
};

// Where a token request carries the client's credentials.
enum class CredentialsPlacement {
  kBody,         // As client_id and client_secret in the body.
  kBasicHeader,  // As Authorization: Basic.
};

// How a token request's body is written.
enum class TokenRequestBody {
  kForm,  // application/x-www-form-urlencoded with grant_type=client_credentials.
  kJson,  // A JSON object of `extra`, token_type and scope, and of the credentials if they stand in
          // the body; `{}` if there is nothing to say.
};

// OAuth 2.0 client credentials (RFC 6749, section 4.4).
struct OAuth2ClientOptions {
  std::string token_url;
  config::SecretSource client_id;
  config::SecretSource client_secret;
  CredentialsPlacement credentials_in = CredentialsPlacement::kBody;
  TokenRequestBody request_body = TokenRequestBody::kForm;
  std::string token_type;  // Asked for with this parameter; empty: not sent.
  std::string scope;       // Separated by blanks; empty: not sent.
  std::vector<std::pair<std::string, std::string>> extra;  // Further parameters.

  // The word before the token in the Authorization header of calls. Empty: by the reply's
  // token_type, JWT for `jwt` and Bearer for `bearer` or none.
  std::string header_scheme;

  // A 403 of the token endpoint is its rate limit, as it is at edX, and not a bad credential.
  bool forbidden_is_rate_limit = false;

  // How its tokens are kept.
  TokenUse use;

  // The life of a token whose reply doesn't say, or says what can't be read; and the longest that
  // any is taken for, at most kMaxTokenLife.
  absl::Duration default_life = kDefaultTokenLife;
  absl::Duration max_life = kMaxTokenLife;
};

// What an authorizer is made of.
struct AuthOptions {
  std::variant<BearerOptions, ApiKeyOptions, BasicOptions, OAuth2ClientOptions> scheme;

  // The connection and the provider, for errors.
  errors::Origin origin;

  // Hears of each token request's end; may be empty.
  FetchListener on_fetch;
};

// Reads the secrets the first time and checks them. The error says which part is wrong (`token`,
// `key`, `username`, `password`, `client_id`, `client_secret`, `header`, `token_url`...) and never
// shows a secret: INVALID_ARGUMENT for a secret or an option that can't be sent, else as
// SecretSource::Read. `http` (used for tokens only) and `clock` outlive the authorizer and every
// loop's tasks.
absl::StatusOr<std::unique_ptr<Authorizer>> MakeAuthorizer(AuthOptions options,
                                                           http::HttpClient* http,
                                                           const async::Clock* clock);

}  // namespace edugate::auth

#endif  // EDUGATE_RUNTIME_AUTH_FACTORY_H_
