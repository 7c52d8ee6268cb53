#include "runtime/codec/scalar.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "runtime/codec/decimal.h"

namespace edugate::codec {

namespace {

// An integer short enough to be exact as a float needs no second look.
bool IsLongInteger(absl::string_view number) {
  constexpr size_t kAlwaysExact = 7;
  return number.size() > kAlwaysExact && number.find_first_of(".eE") == absl::string_view::npos;
}

template <typename Float>
std::optional<Float> NearestFloat(absl::string_view number) {
  Float value = 0;
  const char* end = number.data() + number.size();
  const auto [stop, error] = std::from_chars(number.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  if (IsLongInteger(number)) {
    char exact[400];
    const int size = std::snprintf(exact, sizeof exact, "%.0f", static_cast<double>(value));
    if (number != absl::string_view(exact, size)) return std::nullopt;
  }
  return value;
}

std::optional<bool> BoolFromText(absl::string_view text) {
  if (absl::EqualsIgnoreCase(text, "true")) return true;
  if (absl::EqualsIgnoreCase(text, "false")) return false;
  return std::nullopt;
}

Fit PutEnum(absl::string_view text, const FieldPlan& plan, const Slot& slot) {
  if (const std::optional<int64_t> number = ExactInt64(text)) {
    const auto* type = plan.field->enum_type();
    if (*number < INT32_MIN || *number > INT32_MAX ||
        type->FindValueByNumber(static_cast<int>(*number)) == nullptr) {
      return Fit::kNewEnumValue;
    }
    slot.Enum(static_cast<int>(*number));
    return Fit::kFits;
  }
  const auto it = plan.enum_values.find(absl::AsciiStrToLower(text));
  if (it == plan.enum_values.end()) return Fit::kNewEnumValue;
  slot.Enum(it->second->number());
  return Fit::kFits;
}

bool PutIntegerText(absl::string_view text, ValueKind kind, const Slot& slot) {
  if (kind == ValueKind::kUint64) {
    const std::optional<uint64_t> number = ExactUint64(text);
    if (number) slot.Uint64(*number);
    return number.has_value();
  }
  const std::optional<int64_t> number = ExactInt64(text);
  return number && PutInteger(*number, kind, slot);
}

}  // namespace

Sort SortOf(absl::string_view token) {
  if (token.empty()) return Sort::kInvalid;
  switch (token.front()) {
    case '{':
      return Sort::kObject;
    case '[':
      return Sort::kList;
    case '"':
      return token.size() > 1 && token.back() == '"' ? Sort::kString : Sort::kInvalid;
    case 't':
      return token == "true" ? Sort::kTrue : Sort::kInvalid;
    case 'f':
      return token == "false" ? Sort::kFalse : Sort::kInvalid;
    case 'n':
      return token == "null" ? Sort::kNull : Sort::kInvalid;
    default:
      return IsJsonNumber(token) ? Sort::kNumber : Sort::kInvalid;
  }
}

Fit PutScalar(Sort sort, absl::string_view text, const FieldPlan& plan, const Slot& slot) {
  if (sort == Sort::kObject || sort == Sort::kList || sort == Sort::kNull ||
      sort == Sort::kInvalid) {
    return Fit::kIllFitting;
  }
  const bool flag = sort == Sort::kTrue || sort == Sort::kFalse;
  const auto fits = [](bool put) { return put ? Fit::kFits : Fit::kIllFitting; };
  switch (plan.kind) {
    case ValueKind::kString:
      slot.String(text);
      return Fit::kFits;
    case ValueKind::kBytes: {
      std::string bytes;
      if (sort != Sort::kString ||
          (!absl::Base64Unescape(text, &bytes) && !absl::WebSafeBase64Unescape(text, &bytes))) {
        return Fit::kIllFitting;
      }
      slot.String(bytes);
      return Fit::kFits;
    }
    case ValueKind::kBool: {
      const std::optional<bool> value = BoolFromText(text);
      if (value) slot.Bool(*value);
      return fits(value.has_value());
    }
    case ValueKind::kEnum:
      return flag || text.empty() ? Fit::kIllFitting : PutEnum(text, plan, slot);
    case ValueKind::kFloat: {
      const std::optional<float> value =
          IsJsonNumber(text) ? NearestFloat<float>(text) : std::nullopt;
      if (value) slot.Float(*value);
      return fits(value.has_value());
    }
    case ValueKind::kDouble: {
      const std::optional<double> value =
          IsJsonNumber(text) ? NearestFloat<double>(text) : std::nullopt;
      if (value) slot.Double(*value);
      return fits(value.has_value());
    }
    default:
      return fits(PutIntegerText(text, plan.kind, slot));
  }
}

bool PutMapKey(absl::string_view name, const FieldPlan& plan, const Slot& slot) {
  if (plan.kind != ValueKind::kString && plan.kind != ValueKind::kBool) {
    return PutIntegerText(name, plan.kind, slot);
  }
  return PutScalar(Sort::kString, name, plan, slot) == Fit::kFits;
}

std::optional<double> NearestDouble(absl::string_view number) {
  return NearestFloat<double>(number);
}

}  // namespace edugate::codec
