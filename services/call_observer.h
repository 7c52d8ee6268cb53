// Hears of every call's end, for metrics and the access log.
#ifndef SERVICES_CALL_OBSERVER_H_
#define SERVICES_CALL_OBSERVER_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace edugate::services {

// One call, ended. Views live only for the call of OnEnd.
struct CallEnd {
  absl::string_view method;      // Service.Method
  absl::string_view connection;  // empty where the call was refused before it had one
  absl::Status status;
  absl::Duration duration;
};

class CallObserver {
 public:
  virtual ~CallObserver() = default;

  // From the loops' threads. Must not block.
  virtual void OnEnd(const CallEnd& end) = 0;
};

}  // namespace edugate::services

#endif  // SERVICES_CALL_OBSERVER_H_
