// RequestLog in a SQLite database.
#ifndef EDUGATE_RUNTIME_STORE_SQLITE_REQUEST_LOG_H_
#define EDUGATE_RUNTIME_STORE_SQLITE_REQUEST_LOG_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "runtime/store/database.h"
#include "runtime/store/request_log.h"
#include "runtime/store/retention.h"

namespace edugate::store {

// What was in flight when an earlier process ended is recognized by its number, which is not above
// the last one that this process found: start-up writes nothing, and so works on a full disk.
class SqliteRequestLog final : public RequestLog, public Purgeable {
 public:
  // `database` outlives the log, which is the only one on it. `retention`: how long a key is
  // remembered.
  explicit SqliteRequestLog(Database& database, absl::Duration retention = absl::Hours(24));
  ~SqliteRequestLog() override;

  async::Task<absl::StatusOr<BegunRequest>> Begin(async::CallContext& call, std::string key,
                                                  std::string fingerprint, absl::Time now) override;
  async::Task<absl::Status> Finish(async::CallContext& call, std::string key, int64_t attempt,
                                   std::string outcome) override;
  async::Task<absl::Status> Forget(async::CallContext& call, std::string key,
                                   int64_t attempt) override;
  async::Task<absl::Status> LeaveUnknown(async::CallContext& call, std::string key,
                                         int64_t attempt) override;
  async::Task<absl::StatusOr<bool>> PurgeBatch(async::CallContext& call, absl::Time now) override;

 private:
  struct Ledger;

  Database& database_;
  const absl::Duration retention_;
  const std::shared_ptr<Ledger> ledger_;  // Shared with jobs that may run after the log is gone.
};

}  // namespace edugate::store

#endif  // EDUGATE_RUNTIME_STORE_SQLITE_REQUEST_LOG_H_
