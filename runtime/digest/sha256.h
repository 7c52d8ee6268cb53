// SHA-256 (FIPS 180-4).
#ifndef RUNTIME_DIGEST_SHA256_H_
#define RUNTIME_DIGEST_SHA256_H_

#include <array>
#include <string>

#include "absl/strings/string_view.h"

namespace edugate::digest {

using Sha256Digest = std::array<unsigned char, 32>;

// The digest of `bytes`. OpenSSL allocates for it: without memory the process ends, because there
// is no digest then, and what lay on the stack must not pass for one.
Sha256Digest Sha256(absl::string_view bytes);

// The same as 64 lower-case hexadecimal digits.
std::string Sha256Hex(absl::string_view bytes);

}  // namespace edugate::digest

#endif  // RUNTIME_DIGEST_SHA256_H_
