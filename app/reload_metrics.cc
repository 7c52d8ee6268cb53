#include "app/reload_metrics.h"

#include "absl/strings/str_cat.h"

namespace edugate::app {

void ReloadMetrics::OnApplied(absl::Time now, int64_t keys_waiting) {
  applied_.fetch_add(1, std::memory_order_relaxed);
  last_applied_.store(true, std::memory_order_relaxed);
  applied_at_.store(absl::ToUnixSeconds(now), std::memory_order_relaxed);
  keys_waiting_.store(keys_waiting, std::memory_order_relaxed);
}

void ReloadMetrics::OnRefused() {
  refused_.fetch_add(1, std::memory_order_relaxed);
  last_applied_.store(false, std::memory_order_relaxed);
}

std::string ReloadMetrics::Text() const {
  const int64_t applied = applied_.load(std::memory_order_relaxed);
  return absl::StrCat(
      "# HELP edugate_config_reload_total Configurations that were loaded, by what became of "
      "them.\n"
      "# TYPE edugate_config_reload_total counter\n"
      "edugate_config_reload_total{result=\"applied\"} ",
      applied,
      "\n"
      "edugate_config_reload_total{result=\"refused\"} ",
      refused_.load(std::memory_order_relaxed),
      "\n"
      "# HELP edugate_config_generation The configuration in effect: 1 from the start, one more "
      "with each that is applied.\n"
      "# TYPE edugate_config_generation gauge\n"
      "edugate_config_generation ",
      applied + 1,
      "\n"
      "# HELP edugate_config_last_reload_successful Whether the last configuration was applied.\n"
      "# TYPE edugate_config_last_reload_successful gauge\n"
      "edugate_config_last_reload_successful ",
      last_applied_.load(std::memory_order_relaxed) ? 1 : 0,
      "\n"
      "# HELP edugate_config_last_success_timestamp_seconds When a configuration was applied "
      "last.\n"
      "# TYPE edugate_config_last_success_timestamp_seconds gauge\n"
      "edugate_config_last_success_timestamp_seconds ",
      applied_at_.load(std::memory_order_relaxed),
      "\n"
      "# HELP edugate_config_keys_waiting_for_restart Keys whose new value takes effect with the "
      "next start.\n"
      "# TYPE edugate_config_keys_waiting_for_restart gauge\n"
      "edugate_config_keys_waiting_for_restart ",
      keys_waiting_.load(std::memory_order_relaxed), "\n");
}

}  // namespace edugate::app
