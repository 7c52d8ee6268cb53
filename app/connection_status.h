// How each connection stands, for the status page and as gauges.
#ifndef APP_CONNECTION_STATUS_H_
#define APP_CONNECTION_STATUS_H_

#include <vector>

#include "app/connections.h"
#include "app/status_report.h"
#include "runtime/async/clock.h"
#include "runtime/telemetry/drift_counter.h"
#include "services/check_book.h"

namespace prometheus {
struct MetricFamily;
}  // namespace prometheus

namespace edugate::app {

// Everything but the figures of the last minutes, in the order of the configuration.
std::vector<ConnectionStatus> StatusOf(const Connections& connections,
                                       const services::CheckBook& checks,
                                       const telemetry::DriftCounter& drift,
                                       const async::Clock& clock);

// edugate_breaker_state{connection, state}, edugate_provider_in_flight, edugate_provider_queued,
// edugate_provider_concurrency_limit, edugate_provider_retry_tokens,
// edugate_provider_retry_tokens_max and edugate_provider_cached_bytes{connection}.
std::vector<prometheus::MetricFamily> CollectConnectionGauges(const Connections& connections,
                                                              const async::Clock& clock);

}  // namespace edugate::app

#endif  // APP_CONNECTION_STATUS_H_
