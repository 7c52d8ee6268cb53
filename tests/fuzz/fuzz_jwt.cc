// Tokens that anybody may send: none is believed without its signature, whatever it is made of.

#include "runtime/identity/jwk_set.h"
#include "runtime/identity/jwt.h"
#include "runtime/identity/jwt_verifier.h"
#include "tests/fuzz/invariant.h"

namespace {

using edugate::identity::JwkSet;
using edugate::identity::Jwt;
using edugate::identity::JwtRules;

// Keys of each type, whose private halves nobody has.
const JwkSet& Keys() {
  static const JwkSet* keys =
      new JwkSet(*JwkSet::Parse(R"({"keys":[{"kty":"EC","crv":"P-256","kid":"e",)"
                                R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                                R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},)"
                                R"({"kty":"OKP","crv":"Ed25519","kid":"o",)"
                                R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})"));
  return *keys;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const absl::string_view token(reinterpret_cast<const char*>(data), size);
  const auto jwt = edugate::identity::ReadJwt(token, "sub");
  if (!jwt.has_value()) return 0;
  edugate::fuzz::Require(size <= edugate::identity::kMaxJwtBytes, "a long token is not looked at");
  edugate::fuzz::Require(!jwt->signature.empty(), "a token has a signature");
  for (const char c : jwt->caller)
    edugate::fuzz::Require(c > ' ' && c < '\x7f', "a caller's name can stand in a log");
  const JwtRules rules{.issuer = "issuer", .audience = "edugate"};
  const absl::Status claims =
      edugate::identity::CheckClaims(*jwt, rules, absl::FromUnixSeconds(1'800'000'000));
  edugate::fuzz::Require(!claims.ok() || (!jwt->caller.empty() && jwt->expiry.has_value()),
                         "a token that is believed names its caller and ends");
  for (const auto* key : Keys().Candidates(jwt->algorithm, jwt->key_id)) {
    // The examples of RFC 7515 A.3 and RFC 8037 A.4 are signed by these keys, and name no caller.
    const bool genuine = key->Verify(jwt->algorithm, jwt->signed_text, jwt->signature);
    edugate::fuzz::Require(!genuine || jwt->caller.empty(), "nobody can sign for these keys");
  }
  return 0;
}
