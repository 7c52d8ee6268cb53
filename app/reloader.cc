#include "app/reloader.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "app/config_check.h"
#include "app/reload_rules.h"
#include "google/protobuf/util/message_differencer.h"
#include "runtime/config/yaml_loader.h"
#include "runtime/telemetry/log.h"

namespace edugate::app {

absl::StatusOr<v1::Config> LoadWatched(const std::string& file, config::FileWatch& watch) {
  watch.Watch({file});
  auto config = LoadConfigFile(file);
  if (!config.ok()) return config;
  std::vector<std::string> files = FilesOf(*config);
  files.push_back(file);
  watch.Watch(files);
  return config;
}

Reloader::Reloader(std::string file, config::FileWatch watch,
                   std::function<void(v1::Config&)> adjust, const v1::Config& running,
                   Server& server)
    : file_(std::move(file)),
      adjust_(std::move(adjust)),
      server_(server),
      log_(running.log()),
      running_files_(FilesOf(running)),
      watch_(std::move(watch)) {
  Watch({});
}

void Reloader::Look() {
  if (watch_.Changed()) Reload();
}

void Reloader::Reload() {
  // Before they are read: a file that comes after that is a change.
  v1::Config named;
  const bool well_formed = config::LoadYamlFile(file_, &named).ok();
  Watch(well_formed ? FilesNamedBy(named) : std::vector<std::string>());
  auto config = LoadConfigFile(file_);
  if (config.ok() && adjust_) adjust_(*config);
  const bool applied = server_.Reload(config).ok();
  if (!applied) return;
  // A level that was set at run time stays until the file says something new.
  if (!google::protobuf::util::MessageDifferencer::Equals(log_, config->log())) {
    log_ = config->log();
    ApplyLog(log_);
  }
  running_files_ = FilesOf(*config);
  Watch({});
}

void Reloader::Watch(const std::vector<std::string>& more) {
  std::vector<std::string> files = running_files_;
  files.insert(files.end(), more.begin(), more.end());
  files.push_back(file_);
  watch_.Watch(files);
}

void ApplyLog(const v1::LogConfig& config) {
  telemetry::LogLevel level = telemetry::LogLevel::kInfo;
  if (config.level() == v1::LOG_LEVEL_DEBUG) level = telemetry::LogLevel::kDebug;
  if (config.level() == v1::LOG_LEVEL_WARN) level = telemetry::LogLevel::kWarn;
  if (config.level() == v1::LOG_LEVEL_ERROR) level = telemetry::LogLevel::kError;
  const bool text = config.format() == v1::LOG_FORMAT_TEXT;
  telemetry::ConfigureLog(level, text ? telemetry::LogFormat::kText : telemetry::LogFormat::kJson);
}

}  // namespace edugate::app
