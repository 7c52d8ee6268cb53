// Any header lines and body pieces as an answer. The first byte chooses the size of the pieces, the
// second the method and whether a sink takes the body; lines up to the end of the headers, which is
// that of the last answer where interim ones come before, are headers, the rest is the body.

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "runtime/http/response_reader.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace edugate {
namespace {

constexpr http::ResponseLimits kLimits{.max_header_bytes = 2048, .max_decode_ratio = 100};

// Takes a piece at the second time that it is offered.
class Sink final : public http::BodySink {
 public:
  bool begun() const { return begun_; }
  const std::string& bytes() const { return bytes_; }

  void Begin(const http::Response& head) override {
    fuzz::Require(!begun_, "a sink begins once");
    fuzz::Require(head.status >= 200 && head.status < 300, "a sink takes successes alone");
    begun_ = true;
  }

  http::Flow Write(absl::string_view chunk) override {
    fuzz::Require(begun_, "a sink begins before it is given anything");
    paused_ = !paused_;
    if (paused_) return http::Flow::kPause;
    bytes_.append(chunk.data(), chunk.size());
    return http::Flow::kContinue;
  }

 private:
  bool begun_ = false;
  bool paused_ = false;
  std::string bytes_;
};

struct Outcome {
  bool read = false;
  http::Failure failure = http::Failure::kNone;
  http::Response response;
  absl::string_view body;  // what came behind the headers
  bool to_sink = false;
  std::string sunk;
};

Outcome Read(http::Request request, bool with_sink, absl::string_view text, size_t piece_size) {
  Sink sink;
  if (with_sink) request.sink = &sink;
  http::ResponseReader reader(request, kLimits);
  Outcome outcome;
  const auto finish = [&](bool read) {
    outcome.read = read;
    outcome.failure = reader.failure();
    outcome.response = std::move(reader.response());
    outcome.to_sink = sink.begun();
    outcome.sunk = sink.bytes();
    fuzz::Require(read == (outcome.failure == http::Failure::kNone), "a refusal has a reason");
    fuzz::Require(read || !reader.detail().empty(), "a refusal has words");
    return outcome;
  };
  while (!text.empty() && !reader.headers_complete()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    if (!reader.OnHeaderLine(text.substr(0, end))) return finish(false);
    text.remove_prefix(end);
  }
  absl::string_view body = text;
  outcome.body = body;
  int64_t received = 0;
  while (!body.empty()) {
    const absl::string_view piece = body.substr(0, piece_size);
    body.remove_prefix(piece.size());
    received += static_cast<int64_t>(piece.size());
    http::Flow flow = http::Flow::kAbort;
    if (!reader.OnBody(piece, received, &flow)) return finish(false);
    if (flow == http::Flow::kPause) {
      fuzz::Require(sink.begun(), "without a sink nothing pauses");
      fuzz::Require(reader.OnBody(piece, received, &flow), "a piece that comes again is no other");
    }
    fuzz::Require(flow == http::Flow::kContinue, "nobody gives up");
  }
  return finish(true);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const size_t piece_size = input.Byte() + size_t{1};
  http::Request request;
  const size_t choice = input.Choice(4);
  request.method = choice % 2 == 0 ? "GET" : "HEAD";
  const bool with_sink = choice >= 2;
  request.url = "https://provider.example/";
  request.max_response_bytes = 512;
  const absl::string_view text = input.Rest();

  const Outcome outcome = Read(request, with_sink, text, piece_size);
  const Outcome whole = Read(request, with_sink, text, text.size() + 1);
  fuzz::Require(outcome.read == whole.read && outcome.failure == whole.failure &&
                    outcome.to_sink == whole.to_sink,
                "the pieces decide nothing");
  fuzz::Require(outcome.response.status == 0 ||
                    (outcome.response.status >= 100 && outcome.response.status <= 599),
                "a status is one");
  fuzz::Require(static_cast<int64_t>(outcome.response.body.size()) <= request.max_response_bytes,
                "a body is bounded");
  fuzz::Require(static_cast<int64_t>(outcome.sunk.size()) <= request.max_response_bytes,
                "a sink is not flooded");
  fuzz::Require(!outcome.to_sink || outcome.response.body.empty(), "a body goes one way");
  size_t header_bytes = 0;
  for (const http::Header& header : outcome.response.headers) {
    header_bytes += header.name.size() + header.value.size();
    fuzz::Require(header.value.find('\n') == std::string::npos, "a value is one line",
                  header.value);
  }
  fuzz::Require(static_cast<int64_t>(header_bytes) <= kLimits.max_header_bytes,
                "headers are bounded");
  if (outcome.read) {
    const std::string& arrived = outcome.to_sink ? outcome.sunk : outcome.response.body;
    fuzz::Require(arrived == outcome.body, "a body arrives whole");
    fuzz::Require(arrived == (whole.to_sink ? whole.sunk : whole.response.body),
                  "the pieces change nothing");
  }
  return 0;
}

}  // namespace edugate
