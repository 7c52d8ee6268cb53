// Rates, error shares and latencies of the last minutes, from metrics that count since the start.
#ifndef APP_STATUS_FIGURES_H_
#define APP_STATUS_FIGURES_H_

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace prometheus {
struct MetricFamily;
}  // namespace prometheus

namespace edugate::app {

// What has been counted of a method's calls, or of a connection's requests to its provider.
struct Tally {
  double total = 0;
  double failed = 0;                         // of those that are an operator's business
  std::map<std::string, double> by_outcome;  // codes or reasons
  std::vector<double> bounds;                // of the histogram, in seconds, without +Inf
  std::vector<double> cumulative;            // as many and one more
};

// Everything at one moment, by name.
struct Tallies {
  std::map<std::string, Tally> methods;
  std::map<std::string, Tally> connections;
};

// Reads edugate_calls_total, edugate_call_duration_seconds and their counterparts of providers.
Tallies TalliesOf(const std::vector<prometheus::MetricFamily>& families);

// What happened between two moments.
struct Figures {
  double per_second = 0;
  double failed_percent = 0;
  double total = 0;
  std::optional<double> p50_ms;  // none without a call
  std::optional<double> p99_ms;
  std::string top_failure;  // the outcome that failed most; empty without a failure
};
Figures FiguresBetween(const Tally& before, const Tally& after, absl::Duration between);

// The value below which `share` of what a histogram holds lies, interpolated; none where it holds
// nothing. What is beyond its last bound counts as that bound.
std::optional<double> Quantile(const std::vector<double>& bounds,
                               const std::vector<double>& cumulative, double share);

// Whether a gRPC code, as the metrics write it, is a failure that concerns an operator, and not the
// caller's own.
bool IsOperatorsCode(const std::string& code);
// The same for the outcome of a request to a provider.
bool IsOperatorsOutcome(const std::string& outcome);

// Moments of the last minutes. Thread-safe.
class TallyHistory {
 public:
  static constexpr absl::Duration kWindow = absl::Minutes(5);
  static constexpr absl::Duration kSpacing = absl::Seconds(10);

  // Keeps the moment, unless the one before is nearer than the spacing. Where the clock was set
  // back, what is kept begins anew.
  void Add(absl::Time when, Tallies tallies);

  // The oldest that is kept, not older than the window and a spacing; none at first.
  std::optional<std::pair<absl::Time, Tallies>> Oldest(absl::Time now) const;

 private:
  mutable std::mutex mutex_;
  std::deque<std::pair<absl::Time, Tallies>> moments_;
};

}  // namespace edugate::app

#endif  // APP_STATUS_FIGURES_H_
