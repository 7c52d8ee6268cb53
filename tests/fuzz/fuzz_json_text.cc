// JSON as text: the scanner agrees with another parser, and quoting and paths are undone exactly.

#include <string>

#include "absl/strings/ascii.h"
#include "adapters/utf8.h"
#include "nlohmann/json.hpp"
#include "runtime/codec/json_text.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace edugate {
namespace {

// Deeper than IsJsonText goes, the two may disagree.
bool IsShallow(absl::string_view text) {
  constexpr int kDepth = 500;
  int brackets = 0;
  for (const char c : text) brackets += c == '[' || c == '{';
  return brackets < kDepth;
}

// The other parser refuses what a double can't hold.
bool HasLargeNumber(absl::string_view text) {
  constexpr size_t kDigits = 300;
  for (size_t i = 1; i < text.size(); ++i) {
    if ((text[i] == 'e' || text[i] == 'E') && absl::ascii_isdigit(text[i - 1])) return true;
  }
  return text.size() > kDigits;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const absl::string_view text = fuzz::Input(data, size).Rest();

  // The other parser also refuses surrogates without their other half, and skips a byte order mark.
  const bool comparable = adapters::IsUtf8(text) && text.find("\\u") == absl::string_view::npos &&
                          text.substr(0, 1) != "\xEF" && IsShallow(text) && !HasLargeNumber(text);
  if (comparable) {
    // A NUL ends the other parser's text.
    const bool accepted = text.find('\0') == absl::string_view::npos &&
                          nlohmann::json::accept(text.begin(), text.end());
    fuzz::Require(codec::IsJsonText(text) == accepted, "JSON is what RFC 8259 says");
  }

  const std::string quoted = codec::QuoteJson(text);
  fuzz::Require(codec::IsJsonText(quoted), "quoted text is JSON", quoted);
  const auto unquoted = codec::UnquoteJson(quoted);
  fuzz::Require(unquoted.has_value(), "quoted text can be unquoted", quoted);
  if (adapters::IsUtf8(text)) fuzz::Require(*unquoted == text, "unquoting undoes quoting", quoted);
  codec::UnquoteJson(text);

  std::string path;
  codec::AppendPathName(*unquoted, &path);
  codec::AppendPathIndex(size, &path);
  codec::AppendPathName(*unquoted, &path);
  const auto made = codec::SplitPath(path);
  fuzz::Require(made.has_value() && made->size() == 3 && (*made)[0].name == *unquoted &&
                    (*made)[1].index == size && (*made)[2].name == *unquoted,
                "a path is taken apart as it was made", path);

  const auto steps = codec::SplitPath(text);
  if (steps.has_value()) {
    std::string again;
    for (const codec::PathStep& step : *steps) {
      if (step.name.has_value()) {
        codec::AppendPathName(*step.name, &again);
      } else {
        codec::AppendPathIndex(step.index, &again);
      }
    }
    const auto resplit = codec::SplitPath(again);
    fuzz::Require(resplit.has_value() && resplit->size() == steps->size(),
                  "a path that can be taken apart can be made again", text);
  }
  return 0;
}

}  // namespace edugate
