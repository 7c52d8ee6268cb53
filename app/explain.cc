#include "app/explain.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "adapters/connection.h"
#include "adapters/edx_enterprise/edx_adapter.h"
#include "adapters/measureone/measureone_adapter.h"
#include "app/auth_options.h"
#include "app/duration.h"
#include "app/endpoint_options.h"
#include "app/front.h"
#include "app/provider_table.h"
#include "app/resilience_options.h"
#include "app/shutdown_times.h"
#include "runtime/auth/factory.h"
#include "runtime/rest/client.h"
#include "services/bridge.h"
#include "services/call_gate.h"
#include "services/fan_out.h"
#include "services/page_token.h"
#include "services/webhooks.h"

namespace edugate::app {
namespace {

using Values = std::vector<ValueInForce>;

std::string Text(int64_t value) { return absl::StrCat(value); }
std::string Text(absl::Duration value) {
  return value == absl::InfiniteDuration() ? "none" : absl::FormatDuration(value);
}
std::string YesNo(bool value) { return value ? "true" : "false"; }

ValueSource FileIf(bool configured) {
  return configured ? ValueSource::kFile : ValueSource::kDefault;
}

std::string Text(const v1::TokenBucketConfig& bucket) {
  const resilience::TokenBucketOptions options = ToTokenBucketOptions(bucket);
  return absl::StrCat(options.per_second, "/s, burst ", options.burst);
}

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

// What a text of the configuration holds, or else this.
ValueInForce TextOr(const std::string& key, const std::string& configured,
                    const std::string& otherwise) {
  return {key, configured.empty() ? otherwise : configured, FileIf(!configured.empty())};
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

Values ValuesOf(const v1::Config& config, const v1::ConnectionConfig& connection,
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

Values ServerValues(const v1::ServerConfig& config) {
  const services::BridgeOptions bridge;
  const FrontLimits front = ToFrontLimits(config);
  const bool dated = config.has_default_deadline();
  const bool bounded = config.has_max_deadline();
  const bool counted = config.max_calls() > 0;
  const absl::Duration longest = bounded ? ToDuration(config.max_deadline()) : bridge.max_deadline;
  const ShutdownTimes times = ToShutdownTimes(config);
  constexpr double kHundred = 100;
  const bool shared = config.connection_deadline_percent() > 0;
  const bool lasting = config.has_page_token_lifetime();
  return {
      {"default_deadline",
       Text(dated ? ToDuration(config.default_deadline())
                  : std::min(bridge.default_deadline, longest)),
       FileIf(dated || longest < bridge.default_deadline)},
      {"max_deadline", Text(longest), FileIf(bounded)},
      {"connection_deadline_percent",
       Text(int64_t{shared ? config.connection_deadline_percent()
                           : std::lround(services::FanOut().deadline_share * kHundred)}),
       FileIf(shared)},
      {"page_token_lifetime",
       Text(lasting ? ToDuration(config.page_token_lifetime())
                    : services::kDefaultPageTokenLifetime),
       FileIf(lasting)},
      {"max_calls",
       Text(int64_t{counted ? config.max_calls() : services::CallGateOptions().max_calls}),
       FileIf(counted)},
      {"max_request_bytes", Text(int64_t{front.max_request_bytes}),
       FileIf(config.max_request_bytes() > 0)},
      {"max_reply_bytes", Text(int64_t{front.max_reply_bytes}),
       FileIf(config.max_reply_bytes() > 0)},
      {"max_metadata_bytes", Text(int64_t{front.max_metadata_bytes}),
       FileIf(config.max_metadata_bytes() > 0)},
      {"max_streams_per_connection", Text(int64_t{front.max_streams_per_connection}),
       FileIf(config.max_streams_per_connection() > 0)},
      {"max_connections", Text(int64_t{front.max_connections}),
       FileIf(config.max_connections() > 0)},
      {"max_buffer_bytes", Text(front.max_buffer_bytes), FileIf(config.max_buffer_bytes() > 0)},
      {"max_connection_age", Text(front.max_connection_age),
       FileIf(config.has_max_connection_age())},
      {"max_connection_age_grace", Text(front.max_connection_age_grace),
       FileIf(config.has_max_connection_age_grace())},
      {"keepalive_time", Text(front.keepalive_time), FileIf(config.has_keepalive_time())},
      {"keepalive_timeout", Text(front.keepalive_timeout), FileIf(config.has_keepalive_timeout())},
      {"shutdown_delay", Text(times.delay), FileIf(config.has_shutdown_delay())},
      {"shutdown_grace", Text(times.grace), FileIf(config.has_shutdown_grace())},
  };
}

// The connection's `methods` entry; an empty one where there is none.
const v1::MethodConfig& ConfigOf(const v1::ConnectionConfig& connection,
                                 const std::string& method) {
  for (const v1::MethodConfig& each : connection.methods()) {
    if (each.method() == method) return each;
  }
  return v1::MethodConfig::default_instance();
}

ValueInForce ResponseBytes(const v1::MethodConfig& config, const rest::Operation& operation,
                           const v1::LimitsConfig& limits) {
  ValueInForce value{.key = "max_response_bytes"};
  const int64_t declared = operation.options().max_response_bytes();
  if (config.max_response_bytes() > 0 || (declared == 0 && limits.max_response_bytes() > 0)) {
    value.source = ValueSource::kFile;
    value.value = Text(config.max_response_bytes() > 0 ? config.max_response_bytes()
                                                       : limits.max_response_bytes());
  } else if (declared > 0) {
    value.source = ValueSource::kDeclaration;
    value.value = Text(declared);
  } else {
    value.value = Text(rest::ClientParts().max_response_bytes);
  }
  return value;
}

MethodExplained Method(const v1::ConnectionConfig& connection, const rest::Operation& operation,
                       const resilience::SafeguardOptions& options) {
  const std::string& name = operation.method_name();
  const v1::MethodConfig& config = ConfigOf(connection, name);
  const auto found = options.methods.find(name);
  const resilience::MethodPolicy& policy =
      found == options.methods.end() ? options.policy : found->second;
  const bool reads = operation.effect() == rest::v1::EFFECT_READ;
  MethodExplained method{.method = name};
  method.effect = reads ? "read" : operation.repeatable() ? "idempotent_write" : "write";
  Values& values = method.values;
  values.push_back({"max_attempts", Text(int64_t{policy.max_attempts}),
                    FileIf(config.max_attempts() > 0 || connection.limits().max_attempts() > 0)});
  const v1::LimitsConfig& limits = connection.limits();
  values.push_back({"attempt_timeout", Text(policy.attempt_timeout),
                    FileIf(config.has_attempt_timeout() || limits.has_attempt_timeout())});
  const v1::RetryConfig& retry = connection.retry();
  values.push_back({"initial_backoff", Text(policy.backoff.initial),
                    FileIf(config.has_initial_backoff() || retry.has_initial_backoff())});
  values.push_back({"max_backoff", Text(policy.backoff.max),
                    FileIf(config.has_max_backoff() || retry.has_max_backoff())});
  values.push_back(ResponseBytes(config, operation, limits));
  const int32_t depth =
      config.max_response_depth() > 0 ? config.max_response_depth() : limits.max_response_depth();
  values.push_back({"max_response_depth",
                    Text(int64_t{depth > 0 ? depth : rest::ClientParts().max_response_depth}),
                    FileIf(depth > 0)});
  // A write is never shared nor kept, whatever the connection says.
  const bool raw = operation.options().raw_response();
  const bool shares = reads && !raw;
  values.push_back({"coalesce", YesNo(shares && policy.coalesce),
                    shares ? FileIf(config.has_coalesce() || connection.has_coalesce())
                           : ValueSource::kDeclaration});
  const bool keeps = shares && policy.cache_max_age > absl::ZeroDuration();
  values.push_back({"cache_max_age", keeps ? Text(policy.cache_max_age) : "none",
                    shares ? FileIf(config.has_cache_max_age() || connection.has_cache())
                           : ValueSource::kDeclaration});
  values.push_back({"rate_limit", config.has_rate_limit() ? Text(config.rate_limit()) : "none",
                    FileIf(config.has_rate_limit())});
  return method;
}

const char* NameOf(ValueSource source) {
  switch (source) {
    case ValueSource::kFile:
      return "file";
    case ValueSource::kDeclaration:
      return "declaration";
    case ValueSource::kDefault:
      break;
  }
  return "default";
}

const char* MarkOf(ValueSource source) {
  switch (source) {
    case ValueSource::kFile:
      return " *";
    case ValueSource::kDeclaration:
      return " +";
    case ValueSource::kDefault:
      break;
  }
  return "";
}

std::string Cell(const ValueInForce& value) {
  return absl::StrCat(value.value, MarkOf(value.source));
}

// Rows of cells as columns; the first row is the head.
std::string Columns(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line = " ";
    for (size_t i = 0; i < row.size(); ++i) {
      absl::StrAppend(&line, " ", row[i]);
      if (i + 1 < row.size()) line.append(widths[i] - row[i].size() + 1, ' ');
    }
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

std::vector<std::vector<std::string>> RowsOf(const Values& values) {
  std::vector<std::vector<std::string>> rows;
  rows.reserve(values.size());
  for (const ValueInForce& value : values) rows.push_back({value.key, Cell(value)});
  return rows;
}

nlohmann::ordered_json ToJson(const Values& values) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const ValueInForce& value : values) {
    json[value.key] = {{"value", value.value}, {"from", NameOf(value.source)}};
  }
  return json;
}

}  // namespace

Explained Explain(const v1::Config& config) {
  Explained explained{.server = ServerValues(config.server())};
  for (const v1::ConnectionConfig& connection : config.connections()) {
    const resilience::SafeguardOptions options = ToSafeguardOptions(connection);
    ConnectionExplained each{.id = connection.id(), .provider = connection.provider()};
    each.values = ValuesOf(config, connection, options);
    for (const rest::Api* api : FindProvider(connection.provider())->apis()) {
      for (const rest::Operation& operation : api->operations()) {
        each.methods.push_back(Method(connection, operation, options));
      }
    }
    explained.connections.push_back(std::move(each));
  }
  return explained;
}

std::string ExplanationText(const Explained& explained) {
  std::string text =
      "* from the file, + as the provider's method is declared; everything else is the default\n";
  absl::StrAppend(&text, "\nserver\n", Columns(RowsOf(explained.server)));
  for (const ConnectionExplained& connection : explained.connections) {
    absl::StrAppend(&text, "\nconnection ", connection.id, " (", connection.provider, ")\n");
    absl::StrAppend(&text, Columns(RowsOf(connection.values)), "\n");
    std::vector<std::vector<std::string>> rows = {{"method", "effect"}};
    if (!connection.methods.empty()) {
      for (const ValueInForce& value : connection.methods.front().values) {
        rows.front().push_back(value.key);
      }
    }
    for (const MethodExplained& method : connection.methods) {
      rows.push_back({method.method, method.effect});
      for (const ValueInForce& value : method.values) rows.back().push_back(Cell(value));
    }
    absl::StrAppend(&text, Columns(rows));
  }
  return text;
}

std::string ExplanationJson(const Explained& explained) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ConnectionExplained& connection : explained.connections) {
    nlohmann::ordered_json methods = nlohmann::ordered_json::object();
    for (const MethodExplained& method : connection.methods) {
      methods[method.method] = {{"effect", method.effect}, {"values", ToJson(method.values)}};
    }
    list.push_back({{"id", connection.id},
                    {"provider", connection.provider},
                    {"values", ToJson(connection.values)},
                    {"methods", std::move(methods)}});
  }
  return nlohmann::ordered_json(
             {{"server", ToJson(explained.server)}, {"connections", std::move(list)}})
      .dump(2);
}

}  // namespace edugate::app
