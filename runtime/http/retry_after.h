// When a provider says to come back.
#ifndef EDUGATE_RUNTIME_HTTP_RETRY_AFTER_H_
#define EDUGATE_RUNTIME_HTTP_RETRY_AFTER_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/http/http_client.h"

namespace edugate::http {

// No wait that a provider asks for is taken as longer than this.
inline constexpr absl::Duration kMaxRetryAfter = absl::Hours(1);

// An HTTP date in any of its three forms (RFC 9110, section 5.6.7); nothing where it is none.
std::optional<absl::Time> ParseHttpDate(absl::string_view value);

// A Retry-After value: delay seconds or an HTTP date (RFC 9110, section 10.2.3). Clamped to [0,
// kMaxRetryAfter]; nothing where it is neither.
std::optional<absl::Duration> ParseRetryAfter(absl::string_view value, absl::Time now);

// An X-RateLimit-Reset value (OpenApply): the UTC time at which the limit is lifted, as Unix
// seconds, RFC 3339, "YYYY-MM-DD hh:mm:ss UTC" or an HTTP date. Clamped likewise.
std::optional<absl::Duration> ParseRateLimitReset(absl::string_view value, absl::Time now);

// "… available in N seconds …" of a throttled reply's text (Django REST framework). Clamped
// likewise.
std::optional<absl::Duration> ParseAvailableIn(absl::string_view text);

// The first that an answer has of Retry-After and, for status 429, X-RateLimit-Reset and the body's
// "available in N seconds".
std::optional<absl::Duration> RetryAfterFrom(const Response& response, absl::Time now);

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_RETRY_AFTER_H_
