// Counts what the store is asked and what comes of it, for /metrics.
#ifndef APP_STORE_METRICS_H_
#define APP_STORE_METRICS_H_

#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "app/state_store.h"
#include "services/webhooks.h"

namespace prometheus {
struct MetricFamily;
}  // namespace prometheus

namespace edugate::app {

// edugate_store_operations_total{operation, outcome} and edugate_webhooks_total{connection,
// answer}. Used from every thread at once.
class StoreMetrics {
 public:
  StoreMetrics();
  ~StoreMetrics();

  // `outcome`: ok, duplicate (of an event), unavailable, or other (the call ended, a limit).
  void OnOperation(absl::string_view operation, absl::string_view outcome);

  // `connection` is a configured one that takes webhooks, or empty.
  void OnWebhook(absl::string_view connection, services::WebhookAnswer answer);

  std::vector<prometheus::MetricFamily> Collect() const;

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

// The store, counted. `metrics` outlives it.
std::unique_ptr<StateStore> CountStore(std::unique_ptr<StateStore> store, StoreMetrics& metrics);

}  // namespace edugate::app

#endif  // APP_STORE_METRICS_H_
