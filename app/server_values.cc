#include "app/server_values.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/time/time.h"
#include "app/duration.h"
#include "app/front.h"
#include "app/shutdown_times.h"
#include "app/value_text.h"
#include "services/bridge.h"
#include "services/call_gate.h"
#include "services/fan_out.h"
#include "services/page_token.h"

namespace edugate::app {

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

}  // namespace edugate::app
