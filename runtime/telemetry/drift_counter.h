// Counts how providers' replies differ from their schema: names only, bounded, logged once each.
#ifndef RUNTIME_TELEMETRY_DRIFT_COUNTER_H_
#define RUNTIME_TELEMETRY_DRIFT_COUNTER_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <tuple>

#include "absl/strings/string_view.h"
#include "runtime/codec/drift.h"

namespace edugate::telemetry {

// Used from every loop at once.
class DriftCounter final : public codec::DriftSink {
 public:
  // Differences beyond this many distinct ones are counted together, so that a provider that
  // invents names can't fill the memory.
  static constexpr size_t kMaxEntries = 2000;

  void OnUnknownField(absl::string_view message, absl::string_view path) override;
  void OnIllFitting(absl::string_view message, absl::string_view path) override;
  void OnMissing(absl::string_view message, absl::string_view path) override;
  void OnNewEnumValue(absl::string_view message, absl::string_view path) override;

  // How often a difference was seen: kind is unknown_field, ill_fitting, missing or new_enum_value.
  int64_t Count(absl::string_view kind, absl::string_view message, absl::string_view path) const;

  // The counts as the metric edugate_provider_drift_total{kind, message, path}, in the Prometheus
  // text format.
  std::string Text() const;

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // kind, message, path

  void Note(absl::string_view kind, absl::string_view message, absl::string_view path);

  mutable std::mutex mutex_;
  std::map<Key, int64_t> counts_;
};

}  // namespace edugate::telemetry

#endif  // RUNTIME_TELEMETRY_DRIFT_COUNTER_H_
