#include "app/resilience_check.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "adapters/resource_name.h"
#include "app/config_ranges.h"
#include "app/resilience_options.h"

namespace edugate::app {
namespace {

using google::protobuf::Message;

constexpr std::array kRetryNumbers = {
    NumberRange{"budget_percent", 1, 100},
    NumberRange{"budget_tokens", 2, 1'000'000},
    NumberRange{"attempt_cost", 1, 1'000'000},
    NumberRange{"timeout_attempt_cost", 1, 1'000'000},
};
constexpr std::array kRetrySpans = {
    SpanRange{"initial_backoff", absl::Milliseconds(1), absl::Minutes(1)},
    SpanRange{"max_backoff", absl::Milliseconds(1), absl::Minutes(5)},
};
constexpr std::array kBreakerNumbers = {
    NumberRange{"failure_percent", 1, 100},
    NumberRange{"minimum_calls", 1, 100'000},
    NumberRange{"connect_failures", 1, 1000},
};
constexpr std::array kBreakerSpans = {
    SpanRange{"window", absl::Seconds(1), absl::Minutes(10)},
    SpanRange{"open", absl::Milliseconds(100), absl::Minutes(10)},
    SpanRange{"max_open", absl::Milliseconds(100), absl::Hours(1)},
};
constexpr std::array kConcurrencyNumbers = {
    NumberRange{"max_in_flight", 1, 100'000},
    NumberRange{"max_queued", 0, 1'000'000},
    NumberRange{"initial", 1, 100'000},
    NumberRange{"minimum", 1, 100'000},
};
constexpr std::array kBucketNumbers = {NumberRange{"burst", 1, 1'000'000}};
constexpr std::array kCacheNumbers = {NumberRange{"max_bytes", 65536, int64_t{1} << 32}};
constexpr std::array kCacheSpans = {
    SpanRange{"max_age", absl::Milliseconds(100), absl::Hours(24)},
};
constexpr std::array kMethodNumbers = {
    NumberRange{"max_attempts", 1, 10},
    NumberRange{"max_response_bytes", 1024, 256 << 20},
    NumberRange{"max_response_depth", 4, 512},
};
constexpr std::array kMethodSpans = {
    SpanRange{"attempt_timeout", absl::Milliseconds(50), absl::Hours(1)},
    SpanRange{"cache_max_age", absl::ZeroDuration(), absl::Hours(24)},
    SpanRange{"initial_backoff", absl::Milliseconds(1), absl::Minutes(1)},
    SpanRange{"max_backoff", absl::Milliseconds(1), absl::Minutes(5)},
};
constexpr double kLeastRate = 0.01;
constexpr double kMostRate = 1'000'000;

// Tells the mistakes in the messages of one connection.
class Check {
 public:
  Check(std::string key, const Mistake& mistake) : key_(std::move(key)), mistake_(mistake) {}

  void Add(absl::string_view key, absl::string_view what) const {
    mistake_(absl::StrCat(key_, ".", key), what);
  }

  void Numbers(const Message& message, absl::Span<const NumberRange> ranges) const {
    CheckNumbers(message, ranges, key_, mistake_);
  }

  void Spans(const Message& message, absl::Span<const SpanRange> ranges) const {
    CheckSpans(message, ranges, key_, mistake_);
  }

  void Bucket(const v1::TokenBucketConfig& bucket) const {
    if (bucket.per_second() == 0) {
      Add("per_second", "is missing");
    } else if (!(bucket.per_second() >= kLeastRate && bucket.per_second() <= kMostRate)) {
      Add("per_second", "must be from 0.01 to 1000000");
    }
    Numbers(bucket, kBucketNumbers);
  }

  Check Below(absl::string_view key) const { return Check(absl::StrCat(key_, ".", key), mistake_); }

 private:
  const std::string key_;
  const Mistake& mistake_;
};

void CheckConcurrency(const v1::ConcurrencyConfig& config,
                      const resilience::ConcurrencyOptions& effective, const Check& check) {
  check.Numbers(config, kConcurrencyNumbers);
  if (config.initial() > effective.max_in_flight) {
    check.Add("initial", "must be at most max_in_flight");
  }
  if (config.minimum() > effective.initial) {
    check.Add("minimum", "must be at most initial");
  }
}

void CheckRate(const v1::Config& config, const v1::ConnectionRateLimit& rate, const Check& check) {
  switch (rate.limit_case()) {
    case v1::ConnectionRateLimit::kOwn:
      check.Below("own").Bucket(rate.own());
      return;
    case v1::ConnectionRateLimit::kShared:
      for (const v1::RateLimitConfig& limit : config.rate_limits()) {
        if (limit.name() == rate.shared()) return;
      }
      check.Add("shared", "names none of rate_limits");
      return;
    case v1::ConnectionRateLimit::LIMIT_NOT_SET:
      check.Add("own", "needs one of own and shared");
      return;
  }
}

const rest::Operation* FindOperation(const std::vector<const rest::Api*>& apis,
                                     const std::string& method) {
  for (const rest::Api* api : apis) {
    if (const rest::Operation* operation = api->Find(method)) return operation;
  }
  return nullptr;
}

std::string NamesOf(const std::vector<const rest::Api*>& apis) {
  std::vector<std::string> names;
  for (const rest::Api* api : apis) {
    for (const rest::Operation& operation : api->operations()) {
      names.push_back(operation.method_name());
    }
  }
  std::sort(names.begin(), names.end());
  return absl::StrJoin(names, ", ");
}

void CheckMethod(const v1::MethodConfig& method, const std::vector<const rest::Api*>& apis,
                 const Check& check) {
  check.Numbers(method, kMethodNumbers);
  check.Spans(method, kMethodSpans);
  if (method.has_rate_limit()) check.Below("rate_limit").Bucket(method.rate_limit());
  const rest::Operation* operation = FindOperation(apis, method.method());
  if (operation == nullptr) {
    check.Add("method", absl::StrCat("must be one of the provider's methods: ", NamesOf(apis)));
    return;
  }
  if (operation->effect() == rest::v1::EFFECT_READ) return;
  if (method.has_coalesce()) check.Add("coalesce", "means nothing to a write");
  if (method.has_cache_max_age()) check.Add("cache_max_age", "means nothing to a write");
}

}  // namespace

void CheckRateLimits(const v1::Config& config, const Mistake& mistake) {
  std::set<std::string> names;
  for (int i = 0; i < config.rate_limits_size(); ++i) {
    const v1::RateLimitConfig& limit = config.rate_limits(i);
    const Check check(absl::StrCat("rate_limits[", i, "]"), mistake);
    if (!adapters::IsConnectionId(limit.name())) {
      check.Add(
          "name",
          "needs a lower-case letter, then at most 62 lower-case letters, digits and hyphens");
    } else if (!names.insert(limit.name()).second) {
      check.Add("name", "is the name of another rate, too");
    }
    check.Below("rate").Bucket(limit.rate());
  }
}

void CheckResilience(const v1::Config& config, const v1::ConnectionConfig& connection,
                     const ProviderRow& provider, const std::string& key, const Mistake& mistake) {
  const Check check(key, mistake);
  const resilience::SafeguardOptions effective = ToSafeguardOptions(connection);
  check.Below("retry").Numbers(connection.retry(), kRetryNumbers);
  check.Below("retry").Spans(connection.retry(), kRetrySpans);
  if (effective.policy.backoff.initial > effective.policy.backoff.max) {
    check.Add("retry.initial_backoff", "must be at most max_backoff");
  }
  check.Below("breaker").Numbers(connection.breaker(), kBreakerNumbers);
  check.Below("breaker").Spans(connection.breaker(), kBreakerSpans);
  if (effective.breaker.open > effective.breaker.max_open) {
    check.Add("breaker.open", "must be at most max_open");
  }
  CheckConcurrency(connection.concurrency(), effective.concurrency, check.Below("concurrency"));
  if (connection.has_rate_limit()) {
    CheckRate(config, connection.rate_limit(), check.Below("rate_limit"));
  }
  if (connection.has_cache()) {
    check.Below("cache").Numbers(connection.cache(), kCacheNumbers);
    check.Below("cache").Spans(connection.cache(), kCacheSpans);
    if (!connection.cache().has_max_age()) check.Add("cache.max_age", "is missing");
  }
  const std::vector<const rest::Api*> apis = provider.apis();
  std::set<std::string> methods;
  for (int i = 0; i < connection.methods_size(); ++i) {
    const v1::MethodConfig& method = connection.methods(i);
    const Check below = check.Below(absl::StrCat("methods[", i, "]"));
    CheckMethod(method, apis, below);
    if (!methods.insert(method.method()).second) {
      below.Add("method", "is configured twice");
    }
    const resilience::BackoffOptions& backoff = effective.methods.at(method.method()).backoff;
    const bool own = method.has_initial_backoff() || method.has_max_backoff();
    if (own && backoff.initial > backoff.max) {
      below.Add("initial_backoff", "must be at most max_backoff");
    }
  }
}

}  // namespace edugate::app
