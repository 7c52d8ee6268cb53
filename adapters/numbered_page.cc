#include "adapters/numbered_page.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {

absl::StatusOr<NumberedPage> NumberedPage::FromCursor(absl::string_view cursor, int32_t first,
                                                      int32_t size_hint, int32_t max_size) {
  if (cursor.empty()) {
    return NumberedPage{first, size_hint <= 0 ? max_size : std::min(size_hint, max_size)};
  }
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(cursor, absl::MaxSplits('/', 1));
  NumberedPage page;
  if (!absl::SimpleAtoi(parts.first, &page.number) || !absl::SimpleAtoi(parts.second, &page.size) ||
      page.number < first || page.size < 1 || page.size > max_size) {
    return errors::PageTokenInvalid("does not fit the connection");
  }
  return page;
}

std::string NumberedPage::ToCursor() const { return absl::StrCat(number, "/", size); }

}  // namespace edugate::adapters
