// What is told about each call of the public API: metrics, a line of the access log, spans.
#ifndef APP_CALL_TELEMETRY_H_
#define APP_CALL_TELEMETRY_H_

#include "app/call_metrics.h"
#include "runtime/async/clock.h"
#include "runtime/telemetry/span_exporter.h"
#include "services/call_observer.h"

namespace edugate::app {

// The pointers outlive the object.
struct CallTelemetryOptions {
  CallMetrics* metrics = nullptr;
  const async::Clock* clock = nullptr;
  // Whether each call is logged as a line when it ends.
  bool access_log = true;
  // Where spans go; null: nowhere.
  telemetry::SpanExporter* spans = nullptr;
  // The part of the calls that is traced where the caller doesn't say: 0 to 1.
  double sample_share = 0.01;
};

// Used from every loop at once.
class CallTelemetry final : public services::CallObserver {
 public:
  explicit CallTelemetry(CallTelemetryOptions options) : options_(options) {}

  void OnBegin(async::CallContext& call, absl::string_view traceparent,
               absl::string_view tracestate) override;
  // Counted as calls of the method `refused`; not logged one by one.
  void OnTurnedAway(absl::StatusCode code) override;
  void OnEnd(const services::CallEnd& end) override;

 private:
  void OfferSpans(const services::CallEnd& end, async::CallFlags flags) const;

  const CallTelemetryOptions options_;
};

}  // namespace edugate::app

#endif  // APP_CALL_TELEMETRY_H_
