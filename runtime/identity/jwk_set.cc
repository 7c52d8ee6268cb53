#include "runtime/identity/jwk_set.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "nlohmann/json.hpp"
#include "runtime/identity/base64url.h"

namespace edugate::identity {
namespace {

using nlohmann::json;

constexpr int kLeastRsaBits = 2048;
constexpr int kMostRsaBits = 8192;
// 65537 has 17 bits; a longer exponent makes a check slow.
constexpr int kMostExponentBits = 64;
constexpr size_t kEd25519Bytes = 32;

struct Row {
  const char* name;
  Algorithm algorithm;
};

constexpr Row kAlgorithms[] = {{"RS256", Algorithm::kRs256}, {"RS384", Algorithm::kRs384},
                               {"RS512", Algorithm::kRs512}, {"PS256", Algorithm::kPs256},
                               {"ES256", Algorithm::kEs256}, {"ES384", Algorithm::kEs384},
                               {"EdDSA", Algorithm::kEdDsa}};

template <auto kFree>
struct Freeing {
  template <typename T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};
template <typename T, auto kFree>
using Owned = std::unique_ptr<T, Freeing<kFree>>;

using Number = Owned<BIGNUM, &BN_free>;
using Key = std::shared_ptr<EVP_PKEY>;

Key Own(EVP_PKEY* key) { return Key(key, &EVP_PKEY_free); }

std::string TextOf(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::string> BytesOf(const json& object, const char* name) {
  const std::string text = TextOf(object, name);
  if (text.empty()) return std::nullopt;
  return DecodeBase64Url(text);
}

Number ToNumber(const std::string& bytes) {
  return Number(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                          static_cast<int>(bytes.size()), nullptr));
}

// The public key of these parameters; null where they make none.
Key MakeKey(const char* type, OSSL_PARAM_BLD* builder) {
  const Owned<OSSL_PARAM, &OSSL_PARAM_free> parameters(OSSL_PARAM_BLD_to_param(builder));
  const Owned<EVP_PKEY_CTX, &EVP_PKEY_CTX_free> context(
      EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (parameters == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return nullptr;
  }
  return Own(key);
}

Key MakeRsa(const json& object) {
  const auto n = BytesOf(object, "n");
  const auto e = BytesOf(object, "e");
  if (!n.has_value() || !e.has_value() || n->size() > kMostRsaBits / 8 + 1 || e->size() > 16) {
    return nullptr;
  }
  const Number modulus = ToNumber(*n);
  const Number exponent = ToNumber(*e);
  const int bits = BN_num_bits(modulus.get());
  if (bits < kLeastRsaBits || bits > kMostRsaBits || !BN_is_odd(modulus.get()) ||
      !BN_is_odd(exponent.get()) || BN_is_one(exponent.get()) ||
      BN_num_bits(exponent.get()) > kMostExponentBits) {
    return nullptr;
  }
  const Owned<OSSL_PARAM_BLD, &OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
    return nullptr;
  }
  return MakeKey("RSA", builder.get());
}

Key MakeEc(const json& object, const char* group, size_t coordinate_bytes) {
  const auto x = BytesOf(object, "x");
  const auto y = BytesOf(object, "y");
  if (!x.has_value() || !y.has_value() || x->size() != coordinate_bytes ||
      y->size() != coordinate_bytes) {
    return nullptr;
  }
  const std::string point = std::string(1, '\x04') + *x + *y;
  const Owned<OSSL_PARAM_BLD, &OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  if (OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, group, 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1) {
    return nullptr;
  }
  return MakeKey("EC", builder.get());
}

Key MakeEd25519(const json& object) {
  const auto x = BytesOf(object, "x");
  if (!x.has_value() || x->size() != kEd25519Bytes) return nullptr;
  return Own(EVP_PKEY_new_raw_public_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(x->data()), x->size()));
}

// Whether the key is meant for signatures.
bool ForSignatures(const json& object) {
  const std::string use = TextOf(object, "use");
  if (!use.empty() && use != "sig") return false;
  const auto operations = object.find("key_ops");
  if (operations == object.end()) return true;
  return operations->is_array() && std::any_of(operations->begin(), operations->end(),
                                               [](const json& each) { return each == "verify"; });
}

const EVP_MD* DigestOf(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kRs256:
    case Algorithm::kPs256:
    case Algorithm::kEs256:
      return EVP_sha256();
    case Algorithm::kRs384:
    case Algorithm::kEs384:
      return EVP_sha384();
    case Algorithm::kRs512:
      return EVP_sha512();
    case Algorithm::kEdDsa:
      break;
  }
  return nullptr;
}

// JWS writes an ECDSA signature as its two numbers, each as long as the curve's; OpenSSL reads it
// as DER.
std::string EcdsaToDer(absl::string_view raw, size_t number_bytes) {
  if (raw.size() != 2 * number_bytes) return "";
  const Owned<ECDSA_SIG, &ECDSA_SIG_free> signature(ECDSA_SIG_new());
  Number r = ToNumber(std::string(raw.substr(0, number_bytes)));
  Number s = ToNumber(std::string(raw.substr(number_bytes)));
  if (ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return "";
  static_cast<void>(r.release());
  static_cast<void>(s.release());
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  if (size <= 0) return "";
  std::string bytes(reinterpret_cast<const char*>(der), size);
  OPENSSL_free(der);
  return bytes;
}

constexpr size_t kP256Bytes = 32;
constexpr size_t kP384Bytes = 48;

}  // namespace

std::optional<Algorithm> AlgorithmNamed(absl::string_view name) {
  const auto* const named = std::find_if(std::begin(kAlgorithms), std::end(kAlgorithms),
                                         [&](const Row& row) { return row.name == name; });
  if (named == std::end(kAlgorithms)) return std::nullopt;
  return named->algorithm;
}

KeyType KeyTypeFor(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kEs256:
      return KeyType::kP256;
    case Algorithm::kEs384:
      return KeyType::kP384;
    case Algorithm::kEdDsa:
      return KeyType::kEd25519;
    default:
      return KeyType::kRsa;
  }
}

bool Jwk::Fits(Algorithm algorithm) const {
  if (KeyTypeFor(algorithm) != type_) return false;
  return algorithm_.empty() || AlgorithmNamed(algorithm_) == algorithm;
}

bool Jwk::Verify(Algorithm algorithm, absl::string_view text, absl::string_view signature) const {
  if (!Fits(algorithm)) return false;
  std::string der;
  if (type_ == KeyType::kP256 || type_ == KeyType::kP384) {
    der = EcdsaToDer(signature, type_ == KeyType::kP256 ? kP256Bytes : kP384Bytes);
    if (der.empty()) return false;
    signature = der;
  }
  const Owned<EVP_MD_CTX, &EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;  // the digest context's own
  if (context == nullptr || EVP_DigestVerifyInit(context.get(), &key_context, DigestOf(algorithm),
                                                 nullptr, key_.get()) != 1) {
    return false;
  }
  if (algorithm == Algorithm::kPs256 &&
      (EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) != 1 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    return false;
  }
  return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                          text.size()) == 1;
}

absl::StatusOr<JwkSet> JwkSet::Parse(absl::string_view text) {
  const json set = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  const auto keys = set.is_object() ? set.find("keys") : set.end();
  if (!set.is_object() || keys == set.end() || !keys->is_array()) {
    return absl::InvalidArgumentError("is no JSON Web Key Set");
  }
  JwkSet result;
  for (const json& each : *keys) {
    if (result.keys_.size() == kMaxJwks) break;
    if (!each.is_object() || !ForSignatures(each)) continue;
    const std::string type = TextOf(each, "kty");
    const std::string curve = TextOf(each, "crv");
    Jwk key;
    if (type == "RSA") {
      key.type_ = KeyType::kRsa;
      key.key_ = MakeRsa(each);
    } else if (type == "EC" && curve == "P-256") {
      key.type_ = KeyType::kP256;
      key.key_ = MakeEc(each, "P-256", kP256Bytes);
    } else if (type == "EC" && curve == "P-384") {
      key.type_ = KeyType::kP384;
      key.key_ = MakeEc(each, "P-384", kP384Bytes);
    } else if (type == "OKP" && curve == "Ed25519") {
      key.type_ = KeyType::kEd25519;
      key.key_ = MakeEd25519(each);
    }
    if (key.key_ == nullptr) continue;
    key.id_ = TextOf(each, "kid");
    key.algorithm_ = TextOf(each, "alg");
    result.keys_.push_back(std::move(key));
  }
  if (result.keys_.empty()) {
    return absl::InvalidArgumentError(
        "holds no key for RS256, RS384, RS512, PS256, ES256, ES384 or EdDSA");
  }
  return result;
}

std::vector<const Jwk*> JwkSet::Candidates(Algorithm algorithm, absl::string_view id) const {
  std::vector<const Jwk*> candidates;
  for (const Jwk& key : keys_) {
    if (key.Fits(algorithm) && (id.empty() || key.id() == id)) candidates.push_back(&key);
  }
  return candidates;
}

}  // namespace edugate::identity
