#include "runtime/http/response_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace edugate::http {

namespace {

// As many header lines as most answers have, so that none of them is moved about.
constexpr std::size_t kUsualHeaders = 8;

// Below this much decoded text the ratio says nothing: a small file of one repeated letter is no
// attack.
constexpr int64_t kRatioFrom = 64 << 10;

// What is set aside for a body before a byte of it has come.
constexpr int64_t kMaxReserve = 1 << 20;

// Room behind a body for decoders that read it in blocks, so that they need not copy it.
constexpr int64_t kRoomBehind = 64;

// A failure's body is read whole, also where the request allows for a file.
constexpr int64_t kMaxBesideSink = 8 << 20;

// Content-Length as RFC 9110 has it: digits. A list of equal numbers, which it tolerates, is not.
std::optional<int64_t> ParseLength(absl::string_view text) {
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  int64_t length = 0;
  if (!digits || !absl::SimpleAtoi(text, &length)) return std::nullopt;
  return length;
}

}  // namespace

bool ResponseReader::Fail(Failure failure, absl::string_view detail) {
  failure_ = failure;
  detail_ = detail;
  return false;
}

void ResponseReader::GiveBack() {
  if (taken_ > 0) limits_.budget->GiveBack(std::exchange(taken_, 0));
}

void ResponseReader::Restart() {
  response_ = Response();
  GiveBack();
  body_bytes_ = 0;
  content_length_.reset();
  http2_ = false;
  encoded_ = false;
  to_sink_ = false;
  headers_complete_ = false;
}

bool ResponseReader::OnHeaderLine(absl::string_view line) {
  header_bytes_ += static_cast<int64_t>(line.size());
  if (header_bytes_ > limits_.max_header_bytes) {
    return Fail(Failure::kTooLarge, "the answer's headers are larger than allowed");
  }
  // Trailers count, but nobody reads them.
  if (headers_complete_) return true;
  absl::ConsumeSuffix(&line, "\n");
  absl::ConsumeSuffix(&line, "\r");
  if (absl::StartsWith(line, "HTTP/")) return OnStatusLine(line);
  if (!line.empty()) return OnField(line);
  return response_.status < 200 || OnHeadersEnd();
}

bool ResponseReader::OnStatusLine(absl::string_view line) {
  Restart();
  response_.headers.reserve(kUsualHeaders);
  http2_ = !absl::StartsWith(line, "HTTP/1.");
  const std::size_t blank = line.find(' ');
  int status = 0;
  if (blank == absl::string_view::npos || !absl::SimpleAtoi(line.substr(blank + 1, 3), &status) ||
      status < 100 || status > 599) {
    return Fail(Failure::kProtocol, "the answer's status is not an HTTP status");
  }
  response_.status = status;
  return true;
}

bool ResponseReader::OnField(absl::string_view line) {
  // A line that begins with a blank continues the one before (RFC 9112, 5.2).
  if (line.front() == ' ' || line.front() == '\t') {
    if (!response_.headers.empty()) {
      absl::StrAppend(&response_.headers.back().value, " ", absl::StripAsciiWhitespace(line));
    }
    return true;
  }
  const std::size_t colon = line.find(':');
  if (colon == absl::string_view::npos) {
    return Fail(Failure::kProtocol, "a header line has no colon");
  }
  const absl::string_view value = absl::StripAsciiWhitespace(line.substr(colon + 1));
  response_.headers.push_back(Header{std::string(line.substr(0, colon)), std::string(value)});
  return true;
}

bool ResponseReader::OnHeadersEnd() {
  headers_complete_ = true;
  bool chunked = false;
  for (const Header& header : response_.headers) {
    if (absl::EqualsIgnoreCase(header.name, "Content-Length")) {
      const std::optional<int64_t> length = ParseLength(header.value);
      if (!length.has_value())
        return Fail(Failure::kProtocol, "the Content-Length is not a number");
      if (content_length_.has_value() && *content_length_ != *length) {
        return Fail(Failure::kProtocol, "there are two Content-Lengths");
      }
      content_length_ = length;
    } else if (absl::EqualsIgnoreCase(header.name, "Transfer-Encoding")) {
      chunked = absl::EndsWithIgnoreCase(header.value, "chunked");
    } else if (absl::EqualsIgnoreCase(header.name, "Content-Encoding")) {
      if (header.value.empty() || absl::EqualsIgnoreCase(header.value, "identity")) continue;
      const bool gzip = absl::EqualsIgnoreCase(header.value, "gzip") ||
                        absl::EqualsIgnoreCase(header.value, "x-gzip");
      if (!gzip || encoded_ || request_.sink != nullptr) {
        return Fail(Failure::kBadEncoding, "the Content-Encoding was not offered");
      }
      encoded_ = true;
    }
  }
  const bool bodiless =
      response_.status == 204 || response_.status == 304 || request_.method == "HEAD";
  response_.unframed = !bodiless && !http2_ && !chunked && !content_length_.has_value();
  if (chunked) content_length_.reset();
  to_sink_ = request_.sink != nullptr && response_.status >= 200 && response_.status < 300;
  max_body_bytes_ = request_.sink == nullptr || to_sink_
                        ? request_.max_response_bytes
                        : std::min(request_.max_response_bytes, kMaxBesideSink);
  if (!bodiless && !encoded_ && content_length_.value_or(0) > max_body_bytes_) {
    return Fail(Failure::kTooLarge, "the answer's body is larger than allowed");
  }
  if (to_sink_) {
    request_.sink->Begin(response_);
  } else if (!bodiless && content_length_.has_value()) {
    response_.body.reserve(
        static_cast<std::size_t>(std::min(*content_length_, kMaxReserve) + kRoomBehind));
  }
  return true;
}

bool ResponseReader::OnBody(absl::string_view piece, int64_t received, Flow* flow) {
  *flow = Flow::kContinue;
  const int64_t decoded = body_bytes_ + static_cast<int64_t>(piece.size());
  if (decoded > max_body_bytes_) {
    return Fail(Failure::kTooLarge, "the answer's body is larger than allowed");
  }
  if (encoded_ && decoded > kRatioFrom) {
    const int64_t encoded =
        content_length_.has_value() ? std::min(*content_length_, received) : received;
    if (decoded / std::max<int64_t>(limits_.max_decode_ratio, 1) > encoded) {
      return Fail(Failure::kTooLarge, "the answer's body is compressed too well to be sound");
    }
  }
  if (to_sink_) {
    *flow = request_.sink->Write(piece);
    if (*flow == Flow::kPause) return true;
    if (*flow == Flow::kAbort) {
      return Fail(Failure::kCancelled, "the receiver of the body gave up");
    }
  } else {
    const auto size = static_cast<int64_t>(piece.size());
    if (limits_.budget != nullptr) {
      if (!limits_.budget->Take(size)) {
        // At once: the others arrive in the same turn of the loop.
        std::string().swap(response_.body);
        GiveBack();
        return Fail(Failure::kNoRoom, "too many bytes of answers arrive at the same time");
      }
      taken_ += size;
    }
    response_.body.append(piece.data(), piece.size());
  }
  body_bytes_ = decoded;
  return true;
}

}  // namespace edugate::http
