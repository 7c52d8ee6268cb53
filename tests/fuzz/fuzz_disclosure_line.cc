// Any text as a line of the disclosure log.

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/privacy/disclosure_chain.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace edugate {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::string text(input.Rest());
  const privacy::Chain chain("a key for tests, which is 32 bytes");

  const auto line = privacy::ParseChainLine(text);
  if (line.ok()) {
    fuzz::Require(line->seq > 0, "a line has a number", text);
    fuzz::Require(line->hash.size() == privacy::kHashDigits, "a hash has its length", text);
    fuzz::Require(line->prev.size() == privacy::kHashDigits, "a hash has its length", text);
    fuzz::Require(absl::StrCat(line->hashed, ",\"hash\":\"", line->hash, "\"}") == text,
                  "a line is what is hashed, and the hash", text);
    fuzz::Require(absl::EndsWith(line->hashed, absl::StrCat(",\"prev\":\"", line->prev, "\"")),
                  "what is hashed ends with the hash before", text);
    fuzz::Require(absl::StartsWith(text, absl::StrCat("{\"seq\":", line->seq, ",")),
                  "a line begins with its number", text);
  }

  // Any members that edugate could write make a line that is read as it was written.
  if (text.empty() || text.size() + 256 > privacy::kMaxLineBytes) return 0;
  privacy::ChainEnd end{.seq = 41, .hash = std::string(privacy::kHashDigits, '7')};
  const std::string made = chain.Line(text, end);
  const auto again = privacy::ParseChainLine(made);
  fuzz::Require(again.ok() && again->seq == 42, "a line is read as it is written", made);
  fuzz::Require(std::string(again->hash) == end.hash, "a line ends the chain", made);
  fuzz::Require(chain.HashOf(again->hashed) == end.hash, "a line verifies", made);
  return 0;
}

}  // namespace edugate
