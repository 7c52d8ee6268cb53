// Hosts as they stand before a port.
#ifndef APP_BRACKETED_HOST_H_
#define APP_BRACKETED_HOST_H_

#include "absl/strings/string_view.h"

namespace edugate::app {

// The host without the brackets that an IPv6 address has before its port (RFC 3986, 3.2.2); any
// other text as it is.
absl::string_view WithoutBrackets(absl::string_view host);

}  // namespace edugate::app

#endif  // APP_BRACKETED_HOST_H_
