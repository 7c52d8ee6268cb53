// What libcurl is told of one request, beside its header lines.
#ifndef EDUGATE_RUNTIME_HTTP_CURL_REQUEST_H_
#define EDUGATE_RUNTIME_HTTP_CURL_REQUEST_H_

#include <memory>
#include <string>

#include "runtime/http/curl_types.h"
#include "runtime/http/http_client.h"

namespace edugate::http {

// Whether libcurl is told to send a body, an empty one included.
bool SendsBody(const Request& request);

inline constexpr char kGzip[] = "gzip";

// A reply that is passed on piece by piece comes as it is.
inline bool TakesGzip(const Request& request) { return request.sink == nullptr; }

struct FreeCurlUrl {
  void operator()(CURLU* url) const;
};
using CurlUrl = std::unique_ptr<CURLU, FreeCurlUrl>;

// The URL as the transfer's own object: of a text libcurl makes the same object and then formats it
// into a text again, a twentieth of all instructions of a small call. An id such as ".." must reach
// the server as it was encoded, not change the path. Null with what is wrong in `code`, a
// CURLUcode.
CurlUrl ParsedUrl(const std::string& text, int* code);

// Method and body, in place of those of an earlier request on this handle.
void SetMethodAndBody(CURL* easy, const Request& request);

// Whether an HTTP/2 connection of its own is made for a request, which no other request joins or
// inherits, and libcurl's words of it are read. On a shared one libcurl doesn't tell a stream that
// the server refused from a connection that died.
void SetOwnConnection(CURL* easy, bool own);

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_CURL_REQUEST_H_
