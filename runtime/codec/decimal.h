// Exact decimal numbers as text: credits, grades, GPA and money never pass through a double.
#ifndef EDUGATE_RUNTIME_CODEC_DECIMAL_H_
#define EDUGATE_RUNTIME_CODEC_DECIMAL_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/type/money.pb.h"

namespace edugate::codec {

// Reads the numbers that most texts hold: an integer of JSON's grammar (RFC 8259, section 6) of at
// most 18 digits, without fraction and exponent. False for all others and for what is no number.
inline bool SmallInteger(absl::string_view text, int64_t* number) {
  constexpr size_t kMostDigits = 18;
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  if (negative) ++at;
  const size_t digits = end - at;
  if (digits == 0 || digits > kMostDigits || (*at == '0' && digits > 1)) return false;
  int64_t value = 0;
  for (; at != end; ++at) {
    const unsigned digit = static_cast<unsigned char>(*at) - unsigned{'0'};
    if (digit > 9) return false;
    value = value * 10 + digit;
  }
  *number = negative ? -value : value;
  return true;
}

// True for a number of JSON's grammar (RFC 8259, section 6), whole.
bool IsJsonNumber(absl::string_view text);

// The text of google.type.Decimal for a decimal number as providers write it: an optional sign,
// digits with an optional fraction (".5" and "5." too), an optional exponent. Trailing zeros of the
// fraction stay, as they say how exact the number is; an exponent is multiplied out where the
// result has at most 40 characters and else stays, as in 1e400. A negative zero loses its sign.
// Nothing for anything else, blanks and thousands separators included.
std::optional<std::string> NormalizeDecimal(absl::string_view text);

// The integer that a JSON number is, when it is one: "12", "12.0" and "1.2e1" are 12; "12.5" and
// what the type can't hold are nothing.
std::optional<int64_t> ExactInt64(absl::string_view number);
std::optional<uint64_t> ExactUint64(absl::string_view number);

// A decimal number as an amount in a currency (ISO 4217, may be empty). kInvalidArgument for what
// is no decimal, for an amount of more than nine fraction digits that aren't zero, and for one
// beyond 64 bits of whole units.
absl::StatusOr<google::type::Money> DecimalToMoney(absl::string_view decimal,
                                                   absl::string_view currency_code);

// An amount in hundredths of the currency's unit.
google::type::Money CentsToMoney(int64_t cents, absl::string_view currency_code);

// The amount as decimal text, without trailing zeros in the fraction: -12.5.
std::string MoneyToDecimal(const google::type::Money& money);

// The amount in hundredths, when it is a whole number of them and fits.
std::optional<int64_t> MoneyToCents(const google::type::Money& money);

}  // namespace edugate::codec

#endif  // EDUGATE_RUNTIME_CODEC_DECIMAL_H_
