// What became of the reloads, for /metrics.
#ifndef APP_RELOAD_METRICS_H_
#define APP_RELOAD_METRICS_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace edugate::app {

// Thread-safe.
class ReloadMetrics {
 public:
  // A configuration took effect at `now`; `keys_waiting` of its keys wait for a restart.
  void OnApplied(absl::Time now, int64_t keys_waiting);

  // A configuration was refused, and the one before stays.
  void OnRefused();

  // The configuration in effect: 1 from the start, one more with each that is applied.
  int64_t generation() const { return applied_.load(std::memory_order_relaxed) + 1; }

  // edugate_config_reload_total{result}, edugate_config_generation,
  // edugate_config_last_reload_successful, edugate_config_last_success_timestamp_seconds and
  // edugate_config_keys_waiting_for_restart, in the Prometheus text format.
  std::string Text() const;

 private:
  std::atomic<int64_t> applied_{0};
  std::atomic<int64_t> refused_{0};
  std::atomic<bool> last_applied_{true};
  std::atomic<int64_t> applied_at_{0};  // Seconds since 1970.
  std::atomic<int64_t> keys_waiting_{0};
};

}  // namespace edugate::app

#endif  // APP_RELOAD_METRICS_H_
