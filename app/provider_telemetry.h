// What is told about each request to a provider: metrics, the call's record, spans, and the trace
// that the provider gets to see.
#ifndef APP_PROVIDER_TELEMETRY_H_
#define APP_PROVIDER_TELEMETRY_H_

#include "app/provider_metrics.h"
#include "runtime/resilience/client_observer.h"

namespace edugate::app {

// Used from every loop at once.
class ProviderTelemetry final : public resilience::ClientObserver {
 public:
  // `metrics` outlives the object.
  explicit ProviderTelemetry(ProviderMetrics& metrics) : metrics_(metrics) {}

  void OnAttemptStart(async::CallContext& call, const resilience::OperationRef& where, int attempt,
                      http::Request& request) override;
  void OnAttemptEnd(async::CallContext& call, const resilience::OperationRef& where,
                    const resilience::AttemptEnd& end) override;
  void OnRetry(const resilience::OperationRef& where, int attempt, absl::Duration wait) override;
  void OnCoalesced(const resilience::OperationRef& where) override;
  void OnCache(const resilience::OperationRef& where, resilience::CacheUse use) override;
  void OnBreakerChange(absl::string_view connection, resilience::BreakerState from,
                       resilience::BreakerState to) override;
  void OnRefused(const resilience::OperationRef& where, resilience::Refusal why) override;
  void OnQueued(const resilience::OperationRef& where, absl::Duration waited) override;
  void OnRateWait(const resilience::OperationRef& where, absl::Duration waited) override;
  void OnTokenRefresh(absl::string_view connection, bool ok, absl::Duration duration) override;

 private:
  ProviderMetrics& metrics_;
};

}  // namespace edugate::app

#endif  // APP_PROVIDER_TELEMETRY_H_
