// Counts the calls of the public API, for /metrics: rate, errors and duration of every method.
#ifndef APP_CALL_METRICS_H_
#define APP_CALL_METRICS_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/async/call_flag.h"

namespace prometheus {
struct MetricFamily;
}  // namespace prometheus

namespace edugate::app {

// edugate_calls_total{method, connection, code}, edugate_call_duration_seconds{method},
// edugate_calls_in_flight{method}, edugate_calls_flagged_total{flag}. The labels are names of the
// API and of the configuration, so that there are few. Used from every loop at once.
class CallMetrics {
 public:
  CallMetrics();
  ~CallMetrics();

  // A call of the method begins; OnEnd follows.
  void OnBegin(absl::string_view method);
  // `connection` is a configured one, `-`, or empty.
  void OnEnd(absl::string_view method, absl::string_view connection, absl::StatusCode code,
             absl::Duration duration, async::CallFlags flags);
  // A call that was refused before it began.
  void OnRefused(absl::string_view method, absl::StatusCode code, async::CallFlags flags);

  std::vector<prometheus::MetricFamily> Collect() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace edugate::app

#endif  // APP_CALL_METRICS_H_
