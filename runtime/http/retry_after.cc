#include "runtime/http/retry_after.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

namespace edugate::http {
namespace {

// Where "available in N seconds" is looked for: the sentence is short, and the body may be large.
constexpr size_t kTextScanned = 4096;

constexpr int kTooManyRequests = 429;

absl::Duration Clamp(absl::Duration delay) {
  return std::clamp(delay, absl::ZeroDuration(), kMaxRetryAfter);
}

bool AllDigits(absl::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c); });
}

// Digits as seconds; too many digits to be a number are simply very long.
absl::Duration Seconds(absl::string_view digits) {
  int64_t seconds = 0;
  if (!absl::SimpleAtoi(digits, &seconds)) return kMaxRetryAfter;
  return absl::Seconds(seconds);
}

// absl::ParseTime also takes "infinite-future" and "infinite-past", whatever the format.
bool IsInfinity(absl::string_view value) { return absl::StartsWith(value, "infinite-"); }

}  // namespace

std::optional<absl::Time> ParseHttpDate(absl::string_view value) {
  if (IsInfinity(value)) return std::nullopt;
  absl::Time time;
  // IMF-fixdate, and the two obsolete forms that a recipient must accept (RFC 9110, section 5.6.7).
  for (const char* format :
       {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    if (absl::ParseTime(format, value, absl::UTCTimeZone(), &time, nullptr)) return time;
  }
  return std::nullopt;
}

std::optional<absl::Duration> ParseRetryAfter(absl::string_view value, absl::Time now) {
  value = absl::StripAsciiWhitespace(value);
  if (AllDigits(value)) return Clamp(Seconds(value));
  if (auto date = ParseHttpDate(value)) return Clamp(*date - now);
  return std::nullopt;
}

std::optional<absl::Duration> ParseRateLimitReset(absl::string_view value, absl::Time now) {
  value = absl::StripAsciiWhitespace(value);
  if (AllDigits(value)) {
    int64_t number = 0;
    if (!absl::SimpleAtoi(value, &number)) return kMaxRetryAfter;
    // A number below a year's seconds can't be a time of day today: it is a delay.
    constexpr int64_t kYearSeconds = 366LL * 24 * 3600;
    if (number < kYearSeconds) return Clamp(absl::Seconds(number));
    return Clamp(absl::FromUnixSeconds(number) - now);
  }
  if (IsInfinity(value)) return std::nullopt;
  absl::Time time;
  for (const char* format : {absl::RFC3339_full, "%Y-%m-%d %H:%M:%E*S %z",
                             "%Y-%m-%d %H:%M:%E*S UTC", "%Y-%m-%d %H:%M:%E*S"}) {
    if (absl::ParseTime(format, value, absl::UTCTimeZone(), &time, nullptr)) {
      return Clamp(time - now);
    }
  }
  if (auto date = ParseHttpDate(value)) return Clamp(*date - now);
  return std::nullopt;
}

std::optional<absl::Duration> ParseAvailableIn(absl::string_view text) {
  constexpr absl::string_view kLead = "available in ";
  text = text.substr(0, kTextScanned);
  for (size_t at = text.find(kLead); at != absl::string_view::npos; at = text.find(kLead)) {
    text.remove_prefix(at + kLead.size());
    size_t digits = 0;
    while (digits < text.size() && absl::ascii_isdigit(text[digits])) ++digits;
    if (digits > 0 && absl::StartsWith(text.substr(digits), " second")) {
      return Clamp(Seconds(text.substr(0, digits)));
    }
  }
  return std::nullopt;
}

std::optional<absl::Duration> RetryAfterFrom(const Response& response, absl::Time now) {
  const absl::string_view retry_after = response.header("Retry-After");
  if (!retry_after.empty()) {
    if (auto delay = ParseRetryAfter(retry_after, now)) return delay;
  }
  // What follows is about the rate alone. A provider may count down on every answer, and says
  // nothing with that of when its failure is over.
  if (response.status != kTooManyRequests) return std::nullopt;
  const absl::string_view reset = response.header("X-RateLimit-Reset");
  if (!reset.empty()) {
    if (auto delay = ParseRateLimitReset(reset, now)) return delay;
  }
  return ParseAvailableIn(response.body);
}

}  // namespace edugate::http
