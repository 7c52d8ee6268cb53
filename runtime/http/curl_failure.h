// Which failure it is that libcurl tells of.
#ifndef EDUGATE_RUNTIME_HTTP_CURL_FAILURE_H_
#define EDUGATE_RUNTIME_HTTP_CURL_FAILURE_H_

#include "absl/strings/string_view.h"
#include "runtime/http/http_client.h"

namespace edugate::http {

// What the transfer's own record adds to libcurl's code.
struct CurlProgress {
  bool address_refused;  // No address of the host was allowed.
  bool no_socket;        // The system gave no socket.
  bool sockets_opened;   // A connection was tried: the name has addresses.
  bool connected;        // The request was about to be written.
  bool request_sent;
  bool response_started;
  bool system_error;  // The socket itself failed.
  bool broke_off;     // The connection ended within the TLS handshake.
};

// `code` is a CURLcode. One that libcurl doesn't have today is a failure too.
Failure FailureOf(int code, const CurlProgress& progress);

// Whether libcurl's words on a failed TLS handshake are those for the connection's end: a reset, or
// OpenSSL without an error of its own.
bool BrokeOff(absl::string_view error);

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_CURL_FAILURE_H_
