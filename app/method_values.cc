#include "app/method_values.h"

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "app/value_text.h"
#include "runtime/rest/client.h"

namespace edugate::app {
namespace {

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

}  // namespace

Values MethodValues(const v1::ConnectionConfig& connection, const rest::Operation& operation,
                    const resilience::SafeguardOptions& options) {
  const std::string& name = operation.method_name();
  const v1::MethodConfig& config = ConfigOf(connection, name);
  const auto found = options.methods.find(name);
  const resilience::MethodPolicy& policy =
      found == options.methods.end() ? options.policy : found->second;
  const bool reads = operation.effect() == rest::v1::EFFECT_READ;
  Values values;
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
  return values;
}

}  // namespace edugate::app
