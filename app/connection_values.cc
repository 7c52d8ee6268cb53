#include "app/connection_values.h"

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "adapters/connection.h"
#include "adapters/edx_enterprise/edx_adapter.h"
#include "adapters/measureone/measureone_adapter.h"
#include "app/auth_options.h"
#include "app/duration.h"
#include "app/endpoint_options.h"
#include "app/provider_table.h"
#include "app/value_text.h"
#include "runtime/auth/factory.h"
#include "runtime/rest/client.h"
#include "services/webhooks.h"

namespace edugate::app {
namespace {

void AddLimits(const v1::LimitsConfig& limits, const resilience::SafeguardOptions& options,
               Values& values) {
  const rest::ClientParts by_default;
  values.push_back({"limits.max_attempts", Text(int64_t{options.policy.max_attempts}),
                    FileIf(limits.max_attempts() > 0)});
  values.push_back(
      {"limits.max_pages",
       Text(int64_t{limits.max_pages() > 0 ? limits.max_pages() : adapters::kDefaultMaxPages}),
       FileIf(limits.max_pages() > 0)});
  values.push_back({"limits.attempt_timeout", Text(options.policy.attempt_timeout),
                    FileIf(limits.has_attempt_timeout())});
  values.push_back({"limits.least_attempt", Text(options.policy.least_attempt),
                    FileIf(limits.has_least_attempt())});
  const bool sized = limits.max_response_bytes() > 0;
  values.push_back({"limits.max_response_bytes",
                    Text(sized ? limits.max_response_bytes() : by_default.max_response_bytes),
                    FileIf(sized)});
  const bool deep = limits.max_response_depth() > 0;
  values.push_back(
      {"limits.max_response_depth",
       Text(int64_t{deep ? limits.max_response_depth() : by_default.max_response_depth}),
       FileIf(deep)});
}

void AddHttp(const v1::ConnectionConfig& connection, Values& values) {
  const http::EndpointOptions endpoint = ToEndpointOptions(connection);
  const v1::LimitsConfig& limits = connection.limits();
  values.push_back({"limits.max_response_header_bytes", Text(endpoint.max_header_bytes),
                    FileIf(limits.max_response_header_bytes() > 0)});
  values.push_back({"limits.max_decode_ratio", Text(endpoint.max_decode_ratio),
                    FileIf(limits.max_decode_ratio() > 0)});
  const v1::HttpConfig& http = connection.http();
  values.push_back({"http.http2", YesNo(endpoint.http2), FileIf(http.http2())});
  values.push_back(
      {"http.connect_timeout", Text(endpoint.connect_timeout), FileIf(http.has_connect_timeout())});
  values.push_back({"http.stall_bytes_per_second", Text(endpoint.stall_bytes_per_second),
                    FileIf(http.stall_bytes_per_second() > 0)});
  values.push_back({"http.stall_time", Text(endpoint.stall_time), FileIf(http.has_stall_time())});
  values.push_back({"http.ca_file", http.ca_file().empty() ? "the system's" : http.ca_file(),
                    FileIf(!http.ca_file().empty())});
  const bool open = !http.allowed_networks().empty();
  values.push_back({"http.allowed_networks",
                    open ? absl::StrJoin(http.allowed_networks(), " ") : "none", FileIf(open)});
}

// What only this provider needs.
void AddOptions(const v1::ConnectionConfig& connection, Values& values) {
  const v1::ConnectionOptions& options = connection.options();
  const adapters::EdxOptions edx;
  const bool paged = options.page_size() > 0;
  const bool bulk = options.bulk_enrollment_limit() > 0;
  const bool polls = options.has_poll_interval();
  const std::map<std::string, ValueInForce> all = {
      {"enterprise_customer_uuid", TextOr("", options.enterprise_customer_uuid(), "none")},
      {"response_format",
       {"", options.response_format() == v1::RESPONSE_FORMAT_XML ? "xml" : "json",
        FileIf(options.response_format() != v1::RESPONSE_FORMAT_UNSPECIFIED)}},
      {"api_version", TextOr("", options.api_version(), adapters::kMeasureOneV2Version)},
      {"services_api_version",
       TextOr("", options.services_api_version(), adapters::kMeasureOneV3Version)},
      {"page_size",
       {"", Text(int64_t{paged ? options.page_size() : edx.page_size}), FileIf(paged)}},
      {"poll_interval",
       {"",
        Text(polls ? ToDuration(options.poll_interval())
                   : adapters::MeasureOneOptions().poll_interval),
        FileIf(polls)}},
      {"bulk_enrollment_limit",
       {"", Text(int64_t{bulk ? options.bulk_enrollment_limit() : edx.bulk_enrollment_limit}),
        FileIf(bulk)}},
  };
  for (const std::string& name : FindProvider(connection.provider())->options) {
    ValueInForce value = all.at(name);
    value.key = absl::StrCat("options.", name);
    values.push_back(std::move(value));
  }
}

void AddWebhook(const v1::ConnectionConfig& connection, Values& values) {
  if (!connection.has_webhook()) return;
  const v1::WebhookConfig& webhook = connection.webhook();
  const services::WebhookSource by_default;
  values.push_back(TextOr("webhook.header", webhook.header(), by_default.header));
  const bool sized = webhook.max_body_bytes() > 0;
  values.push_back({"webhook.max_body_bytes",
                    Text(sized ? int64_t{webhook.max_body_bytes()}
                               : static_cast<int64_t>(by_default.max_body_bytes)),
                    FileIf(sized)});
}

void AddTokens(const v1::ConnectionConfig& connection, Values& values) {
  if (!connection.auth().has_oauth2_client()) return;
  const v1::OAuth2ClientAuth& config = connection.auth().oauth2_client();
  const auth::AuthOptions auth = ToAuthOptions(connection, *FindProvider(connection.provider()));
  const auto& options = std::get<auth::OAuth2ClientOptions>(auth.scheme);
  constexpr double kHundred = 100;
  const std::string key = "auth.oauth2_client.";
  values.push_back({key + "refresh_percent",
                    Text(std::lround(options.use.refresh_after * kHundred)),
                    FileIf(config.refresh_percent() > 0)});
  values.push_back({key + "failure_memory", Text(options.use.failure_memory),
                    FileIf(config.has_failure_memory())});
  values.push_back({key + "max_failure_memory", Text(options.use.max_failure_memory),
                    FileIf(config.has_max_failure_memory())});
  values.push_back({key + "default_token_life", Text(options.default_life),
                    FileIf(config.has_default_token_life())});
  values.push_back(
      {key + "max_token_life", Text(options.max_life), FileIf(config.has_max_token_life())});
  const bool basic = options.credentials_in == auth::CredentialsPlacement::kBasicHeader;
  values.push_back({key + "credentials_in", basic ? "basic" : "form",
                    FileIf(config.credentials_in() != v1::CREDENTIALS_PLACEMENT_UNSPECIFIED)});
  const bool json = options.request_body == auth::TokenRequestBody::kJson;
  values.push_back({key + "request_body", json ? "json" : "form",
                    FileIf(config.request_body() != v1::TOKEN_REQUEST_BODY_UNSPECIFIED)});
  values.push_back(TextOr(key + "token_type", config.token_type(),
                          options.token_type.empty() ? "none" : options.token_type));
  values.push_back(
      TextOr(key + "header_scheme", config.header_scheme(),
             options.header_scheme.empty() ? "as the token's reply says" : options.header_scheme));
  values.push_back(TextOr(key + "scope", config.scope(), "none"));
}

void AddRetry(const v1::RetryConfig& config, const resilience::SafeguardOptions& options,
              Values& values) {
  const resilience::BackoffOptions& backoff = options.policy.backoff;
  const resilience::RetryOptions& retry = options.retry;
  values.push_back(
      {"retry.initial_backoff", Text(backoff.initial), FileIf(config.has_initial_backoff())});
  values.push_back({"retry.max_backoff", Text(backoff.max), FileIf(config.has_max_backoff())});
  values.push_back({"retry.budget_percent", Text(int64_t{retry.budget_percent}),
                    FileIf(config.budget_percent() > 0)});
  values.push_back(
      {"retry.budget_tokens", Text(retry.budget_tokens), FileIf(config.budget_tokens() > 0)});
  values.push_back(
      {"retry.attempt_cost", Text(retry.attempt_cost), FileIf(config.attempt_cost() > 0)});
  values.push_back({"retry.timeout_attempt_cost", Text(retry.timeout_attempt_cost),
                    FileIf(config.timeout_attempt_cost() > 0)});
}

void AddBreaker(const v1::BreakerConfig& config, const resilience::BreakerOptions& breaker,
                Values& values) {
  values.push_back({"breaker.disabled", YesNo(breaker.disabled), FileIf(config.disabled())});
  values.push_back({"breaker.failure_percent", Text(int64_t{breaker.failure_percent}),
                    FileIf(config.failure_percent() > 0)});
  values.push_back({"breaker.minimum_calls", Text(int64_t{breaker.minimum_calls}),
                    FileIf(config.minimum_calls() > 0)});
  values.push_back({"breaker.window", Text(breaker.window), FileIf(config.has_window())});
  values.push_back({"breaker.connect_failures", Text(int64_t{breaker.connect_failures}),
                    FileIf(config.connect_failures() > 0)});
  values.push_back({"breaker.open", Text(breaker.open), FileIf(config.has_open())});
  values.push_back({"breaker.max_open", Text(breaker.max_open), FileIf(config.has_max_open())});
}

void AddConcurrency(const v1::ConcurrencyConfig& config,
                    const resilience::ConcurrencyOptions& concurrency, Values& values) {
  values.push_back({"concurrency.max_in_flight", Text(int64_t{concurrency.max_in_flight}),
                    FileIf(config.max_in_flight() > 0)});
  values.push_back({"concurrency.max_queued", Text(int64_t{concurrency.max_queued}),
                    FileIf(config.has_max_queued())});
  values.push_back(
      {"concurrency.adaptive", YesNo(concurrency.adaptive), FileIf(config.has_adaptive())});
  values.push_back(
      {"concurrency.initial", Text(int64_t{concurrency.initial}), FileIf(config.initial() > 0)});
  values.push_back(
      {"concurrency.minimum", Text(int64_t{concurrency.minimum}), FileIf(config.minimum() > 0)});
}

ValueInForce RateLimit(const v1::Config& config, const v1::ConnectionRateLimit& rate) {
  ValueInForce value{.key = "rate_limit", .value = "none", .source = ValueSource::kDefault};
  if (rate.has_own()) value.value = Text(rate.own());
  for (const v1::RateLimitConfig& limit : config.rate_limits()) {
    if (limit.name() != rate.shared()) continue;
    value.value = absl::StrCat(Text(limit.rate()), ", shared as ", limit.name());
  }
  value.source = FileIf(rate.limit_case() != v1::ConnectionRateLimit::LIMIT_NOT_SET);
  return value;
}

}  // namespace

Values ConnectionValues(const v1::Config& config, const v1::ConnectionConfig& connection,
                        const resilience::SafeguardOptions& options) {
  Values values;
  AddLimits(connection.limits(), options, values);
  AddRetry(connection.retry(), options, values);
  AddBreaker(connection.breaker(), options.breaker, values);
  AddConcurrency(connection.concurrency(), options.concurrency, values);
  values.push_back(RateLimit(config, connection.rate_limit()));
  values.push_back({"coalesce", YesNo(options.policy.coalesce), FileIf(connection.has_coalesce())});
  values.push_back({"cache.max_age",
                    connection.has_cache() ? Text(options.policy.cache_max_age) : "none",
                    FileIf(connection.has_cache())});
  values.push_back({"cache.max_bytes", Text(static_cast<int64_t>(options.max_cache_bytes)),
                    FileIf(connection.cache().max_bytes() > 0)});
  AddHttp(connection, values);
  AddTokens(connection, values);
  AddOptions(connection, values);
  AddWebhook(connection, values);
  return values;
}

}  // namespace edugate::app
