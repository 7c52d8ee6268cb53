// Hears of every call's beginning and end, for metrics, the access log and spans.
#ifndef SERVICES_CALL_OBSERVER_H_
#define SERVICES_CALL_OBSERVER_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/async/call_context.h"

namespace edugate::services {

// One call, ended. Views live only for the call of OnEnd.
struct CallEnd {
  absl::string_view method;      // Service.Method
  absl::string_view connection;  // empty where the call was refused before it had one
  absl::Status status;
  absl::Duration duration;
  // Null where the call was refused before it had one, as of a method that there is not.
  const async::CallContext* call = nullptr;
};

class CallObserver {
 public:
  virtual ~CallObserver() = default;

  // A call of `call.method()` begins; OnEnd follows, unless the process ends first. The headers are
  // as the caller sent them, empty where it didn't. Gives the call its place in a trace. From
  // gRPC's threads. Must not block.
  virtual void OnBegin(async::CallContext& call, absl::string_view traceparent,
                       absl::string_view tracestate) {
    (void)call, (void)traceparent, (void)tracestate;
  }

  // A call was turned away by the gate; neither of the others is called for it. Has to be cheap:
  // there may be many times more of these than of others. From any thread.
  virtual void OnTurnedAway(absl::StatusCode code) { (void)code; }

  // From the loops' threads. Must not block.
  virtual void OnEnd(const CallEnd& end) = 0;
};

}  // namespace edugate::services

#endif  // SERVICES_CALL_OBSERVER_H_
