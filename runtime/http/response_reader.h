// ResponseReader: turns the header lines and body pieces of an answer into a Response, within
// limits.
#ifndef EDUGATE_RUNTIME_HTTP_RESPONSE_READER_H_
#define EDUGATE_RUNTIME_HTTP_RESPONSE_READER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "runtime/http/http_client.h"
#include "runtime/http/reply_budget.h"

namespace edugate::http {

// The limits that don't come with the request.
struct ResponseLimits {
  int64_t max_header_bytes;
  int64_t max_decode_ratio;       // Decoded to received bytes, once 64 KB are decoded.
  ReplyBudget* budget = nullptr;  // For the bodies that no sink takes; null: no bound.
};

// Reads one answer, interim answers (1xx) before it included. Each On...() returns false when the
// answer must not be read on; failure() then says why.
class ResponseReader {
 public:
  // `request`, `limits` and their budget outlive the reader.
  ResponseReader(const Request& request, const ResponseLimits& limits)
      : request_(request), limits_(limits) {}
  ResponseReader(const ResponseReader&) = delete;
  ResponseReader& operator=(const ResponseReader&) = delete;
  ~ResponseReader() { GiveBack(); }

  // One header line, its line break included, or the empty line at the headers' end, or a trailer.
  bool OnHeaderLine(absl::string_view line);

  // A piece of the decoded body. `received` is how many bytes of the encoded body arrived so far,
  // at least. *flow is set to what the sink, if any, asks for; a piece that it doesn't take
  // (kPause) must come again.
  bool OnBody(absl::string_view piece, int64_t received, Flow* flow);

  // Forgets what came, for the same request sent again.
  void Restart();

  bool started() const { return header_bytes_ > 0; }
  bool headers_complete() const { return headers_complete_; }
  Failure failure() const { return failure_; }
  absl::string_view detail() const { return detail_; }
  Response& response() { return response_; }

 private:
  bool Fail(Failure failure, absl::string_view detail);
  bool OnStatusLine(absl::string_view line);
  bool OnField(absl::string_view line);
  bool OnHeadersEnd();
  void GiveBack();

  const Request& request_;
  const ResponseLimits& limits_;
  Response response_;
  int64_t header_bytes_ = 0;
  int64_t body_bytes_ = 0;
  int64_t taken_ = 0;  // Of the budget.
  int64_t max_body_bytes_ = 0;
  std::optional<int64_t> content_length_;
  bool http2_ = false;
  bool encoded_ = false;
  bool to_sink_ = false;
  bool headers_complete_ = false;
  Failure failure_ = Failure::kNone;
  absl::string_view detail_;
};

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_RESPONSE_READER_H_
