#include "runtime/http/http2_refusal.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace edugate::http {
namespace {

constexpr char kRefusedStream[] = "REFUSED_STREAM, ";
constexpr char kStream[] = "Using Stream ID: ";
// libcurl 7.88 spells the first.
constexpr const char* kGoAways[] = {"recveived GOAWAY, ", "received GOAWAY, "};
constexpr char kLastStream[] = "last_stream=";

// The number that `text` begins with.
bool NumberAt(absl::string_view text, uint32_t* number) {
  std::size_t digits = 0;
  while (digits < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[digits]))) {
    ++digits;
  }
  return absl::SimpleAtoi(text.substr(0, digits), number);
}

}  // namespace

void Http2Refusal::OnText(absl::string_view text) {
  if (absl::StartsWith(text, kRefusedStream)) {
    refused_ = true;
    return;
  }
  if (absl::ConsumePrefix(&text, kStream)) {
    if (!NumberAt(text, &stream_)) stream_ = 0;
    return;
  }
  for (const char* const go_away : kGoAways) {
    if (!absl::StartsWith(text, go_away)) continue;
    const std::size_t at = text.find(kLastStream);
    uint32_t last = 0;
    if (at == absl::string_view::npos) return;
    if (!NumberAt(text.substr(at + sizeof(kLastStream) - 1), &last)) return;
    if (last < stream_) refused_ = true;
    return;
  }
}

}  // namespace edugate::http
