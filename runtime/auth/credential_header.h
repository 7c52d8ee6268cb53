// The header that carries a credential, and what may stand in it.
#ifndef EDUGATE_RUNTIME_AUTH_CREDENTIAL_HEADER_H_
#define EDUGATE_RUNTIME_AUTH_CREDENTIAL_HEADER_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "runtime/http/http_client.h"

namespace edugate::auth {

// The longest credential that is sent in a header, in bytes: servers refuse longer ones.
inline constexpr std::size_t kMaxCredentialBytes = std::size_t{16} << 10;

// The value of the header in `request`; empty if there is none.
absl::string_view HeaderOf(const http::Request& request, absl::string_view name);

// The Basic credentials of RFC 7617: `Basic ` and base64 of user:password.
std::string BasicCredentials(absl::string_view user, absl::string_view password);

// Whether a token can stand behind a scheme in a header: visible ASCII without blanks, not empty,
// at most kMaxCredentialBytes. INVALID_ARGUMENT says what is wrong and shows nothing of it.
absl::Status CheckToken(absl::string_view token);

// The same for a header's whole value, inside of which blanks may stand.
absl::Status CheckHeaderValue(absl::string_view value);

// A Basic user: no colon and no control character; a password: no control character.
absl::Status CheckBasicUser(absl::string_view user);
absl::Status CheckBasicPassword(absl::string_view password);

// The name of a header (RFC 9110, section 5.1), at most 64 bytes, that neither the transport nor
// edugate sets itself. INVALID_ARGUMENT says what is wrong, as the end of a sentence that begins
// with the name's key.
absl::Status CheckHeaderName(absl::string_view name);

}  // namespace edugate::auth

#endif  // EDUGATE_RUNTIME_AUTH_CREDENTIAL_HEADER_H_
