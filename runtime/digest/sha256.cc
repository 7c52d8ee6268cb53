#include "runtime/digest/sha256.h"

#include <openssl/sha.h>

#include <cstdlib>

#include "absl/strings/escaping.h"

namespace edugate::digest {

Sha256Digest Sha256(absl::string_view bytes) {
  static_assert(sizeof(Sha256Digest) == SHA256_DIGEST_LENGTH);
  Sha256Digest digest;
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  if (SHA256(data, bytes.size(), digest.data()) == nullptr) std::abort();
  return digest;
}

std::string Sha256Hex(absl::string_view bytes) {
  const Sha256Digest digest = Sha256(bytes);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

}  // namespace edugate::digest
