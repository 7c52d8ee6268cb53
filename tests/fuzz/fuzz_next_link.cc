// Any text as a provider's link to the next page.

#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "adapters/numbered_page.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace edugate {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const absl::string_view link = fuzz::Input(data, size).Rest();
  const std::optional<int32_t> number = adapters::PageNumberIn(link);
  const size_t question = link.find('?');
  if (number.has_value()) {
    fuzz::Require(question != absl::string_view::npos, "a number stands in the query", link);
    fuzz::Require(absl::StrContains(link.substr(question), "page="), "a number is the page's",
                  link);
    // All that a link can say is a number: what stands before its query changes nothing.
    const std::string elsewhere = absl::StrCat("https://evil.example\\@x//", link.substr(question));
    fuzz::Require(adapters::PageNumberIn(elsewhere) == number, "the query alone counts", link);
  }
  if (question != absl::string_view::npos) return 0;
  fuzz::Require(!number.has_value(), "a link without a query has no number", link);
  const std::string asked = absl::StrCat(link, "?page=7&", link, "#page=8");
  const std::optional<int32_t> seven = adapters::PageNumberIn(asked);
  fuzz::Require(absl::StrContains(link, '#') || seven == 7, "the first page of the query counts",
                asked);
  return 0;
}

}  // namespace edugate
