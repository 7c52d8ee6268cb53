// Counts what happens between edugate and the providers, for /metrics.
#ifndef APP_PROVIDER_METRICS_H_
#define APP_PROVIDER_METRICS_H_

#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/resilience/client_observer.h"

namespace prometheus {
struct MetricFamily;
}  // namespace prometheus

namespace edugate::app {

// The metrics edugate_provider_* and edugate_breaker_opened_total; docs/telemetry.md lists them.
// The labels are names of the configuration and of the declared APIs, and words of closed lists.
// Used from every loop at once.
class ProviderMetrics {
 public:
  ProviderMetrics();
  ~ProviderMetrics();

  void OnAttemptEnd(const resilience::OperationRef& where, const resilience::AttemptEnd& end);
  void OnRetry(const resilience::OperationRef& where);
  void OnCoalesced(const resilience::OperationRef& where);
  void OnCache(const resilience::OperationRef& where, resilience::CacheUse use);
  void OnBreakerChange(absl::string_view connection, resilience::BreakerState to);
  void OnRefused(const resilience::OperationRef& where, resilience::Refusal why);
  void OnQueued(absl::string_view connection, absl::Duration waited);
  void OnRateWait(absl::string_view connection, absl::Duration waited);
  void OnTokenRefresh(absl::string_view connection, bool ok, absl::Duration duration);

  std::vector<prometheus::MetricFamily> Collect() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The words of the labels.
absl::string_view CacheUseName(resilience::CacheUse use);       // hit, revalidated, miss
absl::string_view RefusalName(resilience::Refusal why);         // breaker_open, queue_full...
absl::string_view BreakerName(resilience::BreakerState state);  // closed, open, probing

}  // namespace edugate::app

#endif  // APP_PROVIDER_METRICS_H_
