// Counts how providers' replies differ from their schema: names only, bounded, logged once each.
#ifndef RUNTIME_TELEMETRY_DRIFT_COUNTER_H_
#define RUNTIME_TELEMETRY_DRIFT_COUNTER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/async/clock.h"
#include "runtime/codec/drift.h"

namespace edugate::telemetry {

// As in codec::DriftSink.
enum class DriftKind { kUnknownField, kIllFitting, kMissing, kNewEnumValue };

// The kind as a metric's label: unknown_field, ill_fitting, missing, new_enum_value.
absl::string_view DriftKindText(DriftKind kind);

// One difference, as seen so far.
struct DriftRecord {
  std::string provider;
  std::string connection;
  std::string message;
  std::string path;
  DriftKind kind = DriftKind::kUnknownField;
  int64_t count = 0;
  absl::Time first_seen;
  absl::Time last_seen;
};

// Used from every loop at once.
class DriftCounter {
 public:
  // Differences of one connection beyond this many distinct ones are counted together, as message
  // and path "*", so that a provider that invents names can't fill the memory.
  static constexpr size_t kMaxEntries = 1000;

  // `clock` outlives the counter.
  explicit DriftCounter(const async::Clock& clock);
  ~DriftCounter();

  // What counts for a connection of this provider: its id may be another provider's with the next
  // configuration. Lives as long as the counter; the same one for the same two.
  codec::DriftSink& ForConnection(absl::string_view provider, absl::string_view connection);

  // Everything seen, ordered by connection, message, path, kind and provider.
  std::vector<DriftRecord> List() const;

  // The counts as the metric edugate_provider_drift_total{provider, connection, kind, message,
  // path}, in the Prometheus text format.
  std::string Text() const;

 private:
  class Source;

  const async::Clock& clock_;
  mutable std::mutex mutex_;
  // By connection and provider.
  std::map<std::pair<std::string, std::string>, std::unique_ptr<Source>> sources_;
};

}  // namespace edugate::telemetry

#endif  // RUNTIME_TELEMETRY_DRIFT_COUNTER_H_
