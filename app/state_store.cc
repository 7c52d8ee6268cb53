#include "app/state_store.h"

#include <optional>
#include <utility>

#include "app/duration.h"
#include "runtime/store/database.h"
#include "runtime/store/retention.h"
#include "runtime/store/sqlite_event_log.h"
#include "runtime/store/sqlite_request_log.h"
#include "runtime/telemetry/log.h"

namespace edugate::app {
namespace {

constexpr absl::Duration kPurgeInterval = absl::Minutes(10);

absl::Duration RequestIdRetention(const v1::StateConfig& config) {
  return config.has_request_id_retention() ? ToDuration(config.request_id_retention())
                                           : absl::Hours(24);
}

// Deletes what is old on one loop, until it is stopped.
class Housekeeping {
 public:
  explicit Housekeeping(async::EventLoop& loop) : call_(loop, async::kNever) {}

  // `log` outlives the loop's tasks.
  void Purge(store::Purgeable& log) { call_.loop().Spawn(KeepPurging(call_, log)); }

  void Stop() {
    call_.loop().Post([this] { call_.Cancel(); });
  }

 private:
  static async::Task<void> KeepPurging(async::CallContext& call, store::Purgeable& log) {
    absl::Status ended = co_await store::KeepPurging(call, log, kPurgeInterval);
    if (!absl::IsCancelled(ended))
      telemetry::Error("what is old in the store is no longer deleted");
  }

  async::CallContext call_;
};

// In one file, or in memory.
class SqliteState final : public StateStore {
 public:
  SqliteState(std::unique_ptr<store::Database> database, const v1::StateConfig& config,
              async::LoopPool& loops)
      : database_(std::move(database)),
        requests_(*database_, RequestIdRetention(config)),
        events_(*database_, EventRetention(config)),
        housekeeping_(loops.loop(0)) {
    housekeeping_.Purge(requests_);
    housekeeping_.Purge(events_);
  }

  store::RequestLog& requests() override { return requests_; }
  store::EventLog& events() override { return events_; }
  void StopTasks() override { housekeeping_.Stop(); }

 private:
  const std::unique_ptr<store::Database> database_;
  store::SqliteRequestLog requests_;
  store::SqliteEventLog events_;
  Housekeeping housekeeping_;
};

}  // namespace

absl::Duration EventRetention(const v1::StateConfig& config) {
  return config.has_event_retention() ? ToDuration(config.event_retention()) : absl::Hours(7 * 24);
}

absl::StatusOr<std::unique_ptr<StateStore>> StateStore::Open(const v1::StateConfig& config,
                                                             async::LoopPool& loops) {
  if (config.sqlite().path().empty()) {
    telemetry::Warn(
        "state is not configured: what a request_id did is remembered in memory only, and not "
        "after a restart");
  }
  store::DatabaseOptions options;
  options.path = config.sqlite().path();
  auto database = store::Database::Open(std::move(options));
  if (!database.ok()) return database.status();
  return std::make_unique<SqliteState>(*std::move(database), config, loops);
}

}  // namespace edugate::app
