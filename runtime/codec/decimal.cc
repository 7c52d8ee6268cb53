#include "runtime/codec/decimal.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace edugate::codec {

namespace {

// Beyond this an exponent says only "enormous" or "nothing"; it also keeps sums with lengths from
// overflowing.
constexpr int64_t kLargestExponent = 1'000'000'000'000;
constexpr int64_t kLargestWrittenExponent = 999'999'999;
constexpr int64_t kLongestPlainDecimal = 40;
constexpr int64_t kNanosPerUnit = 1'000'000'000;
constexpr int kMoneyFractionDigits = 9;

struct Parts {
  bool negative = false;
  absl::string_view whole;
  absl::string_view fraction;
  int64_t exponent = 0;

  size_t size() const { return whole.size() + fraction.size(); }
  char digit(size_t i) const { return i < whole.size() ? whole[i] : fraction[i - whole.size()]; }
};

absl::string_view TakeDigits(absl::string_view* text) {
  size_t n = 0;
  while (n < text->size() && absl::ascii_isdigit((*text)[n])) ++n;
  const absl::string_view digits = text->substr(0, n);
  text->remove_prefix(n);
  return digits;
}

bool TakeExponent(absl::string_view* text, int64_t* exponent) {
  if (text->empty() || absl::ascii_tolower(text->front()) != 'e') return true;
  text->remove_prefix(1);
  bool negative = false;
  if (!text->empty() && (text->front() == '+' || text->front() == '-')) {
    negative = text->front() == '-';
    text->remove_prefix(1);
  }
  const absl::string_view digits = TakeDigits(text);
  if (digits.empty()) return false;
  int64_t value = 0;
  for (char c : digits) value = std::min(value * 10 + (c - '0'), kLargestExponent);
  *exponent = negative ? -value : value;
  return true;
}

// The grammar of RFC 8259, section 6.
bool SplitJsonNumber(absl::string_view text, Parts* parts) {
  if (!text.empty() && text.front() == '-') {
    parts->negative = true;
    text.remove_prefix(1);
  }
  parts->whole = TakeDigits(&text);
  if (parts->whole.empty() || (parts->whole.size() > 1 && parts->whole[0] == '0')) return false;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    parts->fraction = TakeDigits(&text);
    if (parts->fraction.empty()) return false;
  }
  return TakeExponent(&text, &parts->exponent) && text.empty();
}

// The wider grammar of google.type.Decimal.
bool SplitDecimal(absl::string_view text, Parts* parts) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    parts->negative = text.front() == '-';
    text.remove_prefix(1);
  }
  parts->whole = TakeDigits(&text);
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    parts->fraction = TakeDigits(&text);
  }
  return parts->size() > 0 && TakeExponent(&text, &parts->exponent) && text.empty();
}

// The number without its sign, when it is an integer of at most 64 bits.
std::optional<uint64_t> Magnitude(const Parts& parts) {
  size_t begin = 0;
  size_t end = parts.size();
  while (begin < end && parts.digit(begin) == '0') ++begin;
  if (begin == end) return 0;
  int64_t scale = parts.exponent - static_cast<int64_t>(parts.fraction.size());
  while (parts.digit(end - 1) == '0') {
    --end;
    ++scale;
  }
  constexpr int64_t kMostDigits = 20;
  if (scale < 0 || static_cast<int64_t>(end - begin) + scale > kMostDigits) return std::nullopt;
  uint64_t value = 0;
  const size_t places = (end - begin) + static_cast<size_t>(scale);
  for (size_t i = 0; i < places; ++i) {
    const uint64_t digit = begin + i < end ? parts.digit(begin + i) - '0' : 0;
    if (__builtin_mul_overflow(value, uint64_t{10}, &value) ||
        __builtin_add_overflow(value, digit, &value)) {
      return std::nullopt;
    }
  }
  return value;
}

// Whether a text is, as most are, what NormalizeDecimal makes of it. Negative ones get the longer
// look.
bool IsNormalDecimal(absl::string_view text) {
  const absl::string_view whole = TakeDigits(&text);
  if (whole.empty() || (whole.size() > 1 && whole.front() == '0')) return false;
  if (text.empty()) return true;
  if (text.front() != '.') return false;
  text.remove_prefix(1);
  return !TakeDigits(&text).empty() && text.empty();
}

std::string_view StripLeadingZeros(std::string_view digits) {
  const size_t first = digits.find_first_not_of('0');
  return first == std::string_view::npos ? std::string_view() : digits.substr(first);
}

std::string Plain(std::string_view whole, std::string_view fraction) {
  std::string text(StripLeadingZeros(whole));
  if (text.empty()) text = "0";
  if (!fraction.empty()) {
    text.push_back('.');
    text.append(fraction);
  }
  return text;
}

}  // namespace

bool IsJsonNumber(absl::string_view text) {
  Parts parts;
  return SplitJsonNumber(text, &parts);
}

std::optional<std::string> NormalizeDecimal(absl::string_view text) {
  if (IsNormalDecimal(text)) return std::string(text);
  Parts parts;
  if (!SplitDecimal(text, &parts)) return std::nullopt;
  parts.whole =
      parts.whole.substr(std::min(parts.whole.find_first_not_of('0'), parts.whole.size()));
  std::string digits = absl::StrCat(parts.whole, parts.fraction);
  const std::string_view all(digits);
  const bool zero = StripLeadingZeros(all).empty();
  const size_t whole = parts.whole.size();
  const std::string sign = parts.negative && !zero ? "-" : "";
  if (parts.exponent == 0) return sign + Plain(all.substr(0, whole), all.substr(whole));
  if (zero) return "0";
  const int64_t size = static_cast<int64_t>(digits.size());
  const int64_t point = static_cast<int64_t>(whole) + parts.exponent;
  const int64_t length = std::max({size, point, size - point}) + 2;
  if (length <= kLongestPlainDecimal) {
    if (point >= size) {
      digits.append(point - size, '0');
      return sign + Plain(digits, "");
    }
    if (point <= 0) return sign + Plain("0", std::string(-point, '0') + digits);
    return sign + Plain(all.substr(0, point), all.substr(point));
  }
  if (parts.exponent > kLargestWrittenExponent || parts.exponent < -kLargestWrittenExponent) {
    return std::nullopt;
  }
  return absl::StrCat(sign, Plain(all.substr(0, whole), all.substr(whole)), "e", parts.exponent);
}

std::optional<uint64_t> ExactUint64(absl::string_view number) {
  if (int64_t small = 0; SmallInteger(number, &small)) {
    return small < 0 ? std::nullopt : std::optional<uint64_t>(small);
  }
  Parts parts;
  if (!SplitJsonNumber(number, &parts)) return std::nullopt;
  const std::optional<uint64_t> magnitude = Magnitude(parts);
  if (!magnitude || (parts.negative && *magnitude != 0)) return std::nullopt;
  return magnitude;
}

std::optional<int64_t> ExactInt64(absl::string_view number) {
  if (int64_t small = 0; SmallInteger(number, &small)) return small;
  Parts parts;
  if (!SplitJsonNumber(number, &parts)) return std::nullopt;
  const std::optional<uint64_t> magnitude = Magnitude(parts);
  if (!magnitude) return std::nullopt;
  constexpr uint64_t kLargest = INT64_MAX;
  if (!parts.negative) {
    if (*magnitude > kLargest) return std::nullopt;
    return static_cast<int64_t>(*magnitude);
  }
  if (*magnitude > kLargest + 1) return std::nullopt;
  return static_cast<int64_t>(uint64_t{0} - *magnitude);
}

absl::StatusOr<google::type::Money> DecimalToMoney(absl::string_view decimal,
                                                   absl::string_view currency_code) {
  const std::optional<std::string> text = NormalizeDecimal(decimal);
  if (!text) return absl::InvalidArgumentError("an amount of money is not a decimal number");
  const size_t point = text->find('.');
  const std::string_view all(*text);
  if (all.find('e') != std::string_view::npos) {
    return absl::InvalidArgumentError("an amount of money is out of range");
  }
  const std::string_view whole = all.substr(0, point);
  const bool negative = whole[0] == '-';
  std::string fraction(point == std::string::npos ? std::string_view() : all.substr(point + 1));
  const size_t last = fraction.find_last_not_of('0');
  fraction.resize(last == std::string::npos ? 0 : last + 1);
  if (fraction.size() > kMoneyFractionDigits) {
    return absl::InvalidArgumentError("an amount of money has more than nine fraction digits");
  }
  fraction.append(kMoneyFractionDigits - fraction.size(), '0');
  const std::optional<int64_t> units = ExactInt64(absl::string_view(whole.data(), whole.size()));
  if (!units) return absl::InvalidArgumentError("an amount of money is out of range");
  int32_t nanos = 0;
  for (char c : fraction) nanos = nanos * 10 + (c - '0');
  google::type::Money money;
  money.set_currency_code(std::string(currency_code));
  money.set_units(*units);
  money.set_nanos(negative ? -nanos : nanos);
  return money;
}

google::type::Money CentsToMoney(int64_t cents, absl::string_view currency_code) {
  google::type::Money money;
  money.set_currency_code(std::string(currency_code));
  money.set_units(cents / 100);
  money.set_nanos(static_cast<int32_t>(cents % 100 * (kNanosPerUnit / 100)));
  return money;
}

std::string MoneyToDecimal(const google::type::Money& money) {
  const __int128 nanos = __int128{money.units()} * kNanosPerUnit + money.nanos();
  const bool negative = nanos < 0;
  const __int128 magnitude = negative ? -nanos : nanos;
  const uint64_t units = static_cast<uint64_t>(magnitude / kNanosPerUnit);
  const uint64_t rest = static_cast<uint64_t>(magnitude % kNanosPerUnit);
  std::string text = absl::StrCat(negative ? "-" : "", units);
  if (rest == 0) return text;
  const std::string digits = absl::StrCat(rest);
  std::string fraction(kMoneyFractionDigits - digits.size(), '0');
  fraction.append(digits);
  fraction.resize(fraction.find_last_not_of('0') + 1);
  return absl::StrCat(text, ".", fraction);
}

std::optional<int64_t> MoneyToCents(const google::type::Money& money) {
  constexpr int64_t kNanosPerCent = kNanosPerUnit / 100;
  const __int128 nanos = __int128{money.units()} * kNanosPerUnit + money.nanos();
  if (nanos % kNanosPerCent != 0) return std::nullopt;
  const __int128 cents = nanos / kNanosPerCent;
  if (cents > INT64_MAX || cents < INT64_MIN) return std::nullopt;
  return static_cast<int64_t>(cents);
}

}  // namespace edugate::codec
