// base64url as JSON Web Tokens have it (RFC 7515, appendix C): no padding, and one text for each
// content.
#ifndef EDUGATE_RUNTIME_IDENTITY_BASE64URL_H_
#define EDUGATE_RUNTIME_IDENTITY_BASE64URL_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace edugate::identity {

// The bytes that `text` stands for; nothing where it has padding, white space, another alphabet, or
// bits that no byte uses: what two readers could read differently is refused.
std::optional<std::string> DecodeBase64Url(absl::string_view text);

std::string EncodeBase64Url(absl::string_view bytes);

}  // namespace edugate::identity

#endif  // EDUGATE_RUNTIME_IDENTITY_BASE64URL_H_
