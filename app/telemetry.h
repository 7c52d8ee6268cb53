// Everything that a process tells about itself, put together from the configuration.
#ifndef APP_TELEMETRY_H_
#define APP_TELEMETRY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "edugate/v1/config.pb.h"
#include "runtime/async/loop_pool.h"
#include "runtime/resilience/client_observer.h"
#include "services/call_observer.h"

namespace prometheus {
struct MetricFamily;
}  // namespace prometheus

namespace edugate::app {

// Built after the loops and destroyed when they run no more.
class Telemetry {
 public:
  Telemetry(const v1::Config& config, async::LoopPool& loops);
  ~Telemetry();

  // Starts what runs by itself. Errors: the collector's secret can't be read.
  absl::Status Start();

  // Ends it, and gives the collector what is left. Before the loops are shut down.
  void Stop();

  // They live as long as the telemetry.
  services::CallObserver& calls();
  resilience::ClientObserver& providers();

  // All metrics that are counted here.
  std::vector<prometheus::MetricFamily> Collect() const;

  // The last lag of each loop.
  std::vector<absl::Duration> LoopLags() const;

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

// The families in the Prometheus text format 0.0.4.
std::string MetricsText(const std::vector<prometheus::MetricFamily>& families);

}  // namespace edugate::app

#endif  // APP_TELEMETRY_H_
