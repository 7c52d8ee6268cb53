#include "app/resilience_options.h"

#include <algorithm>
#include <cmath>

#include "app/duration.h"

namespace edugate::app {
namespace {

template <typename Number>
void Take(int64_t configured, Number& value) {
  if (configured > 0) value = static_cast<Number>(configured);
}

void Take(bool has, const google::protobuf::Duration& configured, absl::Duration& value) {
  if (has) value = ToDuration(configured);
}

void TakeRetry(const v1::RetryConfig& config, resilience::RetryOptions& retry) {
  Take(config.budget_percent(), retry.budget_percent);
  Take(config.budget_tokens(), retry.budget_tokens);
  Take(config.attempt_cost(), retry.attempt_cost);
  Take(config.timeout_attempt_cost(), retry.timeout_attempt_cost);
}

// RetryConfig and MethodConfig have the same places.
template <typename Config>
void TakeBackoff(const Config& config, resilience::BackoffOptions& backoff) {
  Take(config.has_initial_backoff(), config.initial_backoff(), backoff.initial);
  Take(config.has_max_backoff(), config.max_backoff(), backoff.max);
}

void TakeBreaker(const v1::BreakerConfig& config, resilience::BreakerOptions& breaker) {
  breaker.disabled = config.disabled();
  Take(config.failure_percent(), breaker.failure_percent);
  Take(config.minimum_calls(), breaker.minimum_calls);
  Take(config.has_window(), config.window(), breaker.window);
  Take(config.connect_failures(), breaker.connect_failures);
  Take(config.has_open(), config.open(), breaker.open);
  Take(config.has_max_open(), config.max_open(), breaker.max_open);
}

void TakeConcurrency(const v1::ConcurrencyConfig& config,
                     resilience::ConcurrencyOptions& concurrency) {
  Take(config.max_in_flight(), concurrency.max_in_flight);
  if (config.has_max_queued()) concurrency.max_queued = config.max_queued();
  if (config.has_adaptive()) concurrency.adaptive = config.adaptive();
  Take(config.initial(), concurrency.initial);
  Take(config.minimum(), concurrency.minimum);
  concurrency.initial = std::min(concurrency.initial, concurrency.max_in_flight);
  concurrency.minimum = std::min(concurrency.minimum, concurrency.initial);
}

}  // namespace

resilience::SafeguardOptions ToSafeguardOptions(const v1::ConnectionConfig& connection) {
  resilience::SafeguardOptions options;
  TakeRetry(connection.retry(), options.retry);
  TakeBreaker(connection.breaker(), options.breaker);
  TakeConcurrency(connection.concurrency(), options.concurrency);
  resilience::MethodPolicy& policy = options.policy;
  const v1::LimitsConfig& limits = connection.limits();
  Take(limits.max_attempts(), policy.max_attempts);
  Take(limits.has_attempt_timeout(), limits.attempt_timeout(), policy.attempt_timeout);
  Take(limits.has_least_attempt(), limits.least_attempt(), policy.least_attempt);
  options.concurrency.least_attempt = policy.least_attempt;
  TakeBackoff(connection.retry(), policy.backoff);
  if (connection.has_coalesce()) policy.coalesce = connection.coalesce();
  if (connection.has_cache()) {
    const v1::CacheConfig& cache = connection.cache();
    Take(cache.has_max_age(), cache.max_age(), policy.cache_max_age);
    if (cache.max_bytes() > 0) options.max_cache_bytes = static_cast<size_t>(cache.max_bytes());
  }
  for (const v1::MethodConfig& each : connection.methods()) {
    resilience::MethodPolicy& method = options.methods[each.method()];
    method = policy;
    Take(each.max_attempts(), method.max_attempts);
    Take(each.has_attempt_timeout(), each.attempt_timeout(), method.attempt_timeout);
    if (each.has_coalesce()) method.coalesce = each.coalesce();
    Take(each.has_cache_max_age(), each.cache_max_age(), method.cache_max_age);
    TakeBackoff(each, method.backoff);
    Take(each.max_response_bytes(), method.max_response_bytes);
    Take(each.max_response_depth(), method.max_response_depth);
  }
  return options;
}

resilience::TokenBucketOptions ToTokenBucketOptions(const v1::TokenBucketConfig& config) {
  resilience::TokenBucketOptions options{.per_second = config.per_second()};
  options.burst =
      config.burst() > 0 ? config.burst() : std::max(1.0, std::floor(config.per_second()));
  return options;
}

}  // namespace edugate::app
