// Who a token says is calling, if it is to be believed.
#ifndef EDUGATE_RUNTIME_IDENTITY_JWT_VERIFIER_H_
#define EDUGATE_RUNTIME_IDENTITY_JWT_VERIFIER_H_

#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/async/clock.h"
#include "runtime/config/rotating_secret.h"
#include "runtime/identity/jwk_set.h"
#include "runtime/identity/token_memory.h"

namespace edugate::identity {

struct Jwt;

struct JwtRules {
  std::string jwks_file;  // read again when it changes; a bad new one leaves the last good one
  std::string issuer;     // what `iss` must be
  std::string audience;   // what `aud` must be or contain
  std::string caller_claim = "sub";
  // How far the issuer's clock may be off.
  absl::Duration clock_skew = absl::Seconds(30);
};

// Whether a token with these claims is to be believed, given that its signature is: it has an
// expiry that has not passed, its time has come, and it is of the issuer, for the audience, and
// names a caller. The message says which, and nothing of the token.
absl::Status CheckClaims(const Jwt& jwt, const JwtRules& rules, absl::Time now);

// Thread-safe.
class JwtVerifier {
 public:
  // A token that was checked is believed without another check for at most so long.
  static constexpr absl::Duration kMemory = absl::Minutes(5);
  static constexpr std::size_t kRememberedTokens = 8192;

  // INVALID_ARGUMENT or the file's error where the key set can't be used. `clock` outlives it.
  static absl::StatusOr<std::unique_ptr<JwtVerifier>> Open(JwtRules rules,
                                                           const async::Clock* clock);

  // The name that the token gives its caller. UNAUTHENTICATED with a sentence that shows nothing of
  // the token. Never blocks for long: at most a few signatures are checked.
  absl::StatusOr<std::shared_ptr<const std::string>> Verify(absl::string_view token);

 private:
  JwtVerifier(JwtRules rules, std::unique_ptr<config::RotatingSecret> file,
              const async::Clock* clock);

  // The keys as their file has them now. Forgets the tokens where they have changed.
  std::shared_ptr<const JwkSet> Keys();

  const JwtRules rules_;
  const std::unique_ptr<config::RotatingSecret> file_;
  const async::Clock* const clock_;
  TokenMemory memory_{kRememberedTokens / 2};

  std::mutex mutex_;
  std::shared_ptr<const config::Secret> text_;  // These two under the mutex.
  std::shared_ptr<const JwkSet> keys_;
};

}  // namespace edugate::identity

#endif  // EDUGATE_RUNTIME_IDENTITY_JWT_VERIFIER_H_
