#include "app/resilience_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "app/config_check.h"
#include "app/resilience_options.h"

namespace edugate::app {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// A configuration whose connection has these further keys, on line 8.
std::string With(const std::string& keys, const std::string& rates = "rate_limits: []") {
  return absl::StrCat("server: { listen: \"127.0.0.1:0\" }\n", rates, "\n", R"(connections:
  - id: lincoln
    provider: openapply
    base_url: https://lincoln.openapply.com
    auth: { bearer: { value: x } }
    )",
                      keys, "\n");
}

std::string MistakesOf(const std::string& text) {
  return std::string(LoadConfigText(text, "edugate.yaml").status().message());
}

TEST(ResilienceCheckTest, EachKeyHasItsRange) {
  const struct {
    const char* keys;
    const char* mistake;
  } cases[] = {
      {"retry: { initial_backoff: 0s }", "retry.initial_backoff: must be from 1ms to 1m"},
      {"retry: { max_backoff: 301s }", "retry.max_backoff: must be from 1ms to 5m"},
      {"retry: { initial_backoff: 6s }", "retry.initial_backoff: must be at most max_backoff"},
      {"retry: { budget_percent: 101 }", "retry.budget_percent: must be from 1 to 100"},
      {"breaker: { failure_percent: -1 }", "breaker.failure_percent: must be from 1 to 100"},
      {"breaker: { minimum_calls: 100001 }", "breaker.minimum_calls: must be from 1 to 100000"},
      {"breaker: { window: 0.5s }", "breaker.window: must be from 1s to 10m"},
      {"breaker: { connect_failures: 1001 }", "breaker.connect_failures: must be from 1 to 1000"},
      {"breaker: { open: 0.01s }", "breaker.open: must be from 100ms to 10m"},
      {"breaker: { max_open: 3601s }", "breaker.max_open: must be from 100ms to 1h"},
      {"breaker: { open: 90s }", "breaker.open: must be at most max_open"},
      {"concurrency: { max_in_flight: 100001 }", "max_in_flight: must be from 1 to 100000"},
      {"concurrency: { max_queued: -1 }", "concurrency.max_queued: must be from 0 to 1000000"},
      {"concurrency: { initial: 65 }", "concurrency.initial: must be at most max_in_flight"},
      {"concurrency: { minimum: 21 }", "concurrency.minimum: must be at most initial"},
      {"rate_limit: {}", "rate_limit.own: needs one of own and shared"},
      {"rate_limit: { own: {} }", "rate_limit.own.per_second: is missing"},
      {"rate_limit: { own: { per_second: 0.001 } }", "per_second: must be from 0.01 to 1000000"},
      {"rate_limit: { own: { per_second: 1, burst: -1 } }", "own.burst: must be from 1 to 1000000"},
      {"rate_limit: { shared: nobody }", "rate_limit.shared: names none of rate_limits"},
      {"cache: {}", "cache.max_age: is missing"},
      {"cache: { max_age: 0.05s }", "cache.max_age: must be from 100ms to 24h"},
      {"cache: { max_age: 1s, max_bytes: 65535 }", "max_bytes: must be from 65536 to 4294967296"},
      {"methods: [ { method: ListReenrollments, attempt_timeout: 0.01s } ]",
       "methods[0].attempt_timeout: must be from 50ms to 1h"},
      {"methods: [ { method: ListReenrollments, max_response_depth: 3 } ]",
       "methods[0].max_response_depth: must be from 4 to 512"},
      {"methods: [ { method: ListReenrollments, max_backoff: 0.05s } ]",
       "methods[0].initial_backoff: must be at most max_backoff"},
      {"retry: { budget_tokens: 1 }", "retry.budget_tokens: must be from 2 to 1000000"},
      {"limits: { attempt_timeout: 0.01s }", "limits.attempt_timeout: must be from 50ms to 1h"},
      {"limits: { least_attempt: 11s }", "limits.least_attempt: must be from 1ms to 10s"},
      {"limits: { max_decode_ratio: 10001 }", "limits.max_decode_ratio: must be from 1 to 10000"},
      {"http: { stall_time: 0.5s }", "http.stall_time: must be from 1s to 10m"},
      {"http: { stall_time: 1.5s }", "http.stall_time: needs whole seconds"},
      {"methods: [ { method: ListReenrollments, max_attempts: 11 } ]",
       "methods[0].max_attempts: must be from 1 to 10"},
      {"methods: [ { method: ListReenrollments, rate_limit: {} } ]",
       "methods[0].rate_limit.per_second: is missing"},
      {"methods: [ { method: UpdateReenrollment, cache_max_age: 1s } ]",
       "methods[0].cache_max_age: means nothing to a write"},
      {"methods: [ { method: UpdateReenrollment, coalesce: true } ]",
       "methods[0].coalesce: means nothing to a write"},
      {"methods: [ { method: ListReenrollments }, { method: ListReenrollments } ]",
       "methods[1].method: is configured twice"},
  };
  for (const auto& each : cases) {
    EXPECT_THAT(MistakesOf(With(each.keys)),
                AllOf(HasSubstr("edugate.yaml:8: connections[0]."), HasSubstr(each.mistake)))
        << each.keys;
  }
}

TEST(ResilienceCheckTest, AMethodThatThereIsNotIsAnsweredWithThoseThatThereAre) {
  EXPECT_THAT(MistakesOf(With("methods: [ { method: ListReenrolments } ]")),
              AllOf(HasSubstr("methods[0].method: must be one of the provider's methods: "),
                    HasSubstr("ListReenrollments"), HasSubstr("UpdateReenrollment")));
}

TEST(ResilienceCheckTest, SharedRatesHaveNamesOfTheirOwnAndARate) {
  const std::string bucket = "rate: { per_second: 1 }";
  EXPECT_THAT(MistakesOf(With("", "rate_limits: [ { name: A, " + bucket + " } ]")),
              HasSubstr("rate_limits[0].name: needs a lower-case letter"));
  EXPECT_THAT(MistakesOf(With(
                  "", "rate_limits: [ { name: a, " + bucket + " }, { name: a, " + bucket + " } ]")),
              HasSubstr("rate_limits[1].name: is the name of another rate, too"));
  EXPECT_THAT(MistakesOf(With("", "rate_limits: [ { name: a } ]")),
              HasSubstr("rate_limits[0].rate.per_second: is missing"));
  EXPECT_EQ(
      MistakesOf(With("rate_limit: { shared: a }", "rate_limits: [ { name: a, " + bucket + " } ]")),
      "");
}

TEST(ResilienceOptionsTest, EveryKeyReachesItsPart) {
  const auto config =
      LoadConfigText(With(R"(limits: { max_attempts: 5, attempt_timeout: 8s, least_attempt: 0.2s }
    retry: { initial_backoff: 0.2s, max_backoff: 9s, budget_percent: 30, budget_tokens: 60, attempt_cost: 2, timeout_attempt_cost: 3 }
    breaker: { disabled: true, failure_percent: 60, minimum_calls: 30, window: 20s, connect_failures: 6, open: 3s, max_open: 4s }
    concurrency: { max_in_flight: 10, max_queued: 0, adaptive: false, initial: 8, minimum: 2 }
    coalesce: false
    cache: { max_age: 5s, max_bytes: 70000 }
    methods:
      - { method: ListReenrollments, attempt_timeout: 2s, max_attempts: 1, coalesce: true, cache_max_age: 0s,
          initial_backoff: 0.3s, max_backoff: 4s, max_response_bytes: 5000, max_response_depth: 7 }
      - { method: ListStudentReenrollments, max_attempts: 2 })"),
                     "edugate.yaml");
  ASSERT_TRUE(config.ok()) << config.status();
  const resilience::SafeguardOptions options = ToSafeguardOptions(config->connections(0));
  EXPECT_EQ(options.policy.backoff.initial, absl::Milliseconds(200));
  EXPECT_EQ(options.policy.backoff.max, absl::Seconds(9));
  EXPECT_EQ(options.retry.budget_percent, 30);
  EXPECT_EQ(options.retry.budget_tokens, 60);
  EXPECT_EQ(options.retry.attempt_cost, 2);
  EXPECT_EQ(options.retry.timeout_attempt_cost, 3);
  EXPECT_TRUE(options.breaker.disabled);
  EXPECT_EQ(options.breaker.failure_percent, 60);
  EXPECT_EQ(options.breaker.minimum_calls, 30);
  EXPECT_EQ(options.breaker.window, absl::Seconds(20));
  EXPECT_EQ(options.breaker.connect_failures, 6);
  EXPECT_EQ(options.breaker.open, absl::Seconds(3));
  EXPECT_EQ(options.breaker.max_open, absl::Seconds(4));
  EXPECT_EQ(options.concurrency.max_in_flight, 10);
  EXPECT_EQ(options.concurrency.max_queued, 0);
  EXPECT_FALSE(options.concurrency.adaptive);
  EXPECT_EQ(options.concurrency.initial, 8);
  EXPECT_EQ(options.concurrency.minimum, 2);
  EXPECT_EQ(options.concurrency.least_attempt, absl::Milliseconds(200));
  EXPECT_EQ(options.policy.max_attempts, 5);
  EXPECT_EQ(options.policy.attempt_timeout, absl::Seconds(8));
  EXPECT_EQ(options.policy.least_attempt, absl::Milliseconds(200));
  EXPECT_FALSE(options.policy.coalesce);
  EXPECT_EQ(options.policy.cache_max_age, absl::Seconds(5));
  EXPECT_EQ(options.max_cache_bytes, 70000);
  const resilience::MethodPolicy& method = options.methods.at("ListReenrollments");
  EXPECT_EQ(method.attempt_timeout, absl::Seconds(2));
  EXPECT_EQ(method.max_attempts, 1);
  EXPECT_TRUE(method.coalesce);
  EXPECT_EQ(method.cache_max_age, absl::ZeroDuration());
  EXPECT_EQ(method.least_attempt, absl::Milliseconds(200));
  EXPECT_EQ(method.backoff.initial, absl::Milliseconds(300));
  EXPECT_EQ(method.backoff.max, absl::Seconds(4));
  EXPECT_EQ(method.max_response_bytes, 5000);
  EXPECT_EQ(method.max_response_depth, 7);
  const resilience::MethodPolicy& other = options.methods.at("ListStudentReenrollments");
  EXPECT_EQ(other.attempt_timeout, absl::Seconds(8));
  EXPECT_EQ(other.backoff.initial, absl::Milliseconds(200));
  EXPECT_EQ(other.max_response_bytes, 0);
}

TEST(ResilienceOptionsTest, ABucketSavesWhatComesInASecondUnlessToldOtherwise) {
  v1::TokenBucketConfig bucket;
  bucket.set_per_second(10.5);
  EXPECT_EQ(ToTokenBucketOptions(bucket).burst, 10);
  bucket.set_per_second(0.1);
  EXPECT_EQ(ToTokenBucketOptions(bucket).burst, 1);
  bucket.set_burst(7);
  EXPECT_EQ(ToTokenBucketOptions(bucket).burst, 7);
}

}  // namespace
}  // namespace edugate::app
