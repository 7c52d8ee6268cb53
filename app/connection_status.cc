#include "app/connection_status.h"

#include <map>
#include <string>
#include <utility>

#include "app/metric_family.h"
#include "app/provider_metrics.h"
#include "services/capabilities.h"

namespace edugate::app {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;
using resilience::BreakerState;

MetricFamily MakeGauge(const char* name, const char* help) {
  return MakeFamily(name, help, MetricType::Gauge);
}

}  // namespace

std::vector<ConnectionStatus> StatusOf(const Connections& connections,
                                       const services::CheckBook& checks,
                                       const telemetry::DriftCounter& drift,
                                       const async::Clock& clock) {
  // By connection and provider.
  std::map<std::pair<std::string, std::string>, int64_t> differences;
  for (const telemetry::DriftRecord& record : drift.List()) {
    ++differences[{record.connection, record.provider}];
  }
  std::vector<ConnectionStatus> all;
  for (const adapters::Connection& connection : connections.registry().connections()) {
    ConnectionStatus status;
    status.id = connection.id;
    status.provider = connection.provider;
    status.display_name = connection.display_name;
    status.capabilities = services::SupportedMethods(connection.ports);
    status.last_check = checks.Last(connection.id);
    status.drift = differences[{connection.id, connection.provider}];
    const auto stands = connections.Look(connection.id, clock.MonotonicNow());
    if (stands.has_value()) {
      const absl::string_view breaker = BreakerName(stands->breaker.state);
      status.breaker = std::string(breaker);
      status.open_for = stands->breaker.open_for;
      status.in_flight = stands->concurrency.in_flight;
      status.queued = stands->concurrency.queued;
      status.limit = stands->concurrency.limit;
    }
    all.push_back(std::move(status));
  }
  return all;
}

std::vector<MetricFamily> CollectConnectionGauges(const Connections& connections,
                                                  const async::Clock& clock) {
  MetricFamily breaker =
      MakeGauge("edugate_breaker_state", "1 for the state that a connection's breaker is in.");
  MetricFamily in_flight =
      MakeGauge("edugate_provider_in_flight", "Requests to a connection's provider in progress.");
  MetricFamily queued = MakeGauge("edugate_provider_queued", "Calls that wait for their turn.");
  MetricFamily limit = MakeGauge("edugate_provider_concurrency_limit",
                                 "How many requests a connection may have in progress now.");
  MetricFamily tokens = MakeGauge("edugate_provider_retry_tokens",
                                  "What is left of a connection's retry budget: no retries below "
                                  "half of edugate_provider_retry_tokens_max.");
  MetricFamily most_tokens = MakeGauge("edugate_provider_retry_tokens_max",
                                       "What a connection's retry budget holds at most.");
  MetricFamily cached = MakeGauge("edugate_provider_cached_bytes", "Memory of kept replies.");
  const async::MonotonicTime now = clock.MonotonicNow();
  for (const adapters::Connection& connection : connections.registry().connections()) {
    const auto stands = connections.Look(connection.id, now);
    if (!stands.has_value()) continue;
    for (const BreakerState state :
         {BreakerState::kClosed, BreakerState::kOpen, BreakerState::kProbing}) {
      const absl::string_view name = BreakerName(state);
      AddValue(breaker, stands->breaker.state == state ? 1 : 0,
               {{"connection", connection.id}, {"state", std::string(name)}});
    }
    const std::vector<prometheus::ClientMetric::Label> of = {{"connection", connection.id}};
    AddValue(in_flight, stands->concurrency.in_flight, of);
    AddValue(queued, stands->concurrency.queued, of);
    AddValue(limit, stands->concurrency.limit, of);
    AddValue(tokens, static_cast<double>(stands->retry_tokens), of);
    AddValue(most_tokens, static_cast<double>(stands->max_retry_tokens), of);
    AddValue(cached, static_cast<double>(stands->cached_bytes), of);
  }
  return {breaker, in_flight, queued, limit, tokens, most_tokens, cached};
}

}  // namespace edugate::app
