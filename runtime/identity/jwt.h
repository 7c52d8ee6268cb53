// A JSON Web Token, taken apart (RFC 7519 in the compact form of RFC 7515). Nothing of it is to be
// believed before its signature has been checked: JwtVerifier does.
#ifndef EDUGATE_RUNTIME_IDENTITY_JWT_H_
#define EDUGATE_RUNTIME_IDENTITY_JWT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/identity/jwk_set.h"

namespace edugate::identity {

// The longest token, in bytes; a longer one is not looked at.
inline constexpr std::size_t kMaxJwtBytes = 8192;

// The longest name of a caller, in bytes.
inline constexpr std::size_t kMaxCallerNameBytes = 256;

struct Jwt {
  Algorithm algorithm = Algorithm::kRs256;
  std::string key_id;             // `kid`; may be empty
  absl::string_view signed_text;  // of the token
  std::string signature;

  std::string issuer;                    // `iss`; may be empty
  std::vector<std::string> audience;     // `aud`
  std::optional<absl::Time> expiry;      // `exp`
  std::optional<absl::Time> not_before;  // `nbf`
  std::string caller;  // the claim that names the caller; empty where it is no usable name
};

// Takes `token` apart; `caller_claim` is the claim that names the caller. Nothing where it isn't a
// signed token of an algorithm that edugate takes, has an extension that must be understood
// (`crit`), or a claim of the wrong type. `token` outlives the result.
std::optional<Jwt> ReadJwt(absl::string_view token, const std::string& caller_claim);

}  // namespace edugate::identity

#endif  // EDUGATE_RUNTIME_IDENTITY_JWT_H_
