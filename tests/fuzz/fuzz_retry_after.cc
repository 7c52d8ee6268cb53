// Any text as the time at which a provider says to come back.

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/time/time.h"
#include "runtime/http/retry_after.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace edugate {
namespace {

void RequireSound(absl::string_view text, const std::optional<absl::Duration>& delay) {
  if (!delay.has_value()) return;
  fuzz::Require(*delay >= absl::ZeroDuration() && *delay <= http::kMaxRetryAfter,
                "a wait is between nothing and the longest one", text);
  fuzz::Require(
      std::any_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c); }),
      "a wait is said in digits", text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const absl::string_view text = fuzz::Input(data, size).Rest();
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);

  const auto retry_after = http::ParseRetryAfter(text, now);
  const auto reset = http::ParseRateLimitReset(text, now);
  const auto available = http::ParseAvailableIn(text);
  RequireSound(text, retry_after);
  RequireSound(text, reset);
  RequireSound(text, available);
  // A calendar that is later leaves less to wait.
  const auto later = http::ParseRetryAfter(text, now + absl::Minutes(5));
  fuzz::Require(later.has_value() == retry_after.has_value(), "the clock decides no syntax", text);
  if (later.has_value()) fuzz::Require(*later <= *retry_after, "time shortens a wait", text);

  http::Response response;
  response.status = 429;
  response.body = std::string(text);
  fuzz::Require(http::RetryAfterFrom(response, now) == available, "a body is read as such", text);
  response.headers.push_back({"X-RateLimit-Reset", std::string(text)});
  fuzz::Require(http::RetryAfterFrom(response, now) == (reset.has_value() ? reset : available),
                "X-RateLimit-Reset comes before the body", text);
  response.headers.push_back({"retry-after", std::string(text)});
  if (retry_after.has_value()) {
    fuzz::Require(http::RetryAfterFrom(response, now) == retry_after, "Retry-After comes first",
                  text);
  }
  return 0;
}

}  // namespace edugate
