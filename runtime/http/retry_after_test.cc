#include "runtime/http/retry_after.h"

#include <gtest/gtest.h>

#include "runtime/http/fake_http_client.h"

namespace edugate::http {
namespace {

using Wait = std::optional<absl::Duration>;

// Sunday, 6 November 1994, 08:49:37 UTC, the date of RFC 9110's examples.
const absl::Time kNow = absl::FromUnixSeconds(784111777);

struct Case {
  const char* text;
  Wait wait;
};

const Wait kNothing = std::nullopt;

TEST(RetryAfterTest, SecondsAndDatesAreRead) {
  const Case cases[] = {
      {"0", absl::ZeroDuration()},
      {"120", absl::Seconds(120)},
      {" 7\t", absl::Seconds(7)},
      {"007", absl::Seconds(7)},
      {"3600", absl::Hours(1)},
      {"Sun, 06 Nov 1994 08:50:37 GMT", absl::Seconds(60)},
      {"Sunday, 06-Nov-94 08:50:37 GMT", absl::Seconds(60)},
      {"Sun Nov  6 08:50:37 1994", absl::Seconds(60)},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(ParseRetryAfter(each.text, kNow), each.wait) << each.text;
  }
}

TEST(RetryAfterTest, WhatIsPastIsNoWaitAndWhatIsFarIsAnHour) {
  const Case cases[] = {
      {"Sun, 06 Nov 1994 08:48:37 GMT", absl::ZeroDuration()},
      {"Thu, 01 Jan 1970 00:00:00 GMT", absl::ZeroDuration()},
      {"3601", kMaxRetryAfter},
      {"99999999999", kMaxRetryAfter},
      {"99999999999999999999999999999999", kMaxRetryAfter},
      {"Fri, 31 Dec 9999 23:59:59 GMT", kMaxRetryAfter},
      {"Sun, 06 Nov 1994 09:49:38 GMT", kMaxRetryAfter},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(ParseRetryAfter(each.text, kNow), each.wait) << each.text;
  }
}

TEST(RetryAfterTest, GarbageSaysNothing) {
  for (const char* text :
       {"", " ", "-1", "+5", "1.5", "1e3", "0x10", "soon", "120 seconds", "5,6", "Sun, 06 Nov 1994",
        "1994-11-06T08:50:37Z", "Sun, 32 Nov 1994 08:50:37 GMT", "\xC3\xA9", "infinite-future",
        "infinite-past"}) {
    EXPECT_EQ(ParseRetryAfter(text, kNow), kNothing) << text;
  }
}

TEST(RateLimitResetTest, EveryWayToWriteTheTimeIsRead) {
  const Case cases[] = {
      {"784111837", absl::Seconds(60)},
      {"784111777", absl::ZeroDuration()},
      {"784111000", absl::ZeroDuration()},
      {"784119000", kMaxRetryAfter},
      {"99999999999999999999999", kMaxRetryAfter},
      {"38", absl::Seconds(38)},
      {"0", absl::ZeroDuration()},
      {"1994-11-06T08:50:37Z", absl::Seconds(60)},
      {"1994-11-06T16:50:37.000+08:00", absl::Seconds(60)},
      {"1994-11-06 08:50:37 UTC", absl::Seconds(60)},
      {"1994-11-06 08:50:37 +0000", absl::Seconds(60)},
      {"1994-11-06 08:50:37", absl::Seconds(60)},
      {"1994-11-06 08:50:37.5", absl::Milliseconds(60500)},
      {"Sun, 06 Nov 1994 08:50:37 GMT", absl::Seconds(60)},
      {"1994-11-06 08:00:00 UTC", absl::ZeroDuration()},
      {"1999-01-01T00:00:00Z", kMaxRetryAfter},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(ParseRateLimitReset(each.text, kNow), each.wait) << each.text;
  }
}

TEST(RateLimitResetTest, GarbageSaysNothing) {
  for (const char* text :
       {"", "-5", "tomorrow", "1994-11-06", "08:50:37", "12.5", "infinite-future"}) {
    EXPECT_EQ(ParseRateLimitReset(text, kNow), kNothing) << text;
  }
}

TEST(AvailableInTest, TheSecondsOfTheSentenceAreRead) {
  const std::string far(4096, 'x');
  const Case cases[] = {
      {R"({"detail":"Request was throttled. Expected available in 38 seconds."})",
       absl::Seconds(38)},
      {"available in 1 second.", absl::Seconds(1)},
      {"available in 99999 seconds", kMaxRetryAfter},
      {"available in 99999999999999999999 seconds", kMaxRetryAfter},
      {"available in 0 seconds", absl::ZeroDuration()},
      {"Not available in Spain. Expected available in 5 seconds.", absl::Seconds(5)},
      {"available in -3 seconds", kNothing},
      {"available in seconds", kNothing},
      {"available in 3 minutes", kNothing},
      {"available in 3", kNothing},
      {"available in ", kNothing},
      {"", kNothing},
  };
  for (const Case& each : cases) EXPECT_EQ(ParseAvailableIn(each.text), each.wait) << each.text;
  EXPECT_EQ(ParseAvailableIn(far + "available in 3 seconds"), kNothing);
}

Response Throttled(int status, std::vector<http::Header> headers, std::string body = "") {
  Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = std::move(body);
  return response;
}

TEST(RetryAfterFromTest, TheFirstThatIsReadableCounts) {
  const std::string sentence = "Expected available in 38 seconds.";
  const http::Header retry_after{"retry-after", "7"};
  const http::Header reset{"X-RateLimit-Reset", "784111837"};
  EXPECT_EQ(RetryAfterFrom(Throttled(429, {reset, retry_after}, sentence), kNow), absl::Seconds(7));
  EXPECT_EQ(RetryAfterFrom(Throttled(429, {reset}, sentence), kNow), absl::Seconds(60));
  EXPECT_EQ(RetryAfterFrom(Throttled(429, {}, sentence), kNow), absl::Seconds(38));
  EXPECT_EQ(RetryAfterFrom(Throttled(429, {{"Retry-After", "-1"}, reset}, sentence), kNow),
            absl::Seconds(60));
  EXPECT_EQ(
      RetryAfterFrom(
          Throttled(429, {{"Retry-After", "-1"}, {"X-RateLimit-Reset", "soon"}}, sentence), kNow),
      absl::Seconds(38));
  EXPECT_EQ(RetryAfterFrom(Throttled(429, {}, "later"), kNow), kNothing);
}

TEST(RetryAfterFromTest, TheSentenceAndTheResetCountOnlyWhereTheRateIsLimited) {
  const http::Header reset{"X-RateLimit-Reset", "784111837"};
  for (const int status : {200, 403, 404, 500, 503}) {
    EXPECT_EQ(RetryAfterFrom(Throttled(status, {reset}, "available in 38 seconds"), kNow), kNothing)
        << status;
  }
  EXPECT_EQ(RetryAfterFrom(Throttled(503, {reset, {"Retry-After", "9"}}), kNow), absl::Seconds(9));
}

}  // namespace
}  // namespace edugate::http
