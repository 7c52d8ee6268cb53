// Where a value of a body stands.
#ifndef EDUGATE_RUNTIME_CODEC_VALUE_PATH_H_
#define EDUGATE_RUNTIME_CODEC_VALUE_PATH_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace edugate::codec {

// One step from the outermost value to a value: a chain through the stack of the decoder's
// recursion, put into text only when something has to be said. A null pointer is the body itself.
struct ValuePath {
  enum Kind {
    kField,    // a field, by a spelling that the schema knows
    kForeign,  // a name that comes from the body and that the schema doesn't know
    kKey,      // a map's key, which is data whatever it looks like
    kIndex,    // a position in a list
  };

  static ValuePath Field(const ValuePath* parent, absl::string_view spelling) {
    return {parent, kField, spelling, 0};
  }
  static ValuePath Foreign(const ValuePath* parent, absl::string_view name) {
    return {parent, kForeign, name, 0};
  }
  static ValuePath Key(const ValuePath* parent, absl::string_view key) {
    return {parent, kKey, key, 0};
  }
  static ValuePath Element(const ValuePath* parent, size_t index) {
    return {parent, kIndex, {}, index};
  }

  const ValuePath* parent;
  Kind kind;
  absl::string_view name;
  size_t index;
};

// What of a path is said.
enum class PathStyle {
  // For an UnknownField: names and positions as they are.
  kExact,
  // For an error: positions, and no name that may be a person's data (`*` instead).
  kError,
  // For a metric: neither positions nor names that may be data.
  kDrift,
};

// The path from `from`, an ancestor or null, to `at`; empty when they are the same.
std::string PathText(const ValuePath* at, const ValuePath* from, PathStyle style);

}  // namespace edugate::codec

#endif  // EDUGATE_RUNTIME_CODEC_VALUE_PATH_H_
