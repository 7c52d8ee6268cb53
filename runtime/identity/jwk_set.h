// The keys with which tokens are checked: a JSON Web Key Set (RFC 7517, RFC 7518 section 6, RFC
// 8037).
#ifndef EDUGATE_RUNTIME_IDENTITY_JWK_SET_H_
#define EDUGATE_RUNTIME_IDENTITY_JWK_SET_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct evp_pkey_st;

namespace edugate::identity {

// The most keys of a set that are used.
inline constexpr std::size_t kMaxJwks = 100;

// What a key is, and so which signatures it can check.
enum class KeyType { kRsa, kP256, kP384, kEd25519 };

// A signature algorithm of RFC 7518 and RFC 8037. There is none for `none` and HS*: a token that
// asks for them is not readable (Jwt).
enum class Algorithm { kRs256, kRs384, kRs512, kPs256, kEs256, kEs384, kEdDsa };

// The algorithm of this name, as in RS256 (`alg`); nothing where edugate doesn't take it.
std::optional<Algorithm> AlgorithmNamed(absl::string_view name);

// The type that the algorithm's key must have.
KeyType KeyTypeFor(Algorithm algorithm);

// One public key.
class Jwk {
 public:
  const std::string& id() const { return id_; }  // `kid`; may be empty

  // Whether the key may check signatures of this algorithm: its type fits, and its own `alg`, where
  // it has one, says the same.
  bool Fits(Algorithm algorithm) const;

  // Whether `signature`, as JWS writes it, is of `text`. False also where the key doesn't fit.
  bool Verify(Algorithm algorithm, absl::string_view text, absl::string_view signature) const;

 private:
  friend class JwkSet;

  std::string id_;
  std::string algorithm_;  // `alg`; may be empty
  KeyType type_ = KeyType::kRsa;
  std::shared_ptr<evp_pkey_st> key_;
};

// Immutable; used from every thread.
class JwkSet {
 public:
  // Reads a set. Keys of other types, for encryption, too weak (RSA below 2048 bits) or not well
  // formed are passed over, as RFC 7517 says. INVALID_ARGUMENT where the text is no set or no key
  // is left; the message shows nothing of it.
  static absl::StatusOr<JwkSet> Parse(absl::string_view json);

  // The keys that may have made a signature: those of the id, or all where the token names none,
  // as far as they fit the algorithm.
  std::vector<const Jwk*> Candidates(Algorithm algorithm, absl::string_view id) const;

  std::size_t size() const { return keys_.size(); }

 private:
  std::vector<Jwk> keys_;
};

}  // namespace edugate::identity

#endif  // EDUGATE_RUNTIME_IDENTITY_JWK_SET_H_
