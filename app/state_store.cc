#include "app/state_store.h"

#include <functional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "app/auth_options.h"
#include "app/duration.h"
#include "runtime/config/rotating_secret.h"
#include "runtime/resilience/token_bucket.h"
#include "runtime/store/database.h"
#include "runtime/store/redis_client.h"
#include "runtime/store/redis_event_log.h"
#include "runtime/store/redis_rate_limit.h"
#include "runtime/store/redis_request_log.h"
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
  std::unique_ptr<resilience::RateLimit> MakeRateLimit(
      absl::string_view, const resilience::TokenBucketOptions& options) override {
    return std::make_unique<resilience::TokenBucket>(options);
  }
  void StopTasks() override { housekeeping_.Stop(); }

 private:
  const std::unique_ptr<store::Database> database_;
  store::SqliteRequestLog requests_;
  store::SqliteEventLog events_;
  Housekeeping housekeeping_;
};

// The password as its source has it at the time of each connection.
absl::StatusOr<std::function<std::string()>> PasswordOf(const v1::RedisConfig& config) {
  if (!config.has_password()) return std::function<std::string()>();
  auto secret = config::RotatingSecret::Open(ToSecretSource(config.password()), nullptr,
                                             &async::SystemClock());
  if (!secret.ok()) return secret.status();
  const std::shared_ptr<config::RotatingSecret> shared = *std::move(secret);
  return std::function<std::string()>(
      [shared] { return std::string(shared->GetFresh()->Reveal()); });
}

store::RedisOptions ToOptions(const v1::RedisConfig& config) {
  store::RedisOptions options;
  options.address = config.address();
  options.username = config.username();
  options.database = config.database();
  if (!config.key_prefix().empty()) options.key_prefix = config.key_prefix();
  if (config.has_timeout()) options.timeout = ToDuration(config.timeout());
  options.tls = config.tls();
  options.ca_file = config.ca_file();
  return options;
}

store::RedisClient::Limits LoggedLimits() {
  store::RedisClient::Limits limits;
  limits.on_change = [](const absl::Status& state) {
    if (state.ok()) {
      telemetry::Info("the store can be used again");
    } else {
      telemetry::Error(absl::StrCat("the store can't be used: ", state.message()));
    }
  };
  return limits;
}

// At a server that replicas share.
class RedisState final : public StateStore {
 public:
  RedisState(store::RedisOptions options, const v1::StateConfig& config, async::LoopPool& loops)
      : client_(std::move(options), LoggedLimits()),
        requests_(client_, RequestIdRetention(config)),
        events_(client_, EventRetention(config)),
        housekeeping_(loops.loop(0)) {
    housekeeping_.Purge(events_);
  }

  store::RequestLog& requests() override { return requests_; }
  store::EventLog& events() override { return events_; }
  std::unique_ptr<resilience::RateLimit> MakeRateLimit(
      absl::string_view name, const resilience::TokenBucketOptions& options) override {
    return std::make_unique<store::RedisRateLimit>(client_, name, options);
  }
  void StopTasks() override { housekeeping_.Stop(); }

 private:
  store::RedisClient client_;
  store::RedisRequestLog requests_;
  store::RedisEventLog events_;
  Housekeeping housekeeping_;
};

}  // namespace

absl::Duration EventRetention(const v1::StateConfig& config) {
  return config.has_event_retention() ? ToDuration(config.event_retention()) : absl::Hours(7 * 24);
}

absl::StatusOr<std::unique_ptr<StateStore>> StateStore::Open(const v1::StateConfig& config,
                                                             async::LoopPool& loops) {
  if (config.has_redis()) {
    auto password = PasswordOf(config.redis());
    if (!password.ok()) return password.status();
    store::RedisOptions options = ToOptions(config.redis());
    options.password = *std::move(password);
    return std::make_unique<RedisState>(std::move(options), config, loops);
  }
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
