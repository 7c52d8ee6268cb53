// The cursor of providers that number their pages.
#ifndef ADAPTERS_NUMBERED_PAGE_H_
#define ADAPTERS_NUMBERED_PAGE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace edugate::adapters {

// A page by number. The size is part of the cursor, because page 2 of 50 and page 2 of 20 are
// different records.
struct NumberedPage {
  int32_t number = 0;
  int32_t size = 0;

  // The page that a cursor means; for an empty cursor, page `first` of a size between 1 and
  // `max_size` that suits `size_hint` (max_size where the caller names none). PAGE_TOKEN_INVALID
  // for a cursor that ToCursor has not made.
  static absl::StatusOr<NumberedPage> FromCursor(absl::string_view cursor, int32_t first,
                                                 int32_t size_hint, int32_t max_size);

  // The page after this one, of the same size.
  NumberedPage Next() const { return {number + 1, size}; }

  std::string ToCursor() const;
};

}  // namespace edugate::adapters

#endif  // ADAPTERS_NUMBERED_PAGE_H_
