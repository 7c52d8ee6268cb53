// Deleting what has been kept for long enough, a little at a time.
#ifndef EDUGATE_RUNTIME_STORE_RETENTION_H_
#define EDUGATE_RUNTIME_STORE_RETENTION_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"

namespace edugate::store {

// A log whose entries have an age.
class Purgeable {
 public:
  virtual ~Purgeable() = default;

  // Deletes a small batch of what is too old at `now`, the calendar's time. True if more is left.
  // Errors: as the log's.
  virtual async::Task<absl::StatusOr<bool>> PurgeBatch(async::CallContext& call,
                                                       absl::Time now) = 0;
};

// Purges `log` every `interval`, batch by batch, so that other requests come in between, until the
// call ends; gives the call's status. A failed batch is tried again after the next interval. `call`
// and `log` outlive the task.
async::Task<absl::Status> KeepPurging(async::CallContext& call, Purgeable& log,
                                      absl::Duration interval);

}  // namespace edugate::store

#endif  // EDUGATE_RUNTIME_STORE_RETENTION_H_
