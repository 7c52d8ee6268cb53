// Keys and tokens for tests: what an issuer has.
#ifndef EDUGATE_RUNTIME_IDENTITY_TEST_KEY_H_
#define EDUGATE_RUNTIME_IDENTITY_TEST_KEY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "runtime/identity/jwk_set.h"

struct evp_pkey_st;

namespace edugate::identity {

// A new key pair.
class TestKey {
 public:
  // `rsa_bits` is the size of an RSA key.
  explicit TestKey(KeyType type, int rsa_bits = 2048);

  // The public key as a JSON Web Key. `more` is further members, as in `"alg":"RS256"`.
  std::string Jwk(absl::string_view kid, absl::string_view more = "") const;

  // The signature of `text` as JWS writes it.
  std::string Sign(Algorithm algorithm, absl::string_view text) const;

  // A token of these claims (JSON). `header` is the whole header, as in
  // `{"alg":"RS256","kid":"a"}`.
  std::string Token(Algorithm algorithm, absl::string_view header, absl::string_view claims) const;

 private:
  const KeyType type_;
  std::shared_ptr<evp_pkey_st> key_;
};

// {"keys":[...]}
std::string KeySet(const std::vector<std::string>& jwks);

}  // namespace edugate::identity

#endif  // EDUGATE_RUNTIME_IDENTITY_TEST_KEY_H_
