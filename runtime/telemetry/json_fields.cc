#include "runtime/telemetry/json_fields.h"

#include <charconv>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "runtime/codec/json_text.h"

namespace edugate::telemetry {

void JsonFields::Key(absl::string_view key) {
  if (!text_.empty()) text_ += ',';
  text_ += '"';
  text_.append(key.data(), key.size());
  text_ += "\":";
}

JsonFields& JsonFields::Text(absl::string_view key, absl::string_view value) {
  Key(key);
  text_ += codec::QuoteJson(value);
  return *this;
}

JsonFields& JsonFields::Texts(absl::string_view key, const std::vector<std::string>& values) {
  Key(key);
  text_ += '[';
  for (const std::string& value : values) {
    if (text_.back() != '[') text_ += ',';
    text_ += codec::QuoteJson(value);
  }
  text_ += ']';
  return *this;
}

JsonFields& JsonFields::Integer(absl::string_view key, int64_t value) {
  Key(key);
  absl::StrAppend(&text_, value);
  return *this;
}

JsonFields& JsonFields::Decimal(absl::string_view key, double value) {
  constexpr int kDigits = 3;
  Key(key);
  if (!std::isfinite(value)) {
    text_ += "null";
    return *this;
  }
  char digits[400];  // More than the longest double without an exponent.
  const auto end =
      std::to_chars(digits, digits + sizeof(digits), value, std::chars_format::fixed, kDigits);
  text_.append(digits, end.ptr);
  return *this;
}

JsonFields& JsonFields::Bool(absl::string_view key, bool value) {
  Key(key);
  text_ += value ? "true" : "false";
  return *this;
}

JsonFields& JsonFields::Json(absl::string_view key, absl::string_view json) {
  Key(key);
  text_.append(json.data(), json.size());
  return *this;
}

std::string JsonFields::Object() const { return absl::StrCat("{", text_, "}"); }

}  // namespace edugate::telemetry
