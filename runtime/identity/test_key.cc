#include "runtime/identity/test_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/identity/base64url.h"

namespace edugate::identity {
namespace {

EVP_PKEY* Generate(KeyType type, int rsa_bits) {
  switch (type) {
    case KeyType::kRsa:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<size_t>(rsa_bits));
    case KeyType::kP256:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    case KeyType::kP384:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384");
    case KeyType::kEd25519:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  }
  return nullptr;
}

std::string NumberOf(EVP_PKEY* key, const char* name, int bytes) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(key, name, &number);
  std::string text(bytes > 0 ? bytes : BN_num_bytes(number), '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(text.data()),
               static_cast<int>(text.size()));
  BN_free(number);
  return EncodeBase64Url(text);
}

const EVP_MD* Digest(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kRs384:
    case Algorithm::kEs384:
      return EVP_sha384();
    case Algorithm::kRs512:
      return EVP_sha512();
    case Algorithm::kEdDsa:
      return nullptr;
    default:
      return EVP_sha256();
  }
}

std::string FromDer(const std::string& der, int number_bytes) {
  const auto* begin = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* signature = d2i_ECDSA_SIG(nullptr, &begin, static_cast<long>(der.size()));
  std::string raw(2 * number_bytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, number_bytes);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + number_bytes, number_bytes);
  ECDSA_SIG_free(signature);
  return raw;
}

}  // namespace

TestKey::TestKey(KeyType type, int rsa_bits)
    : type_(type), key_(Generate(type, rsa_bits), &EVP_PKEY_free) {}

std::string TestKey::Jwk(absl::string_view kid, absl::string_view more) const {
  std::string members;
  if (type_ == KeyType::kRsa) {
    members = absl::StrCat(R"("kty":"RSA","n":")", NumberOf(key_.get(), OSSL_PKEY_PARAM_RSA_N, 0),
                           R"(","e":")", NumberOf(key_.get(), OSSL_PKEY_PARAM_RSA_E, 0), "\"");
  } else if (type_ == KeyType::kEd25519) {
    std::string bytes(32, '\0');
    size_t size = bytes.size();
    EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(bytes.data()), &size);
    members = absl::StrCat(R"("kty":"OKP","crv":"Ed25519","x":")", EncodeBase64Url(bytes), "\"");
  } else {
    const bool small = type_ == KeyType::kP256;
    members =
        absl::StrCat(R"("kty":"EC","crv":")", small ? "P-256" : "P-384", R"(","x":")",
                     NumberOf(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, small ? 32 : 48), R"(","y":")",
                     NumberOf(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, small ? 32 : 48), "\"");
  }
  if (!kid.empty()) absl::StrAppend(&members, R"(,"kid":")", kid, "\"");
  if (!more.empty()) absl::StrAppend(&members, ",", more);
  return absl::StrCat("{", members, "}");
}

std::string TestKey::Sign(Algorithm algorithm, absl::string_view text) const {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* key_context = nullptr;
  EVP_DigestSignInit(context, &key_context, Digest(algorithm), nullptr, key_.get());
  if (algorithm == Algorithm::kPs256) {
    EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST);
  }
  const auto* data = reinterpret_cast<const unsigned char*>(text.data());
  size_t size = 0;
  EVP_DigestSign(context, nullptr, &size, data, text.size());
  std::string signature(size, '\0');
  EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size, data,
                 text.size());
  EVP_MD_CTX_free(context);
  signature.resize(size);
  if (type_ == KeyType::kP256) return FromDer(signature, 32);
  if (type_ == KeyType::kP384) return FromDer(signature, 48);
  return signature;
}

std::string TestKey::Token(Algorithm algorithm, absl::string_view header,
                           absl::string_view claims) const {
  const std::string text = absl::StrCat(EncodeBase64Url(header), ".", EncodeBase64Url(claims));
  return absl::StrCat(text, ".", EncodeBase64Url(Sign(algorithm, text)));
}

std::string KeySet(const std::vector<std::string>& jwks) {
  return absl::StrCat(R"({"keys":[)", absl::StrJoin(jwks, ","), "]}");
}

}  // namespace edugate::identity
