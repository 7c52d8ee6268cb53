// Which URLs and hosts a configuration may name: https everywhere, plain http on this machine only.
#ifndef APP_BASE_URL_H_
#define APP_BASE_URL_H_

#include "absl/strings/string_view.h"

namespace edugate::app {

// Whether `url` is an absolute https URL, or http to a loopback address, without user information,
// query or fragment.
bool IsBaseUrl(absl::string_view url);

// Whether the host of `url` is a loopback address or localhost.
bool IsLoopbackUrl(absl::string_view url);

// The same of a host, an IPv6 address without its brackets.
bool IsLoopbackHost(absl::string_view host);

}  // namespace edugate::app

#endif  // APP_BASE_URL_H_
