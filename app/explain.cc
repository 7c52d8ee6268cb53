#include "app/explain.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "adapters/connection.h"
#include "app/duration.h"
#include "app/endpoint_options.h"
#include "app/provider_table.h"
#include "app/resilience_options.h"
#include "runtime/rest/client.h"

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

void AddRetry(const v1::RetryConfig& config, const resilience::RetryOptions& retry,
              Values& values) {
  values.push_back(
      {"retry.initial_backoff", Text(retry.initial_backoff), FileIf(config.has_initial_backoff())});
  values.push_back(
      {"retry.max_backoff", Text(retry.max_backoff), FileIf(config.has_max_backoff())});
  values.push_back({"retry.budget_percent", Text(int64_t{retry.budget_percent}),
                    FileIf(config.budget_percent() > 0)});
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
  AddRetry(connection.retry(), options.retry, values);
  AddBreaker(connection.breaker(), options.breaker, values);
  AddConcurrency(connection.concurrency(), options.concurrency, values);
  values.push_back(RateLimit(config, connection.rate_limit()));
  values.push_back({"coalesce", YesNo(options.policy.coalesce), FileIf(connection.has_coalesce())});
  values.push_back({"cache.max_age",
                    connection.has_cache() ? Text(options.policy.cache_max_age) : "none",
                    FileIf(connection.has_cache())});
  values.push_back({"cache.max_bytes", Text(static_cast<int64_t>(options.max_cache_bytes)),
                    FileIf(connection.cache().max_bytes() > 0)});
  const http::EndpointOptions endpoint = ToEndpointOptions(connection);
  values.push_back({"http.http2", YesNo(endpoint.http2), FileIf(connection.http().http2())});
  values.push_back({"http.connect_timeout", Text(endpoint.connect_timeout),
                    FileIf(connection.http().has_connect_timeout())});
  return values;
}

// The connection's `methods` entry; an empty one where there is none.
const v1::MethodConfig& ConfigOf(const v1::ConnectionConfig& connection,
                                 const std::string& method) {
  for (const v1::MethodConfig& each : connection.methods()) {
    if (each.method() == method) return each;
  }
  return v1::MethodConfig::default_instance();
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
  values.push_back(
      {"attempt_timeout", Text(policy.attempt_timeout), FileIf(config.has_attempt_timeout())});
  const int64_t declared = operation.options().max_response_bytes();
  const int64_t configured = connection.limits().max_response_bytes();
  const int64_t by_default = rest::ClientParts().max_response_bytes;
  values.push_back({"max_response_bytes",
                    Text(declared > 0     ? declared
                         : configured > 0 ? configured
                                          : by_default),
                    declared > 0 ? ValueSource::kDeclaration : FileIf(configured > 0)});
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

nlohmann::ordered_json ToJson(const Values& values) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const ValueInForce& value : values) {
    json[value.key] = {{"value", value.value}, {"from", NameOf(value.source)}};
  }
  return json;
}

}  // namespace

std::vector<ConnectionExplained> Explain(const v1::Config& config) {
  std::vector<ConnectionExplained> explained;
  for (const v1::ConnectionConfig& connection : config.connections()) {
    const resilience::SafeguardOptions options = ToSafeguardOptions(connection);
    ConnectionExplained each{.id = connection.id(), .provider = connection.provider()};
    each.values = ValuesOf(config, connection, options);
    for (const rest::Api* api : FindProvider(connection.provider())->apis()) {
      for (const rest::Operation& operation : api->operations()) {
        each.methods.push_back(Method(connection, operation, options));
      }
    }
    explained.push_back(std::move(each));
  }
  return explained;
}

std::string ExplanationText(const std::vector<ConnectionExplained>& connections) {
  std::string text =
      "* from the file, + as the provider's method is declared; everything else is the default\n";
  for (const ConnectionExplained& connection : connections) {
    absl::StrAppend(&text, "\nconnection ", connection.id, " (", connection.provider, ")\n");
    std::vector<std::vector<std::string>> rows;
    for (const ValueInForce& value : connection.values) rows.push_back({value.key, Cell(value)});
    absl::StrAppend(&text, Columns(rows), "\n");
    rows = {{"method", "effect"}};
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

std::string ExplanationJson(const std::vector<ConnectionExplained>& connections) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ConnectionExplained& connection : connections) {
    nlohmann::ordered_json methods = nlohmann::ordered_json::object();
    for (const MethodExplained& method : connection.methods) {
      methods[method.method] = {{"effect", method.effect}, {"values", ToJson(method.values)}};
    }
    list.push_back({{"id", connection.id},
                    {"provider", connection.provider},
                    {"values", ToJson(connection.values)},
                    {"methods", std::move(methods)}});
  }
  return nlohmann::ordered_json({{"connections", std::move(list)}}).dump(2);
}

}  // namespace edugate::app
