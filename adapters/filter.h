// The part of AIP-160 filters that providers can apply: comparisons joined by AND.
//
//   filter      = [conjunction]
//   conjunction = term {"AND" term}
//   term        = "(" conjunction ")" | field operator value
//   field       = name {"." name}
//   name        = a letter or "_", then letters, digits and "_"
//   operator    = "=" | "!=" | "<" | "<=" | ">" | ">=" | ":"
//   value       = a bare word | text in double or single quotes
//
// In quotes a backslash stands before a backslash, a quote and a star that are meant as such.
//
// OR, NOT, `-`, functions, free text and `*` as a wildcard are refused: a filter is applied as it
// was meant, or not at all.
#ifndef ADAPTERS_FILTER_H_
#define ADAPTERS_FILTER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace edugate::adapters {

// The longest filter, in bytes; the most comparisons in it; and how deep its parentheses may go.
inline constexpr size_t kMaxFilterBytes = 4096;
inline constexpr size_t kMaxComparisons = 32;
inline constexpr int kMaxFilterDepth = 8;

// One condition.
struct Comparison {
  std::string field;    // `provider_status`, `session.year`
  std::string op;       // `=`, `!=`, `<`, `<=`, `>`, `>=` or `:`
  std::string value;    // without quotes and escapes
  bool quoted = false;  // whether the value stood in quotes
  size_t position = 0;  // where the comparison begins in the filter, in characters from 1
};

// Conditions that all have to hold. Empty: everything matches.
struct Filter {
  std::vector<Comparison> comparisons;

  bool empty() const { return comparisons.empty(); }
  // The comparison of `field` by `op`; nullptr where there is none. After CheckFilter there is at
  // most one.
  const Comparison* Find(absl::string_view field, absl::string_view op = "=") const;
};

// Reads a filter. Errors: FILTER_UNSUPPORTED, which says where the filter can't be read and what is
// supported; it repeats field names, and never a value.
absl::StatusOr<Filter> ParseFilter(absl::string_view text);

// What a field's values look like.
enum class FilterType {
  kString,  // any text
  kInt,     // a 64-bit integer: 2027
  kDate,    // a day: 2027-01-31
  kTime,    // an instant by RFC 3339: 2027-01-31T08:00:00Z
  kBool,    // true or false
};

// The type's name: `string`, `int`, `date`, `time`, `bool`.
absl::string_view FilterTypeText(FilterType type);

// A field that can be filtered by.
struct FilterField {
  std::string name;
  std::vector<std::string> ops;  // as in Comparison.op; never empty
  FilterType type = FilterType::kString;
  std::string description;  // for documentation; may be empty
};

// OK where every comparison is of a supported field, by an operator that the field has, with a
// value of its type, and no field is compared twice by one operator (a provider's parameter takes
// one value). Errors: FILTER_UNSUPPORTED for the first comparison that isn't so, with the list of
// what is supported.
absl::Status CheckFilter(const Filter& filter, const std::vector<FilterField>& supported);

// What is supported, for people: `provider_status (string: =, !=), year (int: =)`; `no fields` for
// none.
std::string DescribeFilterFields(const std::vector<FilterField>& supported);

// A comparison's value as its type; nothing where it isn't one. After CheckFilter the field's own
// type is always there.
std::optional<int64_t> IntValue(const Comparison& comparison);
std::optional<absl::CivilDay> DateValue(const Comparison& comparison);
std::optional<absl::Time> TimeValue(const Comparison& comparison);
std::optional<bool> BoolValue(const Comparison& comparison);

}  // namespace edugate::adapters

#endif  // ADAPTERS_FILTER_H_
