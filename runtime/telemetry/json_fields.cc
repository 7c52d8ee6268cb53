#include "runtime/telemetry/json_fields.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "runtime/codec/json_text.h"

namespace edugate::telemetry {

namespace {

// Most of what is written: names, which need no escape.
bool IsPlain(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= ' ' && c < 0x7f && c != '"' && c != '\\'; });
}

void AppendQuoted(absl::string_view text, std::string& out) {
  if (!IsPlain(text)) {
    out += codec::QuoteJson(text);
    return;
  }
  out += '"';
  out.append(text.data(), text.size());
  out += '"';
}

void AppendInteger(int64_t value, std::string& out) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), value);
  out.append(digits, end - digits);
}

}  // namespace

void JsonFields::Key(absl::string_view key) {
  // A line of the access log, so that it is allocated once.
  constexpr std::size_t kUsualSize = 448;
  if (text_.empty()) text_.reserve(kUsualSize);
  if (!text_.empty()) text_ += ',';
  text_ += '"';
  text_.append(key.data(), key.size());
  text_ += "\":";
}

JsonFields& JsonFields::Text(absl::string_view key, absl::string_view value) {
  Key(key);
  AppendQuoted(value, text_);
  return *this;
}

JsonFields& JsonFields::Texts(absl::string_view key, const std::vector<std::string>& values) {
  Key(key);
  text_ += '[';
  for (const std::string& value : values) {
    if (text_.back() != '[') text_ += ',';
    AppendQuoted(value, text_);
  }
  text_ += ']';
  return *this;
}

JsonFields& JsonFields::Integer(absl::string_view key, int64_t value) {
  Key(key);
  AppendInteger(value, text_);
  return *this;
}

JsonFields& JsonFields::Decimal(absl::string_view key, double value) {
  constexpr double kLargest = 1e12;
  constexpr int64_t kThousand = 1000;
  Key(key);
  if (!(std::fabs(value) < kLargest)) {
    text_ += "null";
    return *this;
  }
  const int64_t thousandths = std::llround(value * kThousand);
  const int64_t size = thousandths < 0 ? -thousandths : thousandths;
  if (thousandths < 0) text_ += '-';
  AppendInteger(size / kThousand, text_);
  // The digits after the point, behind a 1 that keeps their zeros.
  char digits[4];
  std::to_chars(digits, digits + sizeof(digits), kThousand + size % kThousand);
  digits[0] = '.';
  text_.append(digits, sizeof(digits));
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
