#include "runtime/config/yaml_field_words.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace edugate::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

// The longest key that a mistake repeats.
constexpr std::size_t kMaxShownKey = 64;

constexpr char kDuration[] = "google.protobuf.Duration";

// For comparing keys: apiKey, api-key and api_key are one.
std::string Folded(absl::string_view key) {
  std::string folded;
  for (char c : key) {
    if (c != '_' && c != '-') folded.push_back(absl::ascii_tolower(c));
  }
  return folded;
}

// The edits (insertions, deletions, replacements, swaps of neighbours) that make one text the
// other.
std::size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<std::vector<std::size_t>> edits(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        edits[i][j] = i + j;
        continue;
      }
      const std::size_t replaced = edits[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      edits[i][j] = std::min({replaced, edits[i - 1][j] + 1, edits[i][j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        edits[i][j] = std::min(edits[i][j], edits[i - 2][j - 2] + 1);
      }
    }
  }
  return edits[a.size()][b.size()];
}

// RESPONSE_FORMAT_ for the enum ResponseFormat.
std::string PrefixOf(const EnumDescriptor& type) {
  std::string prefix;
  for (char c : type.name()) {
    if (absl::ascii_isupper(c) && !prefix.empty()) prefix.push_back('_');
    prefix.push_back(absl::ascii_toupper(c));
  }
  return prefix + "_";
}

}  // namespace

bool IsWord(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxShownKey &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-'; });
}

std::string FieldNames(const Descriptor& type) {
  std::vector<std::string> names;
  names.reserve(type.field_count());
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
  return absl::StrJoin(names, ", ");
}

const FieldDescriptor* NearestField(const Descriptor& type, absl::string_view key) {
  if (key.size() > kMaxShownKey) return nullptr;
  const std::string wanted = Folded(key);
  const FieldDescriptor* nearest = nullptr;
  std::size_t best = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  for (int i = 0; i < type.field_count(); ++i) {
    const std::size_t distance = EditDistance(wanted, Folded(type.field(i)->name()));
    if (distance < best && distance < wanted.size()) {
      best = distance;
      nearest = type.field(i);
    }
  }
  return nearest;
}

bool IsDuration(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         field.message_type()->full_name() == kDuration;
}

std::map<std::string, const EnumValueDescriptor*> WordsOf(const FieldDescriptor& field) {
  const EnumDescriptor& type = *field.enum_type();
  const std::string prefix = PrefixOf(type);
  std::map<std::string, const EnumValueDescriptor*> words;
  for (int i = 0; i < type.value_count(); ++i) {
    const EnumValueDescriptor* value = type.value(i);
    if (value->number() == 0 && !field.is_repeated()) continue;
    absl::string_view name = value->name();
    if (absl::StartsWith(name, prefix)) name.remove_prefix(prefix.size());
    words[absl::AsciiStrToLower(name)] = value;
  }
  return words;
}

std::string Needs(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (IsDuration(field)) {
        return "needs a duration such as 30s, 500ms or 10m";
      }
      return absl::StrCat("needs a mapping with keys of: ", FieldNames(*field.message_type()));
    case FieldDescriptor::CPPTYPE_ENUM: {
      std::vector<std::string> words;
      for (const auto& [word, value] : WordsOf(field)) words.push_back(word);
      return absl::StrCat("needs one of: ", absl::StrJoin(words, ", "));
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      return "needs true or false";
    case FieldDescriptor::CPPTYPE_STRING:
      return "needs text";
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return "needs a number";
    default:
      return "needs a whole number";
  }
}

}  // namespace edugate::config
