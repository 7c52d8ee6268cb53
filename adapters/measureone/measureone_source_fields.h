// The rules for single values of a transcript that is to be created, and what breaks them.
#ifndef ADAPTERS_MEASUREONE_MEASUREONE_SOURCE_FIELDS_H_
#define ADAPTERS_MEASUREONE_MEASUREONE_SOURCE_FIELDS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "adapters/measureone/measureone_words.h"
#include "google/protobuf/struct.pb.h"
#include "google/type/date.pb.h"
#include "google/type/decimal.pb.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {

inline constexpr absl::string_view kRequired = "is required";

// The path of a field, and of an element of a repeated one, below `path`.
std::string At(absl::string_view path, absl::string_view field);
std::string At(absl::string_view path, absl::string_view field, int index);

// Writes single values as MeasureOne has them and remembers everything that breaks a rule. The
// paths are those of the caller's request.
class SourceFields {
 public:
  explicit SourceFields(const google::type::Date& today) : today_(today) {}

  const std::vector<errors::FieldViolation>& violations() const { return violations_; }

  void Refuse(std::string field, absl::string_view why) {
    violations_.push_back({std::move(field), std::string(why)});
  }

  // A date, as 2019-12-18; empty where it is unset.
  std::string Date(bool set, const google::type::Date& date, std::string path);

  // The same of one that isn't after `today`.
  std::string PastDate(bool set, const google::type::Date& date, const std::string& path);

  // A number that isn't negative; empty where it is unset.
  std::string Number(bool set, const google::type::Decimal& decimal, const std::string& path);

  // The same of one from 0 to 4.
  std::string Gpa(bool set, const google::type::Decimal& decimal, const std::string& path);

  // The provider's word as it is listed: the caller's own, in whatever spelling a transcript had
  // it, or the one for the value. Both come with a record that was read and is handed in again:
  // where they say different things, one of them was changed, and which it was can't be told.
  // `field` is the value's field, `native_field` the one beside it that holds the provider's word.
  template <typename Value>
  std::string Word(Value value, const std::string& native, const std::string& listed,
                   std::string field, std::string native_field, bool required) {
    if (!native.empty()) {
      for (absl::string_view word : absl::StrSplit(listed, ", ")) {
        if (!IsSameWord(word, native)) continue;
        if (value != Value{} && WordFor(value) != word) {
          Refuse(std::move(native_field),
                 absl::StrCat("and ", field, " say different things; send one of the two"));
        }
        return std::string(word);
      }
      Refuse(std::move(native_field), absl::StrCat("must be one of ", listed));
      return "";
    }
    if (value == Value{}) {
      if (required) Refuse(std::move(field), kRequired);
      return "";
    }
    const absl::string_view word = WordFor(value);
    if (word.empty()) {
      Refuse(std::move(field),
             absl::StrCat("is a value that the provider has no word for; it has ", listed));
    }
    return std::string(word);
  }

  // As JSON.
  std::string Attributes(const google::protobuf::Struct& attributes, const std::string& path);

 private:
  const google::type::Date today_;
  std::vector<errors::FieldViolation> violations_;
};

}  // namespace edugate::adapters

#endif  // ADAPTERS_MEASUREONE_MEASUREONE_SOURCE_FIELDS_H_
