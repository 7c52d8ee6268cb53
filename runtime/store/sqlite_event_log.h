// EventLog in a SQLite database.
#ifndef EDUGATE_RUNTIME_STORE_SQLITE_EVENT_LOG_H_
#define EDUGATE_RUNTIME_STORE_SQLITE_EVENT_LOG_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "runtime/store/database.h"
#include "runtime/store/event_log.h"
#include "runtime/store/news.h"
#include "runtime/store/retention.h"

namespace edugate::store {

class SqliteEventLog final : public EventLog, public Purgeable {
 public:
  // `database` outlives the log, which is the only one on it. `retention`: how long an event is
  // kept.
  explicit SqliteEventLog(Database& database, absl::Duration retention = absl::Hours(24 * 30));

  async::Task<absl::StatusOr<AppendedEvent>> Append(async::CallContext& call, std::string topic,
                                                    std::string dedup_id, std::string payload,
                                                    absl::Time now) override;
  async::Task<absl::StatusOr<EventBatch>> Read(async::CallContext& call, std::string topic,
                                               int64_t after, std::size_t limit) override;
  async::Task<absl::StatusOr<EventBatch>> ReadNext(async::CallContext& call, std::string topic,
                                                   int64_t after, std::size_t limit) override;
  async::Task<absl::StatusOr<int64_t>> LastSequence(async::CallContext& call) override;
  async::Task<absl::StatusOr<bool>> PurgeBatch(async::CallContext& call, absl::Time now) override;

 private:
  Database& database_;
  const absl::Duration retention_;
  const std::shared_ptr<News> news_;  // Shared with jobs that may run after the log is gone.
};

}  // namespace edugate::store

#endif  // EDUGATE_RUNTIME_STORE_SQLITE_EVENT_LOG_H_
