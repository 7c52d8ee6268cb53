// The cursor of providers that number their pages.
#ifndef ADAPTERS_NUMBERED_PAGE_H_
#define ADAPTERS_NUMBERED_PAGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace edugate::adapters {

// A page by number. The size is part of the cursor, because page 2 of 50 and page 2 of 20 are
// different records.
struct NumberedPage {
  int32_t number = 0;
  int32_t size = 0;
  // What the page before this one held, as Repeats needs it; empty on the first page, and where the
  // adapter doesn't say.
  std::string before = "";

  // The page that a cursor means; for an empty cursor, page `first` of a size between 1 and
  // `max_size` that suits `size_hint` (max_size where the caller names none). PAGE_TOKEN_INVALID
  // for a cursor that ToCursor has not made.
  static absl::StatusOr<NumberedPage> FromCursor(absl::string_view cursor, int32_t first,
                                                 int32_t size_hint, int32_t max_size);

  // The page after this one, of the same size. `held`: the ids of this page's records.
  NumberedPage Next(const std::vector<std::string>& held = {}) const;

  // Whether records with these ids are those of the page before: a list that ignores the page
  // number would be walked for ever. A page of one record of one is never taken for a repetition,
  // because a record that was added at the top moves the one below to the next page.
  bool Repeats(const std::vector<std::string>& held) const;

  std::string ToCursor() const;
};

// The page's number in a provider's link to a page (`page=`), of which nothing but the query
// counts; nothing where there is none.
std::optional<int32_t> PageNumberIn(absl::string_view link);

}  // namespace edugate::adapters

#endif  // ADAPTERS_NUMBERED_PAGE_H_
