#include "runtime/config/yaml_field_writer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/config/yaml_field_words.h"

namespace edugate::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The largest number of seconds of a google.protobuf.Duration.
constexpr int64_t kMaxDurationSeconds = 315'576'000'000;

bool IsWholeNumber(absl::string_view text) {
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  if (text.size() > 1 && text.front() == '0') return false;  // Octal to some readers of YAML.
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

template <typename Integer>
std::string NeedsRange() {
  return absl::StrCat("needs a whole number from ", std::numeric_limits<Integer>::min(), " to ",
                      std::numeric_limits<Integer>::max());
}

}  // namespace

std::string YamlFieldWriter::SetScalar(const std::string& text) {
  switch (field_.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return SetInteger<int32_t>(text);
    case FieldDescriptor::CPPTYPE_INT64:
      return SetInteger<int64_t>(text);
    case FieldDescriptor::CPPTYPE_UINT32:
      return SetInteger<uint32_t>(text);
    case FieldDescriptor::CPPTYPE_UINT64:
      return SetInteger<uint64_t>(text);
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT: {
      double value = 0;
      if (!absl::SimpleAtod(text, &value) || !std::isfinite(value)) return Needs(field_);
      if (field_.cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
        Set(value);
      } else {
        Set(static_cast<float>(value));
      }
      return "";
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      if (text != "true" && text != "false") return Needs(field_);
      Set(text == "true");
      return "";
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto words = WordsOf(field_);
      const auto found = words.find(text);
      if (found == words.end()) return Needs(field_);
      Set(found->second);
      return "";
    }
    case FieldDescriptor::CPPTYPE_STRING:
      if (absl::StrContains(text, absl::string_view("\0", 1))) {
        return "has a NUL character";
      }
      Set(text);
      return "";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return SetDuration(text);
  }
  return Needs(field_);
}

template <typename Integer>
std::string YamlFieldWriter::SetInteger(const std::string& text) {
  if (!IsWholeNumber(text)) return Needs(field_);
  Integer value = 0;
  if (!absl::SimpleAtoi(text, &value)) return NeedsRange<Integer>();
  Set(value);
  return "";
}

std::string YamlFieldWriter::SetDuration(const std::string& text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration)) return Needs(field_);
  if (duration < absl::ZeroDuration()) return "must not be negative";
  const int64_t seconds = absl::IDivDuration(duration, absl::Seconds(1), &duration);
  if (seconds > kMaxDurationSeconds) return "is too long a duration";
  Message& value = *Nested();
  const Descriptor& type = *value.GetDescriptor();
  value.GetReflection()->SetInt64(&value, type.FindFieldByName("seconds"), seconds);
  value.GetReflection()->SetInt32(&value, type.FindFieldByName("nanos"),
                                  static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return "";
}

}  // namespace edugate::config
