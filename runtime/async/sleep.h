// Waiting for time to pass.
#ifndef EDUGATE_RUNTIME_ASYNC_SLEEP_H_
#define EDUGATE_RUNTIME_ASYNC_SLEEP_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"

namespace edugate::async {

// OK after `duration` (at once, if it is not positive). CANCELLED as soon as the call is cancelled.
// DEADLINE_EXCEEDED at the call's deadline if that comes first. `call` outlives the task.
Task<absl::Status> Sleep(CallContext& call, absl::Duration duration);

}  // namespace edugate::async

#endif  // EDUGATE_RUNTIME_ASYNC_SLEEP_H_
