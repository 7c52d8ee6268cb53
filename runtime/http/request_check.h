// What a request must look like before a byte of it is sent.
#ifndef EDUGATE_RUNTIME_HTTP_REQUEST_CHECK_H_
#define EDUGATE_RUNTIME_HTTP_REQUEST_CHECK_H_

#include "absl/strings/string_view.h"
#include "runtime/http/http_client.h"

namespace edugate::http {

// Why `request` is not sent, without a value of it; empty if it may be. `plain_http`: whether
// http:// may be asked for. libcurl would send a header with a line break in it as two headers;
// nothing that an attacker could make two requests or headers of passes here.
absl::string_view RefusalOf(const Request& request, bool plain_http);

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_REQUEST_CHECK_H_
