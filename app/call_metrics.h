// Counts calls and their time, for /metrics.
#ifndef APP_CALL_METRICS_H_
#define APP_CALL_METRICS_H_

#include <memory>
#include <string>

#include "services/call_observer.h"

namespace edugate::app {

// edugate_calls_total{method, connection, code} and edugate_call_seconds{method}: rate, errors and
// duration of every method. The labels are names of the API and of the configuration, so that there
// are few. Used from every loop at once.
class CallMetrics final : public services::CallObserver {
 public:
  CallMetrics();
  ~CallMetrics() override;

  void OnEnd(const services::CallEnd& end) override;

  // In the Prometheus text format.
  std::string Text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace edugate::app

#endif  // APP_CALL_METRICS_H_
