// Any bytes as a telemetry collector's answer.

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/telemetry/span_exporter.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace edugate {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string answer(fuzz::Input(data, size).Rest());
  const int64_t rejected = telemetry::RejectedSpansIn(answer);
  fuzz::Require(rejected >= 0, "no fewer than no spans are rejected", answer);
  fuzz::Require(rejected == 0 || size >= std::string("{\"partialSuccess\":{}}").size(),
                "what is rejected is said", answer);
  // A text in its place says so many as its digits do.
  if (answer.empty() || answer.size() > 18) return 0;
  for (const char c : answer) {
    if (c < '0' || c > '9') return 0;
  }
  for (const std::string& said :
       {absl::StrCat("\"", answer, "\""), std::to_string(std::stoll(answer))}) {
    fuzz::Require(telemetry::RejectedSpansIn(absl::StrCat(
                      "{\"partialSuccess\":{\"rejectedSpans\":", said, "}}")) == std::stoll(answer),
                  "a count is read as it is written", answer);
  }
  return 0;
}

}  // namespace edugate
