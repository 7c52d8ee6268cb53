// How edX Enterprise writes values, whatever record they stand in.
#ifndef ADAPTERS_EDX_ENTERPRISE_EDX_VALUES_H_
#define ADAPTERS_EDX_ENTERPRISE_EDX_VALUES_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "edugate/v1/common.pb.h"
#include "google/protobuf/repeated_field.h"

namespace edugate::adapters {

// The provider's id in the configuration.
inline constexpr char kEdxProvider[] = "edx_enterprise";

// Sets an optional text where the provider gives one. An empty text is none: null and "" mean the
// same to edX, and its XML writes both alike.
template <typename Message>
void SetText(const std::string& text, Message& out, std::string* (Message::*mutable_field)()) {
  if (!text.empty()) *(out.*mutable_field)() = text;
}

// Sets a message where anything in it is set. An absent object arrives as null, as {} or with
// nothing but nulls in it.
template <typename Message, typename Value>
void SetUnlessEmpty(Value value, Message& out, Value* (Message::*mutable_field)()) {
  if (value.ByteSizeLong() > 0) *(out.*mutable_field)() = std::move(value);
}

// A word of edX and what it means, a row of a table.
template <typename Enum>
struct WordRow {
  const char* word;
  Enum value;
};

// The value of a word; the enum's zero for an empty one, `other` for one that is not in the table.
template <typename Rows, typename Enum>
Enum ValueOf(const Rows& rows, absl::string_view word, Enum other) {
  if (word.empty()) return static_cast<Enum>(0);
  for (const auto& row : rows) {
    if (absl::EqualsIgnoreCase(row.word, word)) return row.value;
  }
  return other;
}

// Adds every element of a list, converted.
template <typename From, typename To, typename Convert>
void AddAll(const google::protobuf::RepeatedPtrField<From>& from,
            google::protobuf::RepeatedPtrField<To>* to, Convert convert) {
  to->Reserve(to->size() + from.size());
  for (const From& each : from) *to->Add() = convert(each);
}

// The text of a JSON value whose shape edX leaves open: a text or number as it is; of an object
// those of its `keys` that hold texts, a line each. Empty for anything else.
std::string TextOfJson(const std::string& json, const std::vector<std::string>& keys);

// The texts of such a list, empty ones left out; a bare value is a list of one.
std::vector<std::string> TextsOfJson(const std::string& json, const std::vector<std::string>& keys);

// What a seat, an entitlement or an enrollment includes, by edX's word.
v1::EnrollmentMode EdxEnrollmentMode(absl::string_view word);

// edX's word for the pace, with a hyphen or an underscore.
v1::Pacing EdxPacing(absl::string_view word);

// An e-mail address as edX keeps it, by which its replies are matched.
std::string EdxEmail(absl::string_view email);

// The different addresses of a list in the order of their first appearance, as edX keeps them.
std::vector<std::string> DifferentEmails(
    const google::protobuf::RepeatedPtrField<std::string>& emails);

// ARGUMENT_INVALID, naming the field, where there are more of something than one call takes.
absl::Status CheckCount(absl::string_view field, size_t count);

}  // namespace edugate::adapters

#endif  // ADAPTERS_EDX_ENTERPRISE_EDX_VALUES_H_
