#include "runtime/codec/dates.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "runtime/codec/decimal.h"

namespace edugate::codec {

namespace {

using google::protobuf::Timestamp;
using google::type::Date;

constexpr int64_t kSecondsPerDay = 86'400;
constexpr int64_t kFirstSecond = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr int64_t kLastSecond = 253'402'300'799;   // 9999-12-31T23:59:59Z
constexpr int32_t kNanosPerSecond = 1'000'000'000;
constexpr int kFractionDigits = 9;

bool IsLeapYear(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int DaysInMonth(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[month - 1];
}

bool IsValid(int year, int month, int day) {
  return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
         day <= DaysInMonth(year, month);
}

// Days since 1970-01-01 in the proleptic Gregorian calendar, the years counted from March. The date
// is valid.
int64_t DaysFromCivil(int year, int month, int day) {
  const unsigned y = static_cast<unsigned>(month <= 2 ? year - 1 : year);
  const unsigned shifted_month = static_cast<unsigned>(month > 2 ? month - 3 : month + 9);
  const unsigned day_of_year = (153 * shifted_month + 2) / 5 + static_cast<unsigned>(day) - 1;
  return int64_t{y * 365 + y / 4 - y / 100 + y / 400 + day_of_year} - 719'468;
}

void CivilFromDays(int64_t days, int* year, int* month, int* day) {
  days += 719'468;
  const int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const int64_t day_of_era = days - era * 146'097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  *day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  *month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  *year = static_cast<int>(year_of_era + era * 400 + (*month <= 2 ? 1 : 0));
}

bool TakeChar(absl::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

// Takes `least` to `most` digits.
bool TakeNumber(absl::string_view* text, size_t least, size_t most, int* number) {
  size_t n = 0;
  *number = 0;
  while (n < text->size() && n < most && absl::ascii_isdigit((*text)[n])) {
    *number = *number * 10 + ((*text)[n++] - '0');
  }
  text->remove_prefix(n);
  return n >= least;
}

// Takes digits as the fraction of a second; those beyond nanoseconds are cut off.
bool TakeFraction(absl::string_view* text, int32_t* nanos) {
  constexpr int32_t kUnits[kFractionDigits + 1] = {
      1'000'000'000, 100'000'000, 10'000'000, 1'000'000, 100'000, 10'000, 1'000, 100, 10, 1};
  size_t n = 0;
  int32_t digits = 0;
  for (; n < text->size() && absl::ascii_isdigit((*text)[n]); ++n) {
    if (n < kFractionDigits) digits = digits * 10 + ((*text)[n] - '0');
  }
  text->remove_prefix(n);
  *nanos = digits * kUnits[std::min<size_t>(n, kFractionDigits)];
  return n > 0;
}

// Reads `n` digits, all of them or nothing.
template <size_t n>
bool ReadDigits(const char* at, int* number) {
  unsigned value = 0;
  bool digits = true;
  for (size_t i = 0; i < n; ++i) {
    const unsigned digit = static_cast<unsigned char>(at[i]) - unsigned{'0'};
    digits = digits && digit <= 9;
    value = value * 10 + digit;
  }
  *number = static_cast<int>(value);
  return digits;
}

bool TakeIsoDate(absl::string_view* text, int* year, int* month, int* day) {
  constexpr size_t kSize = 10;
  if (text->size() < kSize) return false;
  const char* at = text->data();
  text->remove_prefix(kSize);
  return at[4] == '-' && at[7] == '-' && ReadDigits<4>(at, year) && ReadDigits<2>(at + 5, month) &&
         ReadDigits<2>(at + 8, day) && IsValid(*year, *month, *day);
}

// Takes hh:mm:ss.
bool TakeTime(absl::string_view* text, int* hour, int* minute, int* second) {
  constexpr size_t kSize = 8;
  if (text->size() < kSize) return false;
  const char* at = text->data();
  text->remove_prefix(kSize);
  return at[2] == ':' && at[5] == ':' && ReadDigits<2>(at, hour) && *hour <= 23 &&
         ReadDigits<2>(at + 3, minute) && *minute <= 59 && ReadDigits<2>(at + 6, second) &&
         *second <= 60;
}

// Takes Z, +hh:mm, +hhmm or +hh.
bool TakeOffset(absl::string_view* text, int64_t* seconds) {
  if (TakeChar(text, 'Z') || TakeChar(text, 'z')) return true;
  const bool negative = TakeChar(text, '-');
  if (!negative && !TakeChar(text, '+')) return false;
  int hours = 0;
  int minutes = 0;
  if (!TakeNumber(text, 2, 2, &hours) || hours > 23) return false;
  if (!text->empty()) {
    TakeChar(text, ':');
    if (!TakeNumber(text, 2, 2, &minutes) || minutes > 59) return false;
  }
  *seconds = int64_t{hours * 60 + minutes} * 60 * (negative ? -1 : 1);
  return true;
}

std::optional<Timestamp> MakeTimestamp(int64_t seconds, int32_t nanos) {
  if (seconds < kFirstSecond || seconds > kLastSecond) return std::nullopt;
  std::optional<Timestamp> instant(std::in_place);
  instant->set_seconds(seconds);
  instant->set_nanos(nanos);
  return instant;
}

std::optional<Date> MakeDate(int year, int month, int day) {
  if (!IsValid(year, month, day)) return std::nullopt;
  std::optional<Date> date(std::in_place);
  date->set_year(year);
  date->set_month(month);
  date->set_day(day);
  return date;
}

// The inside of /Date(...)/, without the writer's offset.
std::optional<absl::string_view> MicrosoftDate(absl::string_view text) {
  if (!absl::ConsumePrefix(&text, "/Date(") || !absl::ConsumeSuffix(&text, ")/")) {
    return std::nullopt;
  }
  const size_t sign = text.find_first_of("+-", 1);
  if (sign == absl::string_view::npos) return text;
  absl::string_view offset = text.substr(sign);
  int64_t seconds = 0;
  if (!TakeOffset(&offset, &seconds) || !offset.empty()) return std::nullopt;
  return text.substr(0, sign);
}

}  // namespace

std::optional<Date> ParseDate(absl::string_view text) {
  int year = 0;
  int month = 0;
  int day = 0;
  absl::string_view iso = text;
  if (TakeIsoDate(&iso, &year, &month, &day) && iso.empty()) return MakeDate(year, month, day);
  if (!TakeNumber(&text, 1, 2, &month) || !TakeChar(&text, '/') || !TakeNumber(&text, 1, 2, &day) ||
      !TakeChar(&text, '/') || !TakeNumber(&text, 4, 4, &year) || !text.empty()) {
    return std::nullopt;
  }
  return MakeDate(year, month, day);
}

std::optional<Timestamp> ParseInstant(absl::string_view text, MissingOffset missing) {
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int32_t nanos = 0;
  int64_t offset = 0;
  if (!TakeIsoDate(&text, &year, &month, &day)) return std::nullopt;
  if (!TakeChar(&text, 'T') && !TakeChar(&text, 't') && !TakeChar(&text, ' ')) return std::nullopt;
  if (!TakeTime(&text, &hour, &minute, &second)) return std::nullopt;
  if (TakeChar(&text, '.') && !TakeFraction(&text, &nanos)) return std::nullopt;
  if (text.empty()) {
    if (missing == MissingOffset::kRefuse) return std::nullopt;
  } else if (!TakeOffset(&text, &offset) || !text.empty()) {
    return std::nullopt;
  }
  const bool leap_second = second == 60;
  if (leap_second) {
    second = 59;
    nanos = kNanosPerSecond - 1;
  }
  const int64_t seconds = DaysFromCivil(year, month, day) * kSecondsPerDay + int64_t{hour} * 3'600 +
                          int64_t{minute} * 60 + second - offset;
  // A leap second is only ever the last of a day in UTC.
  if (leap_second && ((seconds + 1) % kSecondsPerDay) != 0) return std::nullopt;
  return MakeTimestamp(seconds, nanos);
}

std::optional<Timestamp> ParseEpoch(int64_t value, EpochUnit unit) {
  if (unit == EpochUnit::kSeconds) return MakeTimestamp(value, 0);
  int64_t seconds = value / 1'000;
  int64_t millis = value % 1'000;
  if (millis < 0) {
    millis += 1'000;
    --seconds;
  }
  return MakeTimestamp(seconds, static_cast<int32_t>(millis * 1'000'000));
}

std::optional<Timestamp> ParseEpoch(absl::string_view text, EpochUnit unit) {
  if (absl::StartsWith(text, "/")) {
    const std::optional<absl::string_view> millis = MicrosoftDate(text);
    if (!millis) return std::nullopt;
    const std::optional<int64_t> value = ExactInt64(*millis);
    return value ? ParseEpoch(*value, EpochUnit::kMillis) : std::nullopt;
  }
  if (const std::optional<int64_t> value = ExactInt64(text)) return ParseEpoch(*value, unit);
  // What is left is a number with a fraction. Counted in the unit's whole part and in nanoseconds
  // of it.
  bool negative = TakeChar(&text, '-');
  if (!negative) TakeChar(&text, '+');
  size_t n = 0;
  while (n < text.size() && absl::ascii_isdigit(text[n])) ++n;
  constexpr size_t kMostDigits = 15;
  if (n == 0 || n > kMostDigits) return std::nullopt;
  int64_t whole = 0;
  for (size_t i = 0; i < n; ++i) whole = whole * 10 + (text[i] - '0');
  text.remove_prefix(n);
  int32_t billionths = 0;
  if (TakeChar(&text, '.') && !TakeFraction(&text, &billionths)) return std::nullopt;
  if (!text.empty()) return std::nullopt;
  const int64_t per_unit = unit == EpochUnit::kSeconds ? kNanosPerSecond : 1'000'000;
  __int128 nanos = __int128{whole} * per_unit + __int128{billionths} * per_unit / kNanosPerSecond;
  if (negative) nanos = -nanos;
  int64_t seconds = static_cast<int64_t>(nanos / kNanosPerSecond);
  int64_t rest = static_cast<int64_t>(nanos % kNanosPerSecond);
  if (rest < 0) {
    rest += kNanosPerSecond;
    --seconds;
  }
  return MakeTimestamp(seconds, static_cast<int32_t>(rest));
}

std::optional<DateOrInstant> ParseByKind(absl::string_view text, rest::v1::DateKind kind) {
  const auto date = [&]() -> std::optional<DateOrInstant> {
    if (std::optional<Date> parsed = ParseDate(text)) return *parsed;
    return std::nullopt;
  };
  const auto instant = [](std::optional<Timestamp> parsed) -> std::optional<DateOrInstant> {
    if (parsed) return *parsed;
    return std::nullopt;
  };
  switch (kind) {
    case rest::v1::DATE_KIND_DATE:
      return date();
    case rest::v1::DATE_KIND_INSTANT:
      return instant(ParseInstant(text, MissingOffset::kUtc));
    case rest::v1::DATE_KIND_EPOCH_SECONDS:
      return instant(ParseEpoch(text, EpochUnit::kSeconds));
    case rest::v1::DATE_KIND_EPOCH_MILLIS:
      return instant(ParseEpoch(text, EpochUnit::kMillis));
    case rest::v1::DATE_KIND_DATE_OR_INSTANT:
      if (std::optional<DateOrInstant> parsed = date()) return parsed;
      return instant(ParseInstant(text, MissingOffset::kUtc));
    default:
      return std::nullopt;
  }
}

std::string FormatRfc3339(const Timestamp& instant) {
  if (instant.seconds() < kFirstSecond || instant.seconds() > kLastSecond || instant.nanos() < 0 ||
      instant.nanos() >= kNanosPerSecond) {
    return "";
  }
  int64_t days = instant.seconds() / kSecondsPerDay;
  int64_t second = instant.seconds() % kSecondsPerDay;
  if (second < 0) {
    second += kSecondsPerDay;
    --days;
  }
  int year = 0;
  int month = 0;
  int day = 0;
  CivilFromDays(days, &year, &month, &day);
  std::string text = absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02d", year, month, day,
                                     second / 3'600, second / 60 % 60, second % 60);
  if (instant.nanos() != 0) {
    std::string fraction = absl::StrFormat(".%09d", instant.nanos());
    while (absl::EndsWith(fraction, "000")) fraction.resize(fraction.size() - 3);
    text += fraction;
  }
  return text + "Z";
}

std::string FormatDate(const Date& date) {
  if (!IsValid(date.year(), date.month(), date.day())) return "";
  return absl::StrFormat("%04d-%02d-%02d", date.year(), date.month(), date.day());
}

}  // namespace edugate::codec
