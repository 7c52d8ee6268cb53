#include "app/state_check.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "app/config_ranges.h"
#include "app/duration.h"
#include "app/secret_check.h"
#include "app/server_check.h"

namespace edugate::app {
namespace {

constexpr std::array kStateSpans = {
    SpanRange{"event_retention", absl::Minutes(1), absl::Hours(365 * 24)},
    SpanRange{"request_id_retention", absl::Minutes(1), absl::Hours(7 * 24)},
};
constexpr std::array kRedisSpans = {
    SpanRange{"timeout", absl::Milliseconds(50), absl::Seconds(30)},
};

void CheckSqlite(const v1::SqliteConfig& sqlite, const Mistake& mistake) {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(sqlite.path()).parent_path();
  if (sqlite.path().empty()) {
    mistake("state.sqlite.path", "is missing");
  } else if (!folder.empty() && !std::filesystem::is_directory(folder, error)) {
    mistake("state.sqlite.path", "needs a folder that exists");
  }
}

void CheckFile(const std::string& path, const std::string& key, const Mistake& mistake) {
  if (path.empty()) {
    mistake(key, "is missing");
  } else if (!std::ifstream(path).good()) {
    mistake(key, "can't be read");
  }
}

void CheckRedis(const v1::StateConfig& state, const Mistake& mistake) {
  constexpr int kMostDatabase = 15;
  const v1::RedisConfig& redis = state.redis();
  if (state.has_sqlite()) mistake("state.redis", "can't be together with sqlite");
  int port = 0;
  const size_t colon = redis.address().rfind(':');
  const bool named = colon != std::string::npos && colon > 0 &&
                     absl::SimpleAtoi(redis.address().substr(colon + 1), &port) && port > 0 &&
                     port <= 65535;
  if (!named) mistake("state.redis.address", "needs HOST:PORT");
  if (redis.database() < 0 || redis.database() > kMostDatabase) {
    mistake("state.redis.database", absl::StrCat("must be from 0 to ", kMostDatabase));
  }
  if (redis.has_password()) CheckSecret(redis.password(), "state.redis.password", mistake);
  if (!redis.username().empty() && !redis.has_password()) {
    mistake("state.redis.username", "needs a password");
  }
  if (!redis.ca_file().empty()) {
    CheckFile(redis.ca_file(), "state.redis.ca_file", mistake);
    if (!redis.tls()) mistake("state.redis.ca_file", "means nothing without tls");
  }
  CheckSpans(redis, kRedisSpans, "state.redis", mistake);
}

}  // namespace

void CheckState(const v1::Config& config, const Mistake& mistake) {
  const v1::StateConfig& state = config.state();
  CheckSpans(state, kStateSpans, "state", mistake);
  // Otherwise a request_id is forgotten while its write is in progress, and sent again.
  if (state.has_request_id_retention() &&
      ToDuration(state.request_id_retention()) < MaxDeadline(config.server())) {
    mistake("state.request_id_retention", "must be at least server.max_deadline");
  }
  if (state.has_sqlite()) CheckSqlite(state.sqlite(), mistake);
  if (state.has_redis()) CheckRedis(state, mistake);
}

}  // namespace edugate::app
