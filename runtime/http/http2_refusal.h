// What libcurl tells of a request that an HTTP/2 server refused unread.
#ifndef EDUGATE_RUNTIME_HTTP_HTTP2_REFUSAL_H_
#define EDUGATE_RUNTIME_HTTP_HTTP2_REFUSAL_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace edugate::http {

// Reads libcurl's words (CURLOPT_DEBUGFUNCTION, CURLINFO_TEXT) of one request that has a connection
// of its own: whether the server has said that it did nothing with it, by REFUSED_STREAM or by a
// GOAWAY that leaves its stream out (RFC 9113, sections 8.7 and 6.8). libcurl has no code for
// either. Words that it doesn't know say nothing.
class Http2Refusal {
 public:
  void OnText(absl::string_view text);

  bool refused() const { return refused_; }

 private:
  uint32_t stream_ = 0;  // The request's; zero: it has none yet.
  bool refused_ = false;
};

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_HTTP2_REFUSAL_H_
