// Any header lines and body pieces as an answer. The first byte chooses the size of the pieces, the
// second the method; lines up to an empty one are headers, the rest is the body.

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "runtime/http/response_reader.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace {

using namespace edugate;

constexpr http::ResponseLimits kLimits{.max_header_bytes = 2048, .max_decode_ratio = 100};

struct Outcome {
  bool read = false;
  http::Failure failure = http::Failure::kNone;
  http::Response response;
};

Outcome Read(const http::Request& request, absl::string_view head, absl::string_view body,
             size_t piece_size) {
  http::ResponseReader reader(request, kLimits);
  Outcome outcome;
  const auto finish = [&](bool read) {
    outcome.read = read;
    outcome.failure = reader.failure();
    outcome.response = std::move(reader.response());
    fuzz::Require(read == (outcome.failure == http::Failure::kNone), "a refusal has a reason");
    fuzz::Require(read || !reader.detail().empty(), "a refusal has words");
    return outcome;
  };
  while (!head.empty()) {
    const size_t end = std::min(head.find('\n'), head.size() - 1) + 1;
    if (!reader.OnHeaderLine(head.substr(0, end))) return finish(false);
    head.remove_prefix(end);
  }
  int64_t received = 0;
  while (!body.empty()) {
    const absl::string_view piece = body.substr(0, piece_size);
    body.remove_prefix(piece.size());
    received += static_cast<int64_t>(piece.size());
    http::Flow flow = http::Flow::kAbort;
    if (!reader.OnBody(piece, received, &flow)) return finish(false);
    fuzz::Require(flow == http::Flow::kContinue, "without a sink nothing pauses");
  }
  return finish(true);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const size_t piece_size = input.Byte() + size_t{1};
  http::Request request;
  request.method = input.Choice(2) == 0 ? "GET" : "HEAD";
  request.url = "https://provider.example/";
  request.max_response_bytes = 512;
  const absl::string_view text = input.Rest();
  const size_t end = text.find("\n\r\n");
  const absl::string_view head = end == absl::string_view::npos ? text : text.substr(0, end + 3);
  const absl::string_view body = text.substr(head.size());

  const Outcome outcome = Read(request, head, body, piece_size);
  const Outcome whole = Read(request, head, body, text.size() + 1);
  fuzz::Require(outcome.read == whole.read && outcome.failure == whole.failure,
                "the pieces decide nothing");
  fuzz::Require(outcome.response.status == 0 ||
                    (outcome.response.status >= 100 && outcome.response.status <= 599),
                "a status is one");
  fuzz::Require(static_cast<int64_t>(outcome.response.body.size()) <= request.max_response_bytes,
                "a body is bounded");
  size_t header_bytes = 0;
  for (const http::Header& header : outcome.response.headers) {
    header_bytes += header.name.size() + header.value.size();
    fuzz::Require(header.value.find('\n') == std::string::npos, "a value is one line",
                  header.value);
  }
  fuzz::Require(static_cast<int64_t>(header_bytes) <= kLimits.max_header_bytes,
                "headers are bounded");
  if (outcome.read) {
    fuzz::Require(outcome.response.body == body && outcome.response.body == whole.response.body,
                  "a body arrives whole");
  }
  return 0;
}
