#include "app/serve_command.h"

#include <csignal>
#include <cstdio>
#include <iostream>
#include <memory>

#include "absl/synchronization/mutex.h"
#include "app/config_check.h"
#include "app/server.h"
#include "runtime/telemetry/log.h"
#include "sandbox/sandbox.h"

namespace edugate::app {
namespace {

// The signals that end the process. Blocked before any thread starts, so that every thread inherits
// it and only Wait() sees them.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    // A peer that has gone is an error of a write, not the end of the process.
    signal(SIGPIPE, SIG_IGN);
  }

  void Wait() const {
    int signal = 0;
    sigwait(&set_, &signal);
  }

 private:
  sigset_t set_;
};

int Fail(const absl::Status& status) {
  std::cerr << "edugate: " << std::string(status.message()) << std::endl;
  return 1;
}

void ApplyLog(const v1::LogConfig& config) {
  telemetry::LogLevel level = telemetry::LogLevel::kInfo;
  if (config.level() == v1::LOG_LEVEL_DEBUG) level = telemetry::LogLevel::kDebug;
  if (config.level() == v1::LOG_LEVEL_WARN) level = telemetry::LogLevel::kWarn;
  if (config.level() == v1::LOG_LEVEL_ERROR) level = telemetry::LogLevel::kError;
  const bool text = config.format() == v1::LOG_FORMAT_TEXT;
  telemetry::ConfigureLog(level, text ? telemetry::LogFormat::kText : telemetry::LogFormat::kJson);
}

// The configuration's own address if it is free, otherwise any port: the sandbox is to start
// wherever it is tried.
absl::StatusOr<std::unique_ptr<Server>> StartAnywhere(v1::Config config, bool may_move) {
  auto server = Server::Start(config);
  if (server.ok() || !may_move || !absl::IsUnavailable(server.status())) return server;
  config.mutable_server()->set_listen("127.0.0.1:0");
  config.mutable_server()->set_admin_listen("127.0.0.1:0");
  return Server::Start(config);
}

}  // namespace

int RunServe(const ServeCommand& command) {
  const StopSignals signals;
  // Debian's abseil is built with assertions; deadlock detection alone costs a fifth of an echo.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  std::unique_ptr<sandbox::Sandbox> providers;
  absl::StatusOr<v1::Config> config =
      absl::InvalidArgumentError("serve needs --config FILE or --sandbox");
  if (command.sandbox) {
    auto started = sandbox::Sandbox::Start({});
    if (!started.ok()) return Fail(started.status());
    providers = *std::move(started);
    config = LoadConfigText(sandbox::ConfigYaml(*providers), "the sandbox's configuration");
    if (config.ok()) {
      config->mutable_server()->set_insecure(true);
      config->mutable_native_calls()->set_enabled(true);
    }
  } else if (!command.config_file.empty()) {
    config = LoadConfigFile(command.config_file);
  }
  if (!config.ok()) return Fail(config.status());
  if (!command.listen.empty()) config->mutable_server()->set_listen(command.listen);
  ApplyLog(config->log());

  auto server = StartAnywhere(*config, command.sandbox && command.listen.empty());
  if (!server.ok()) return Fail(server.status());
  if (providers != nullptr) std::cout << sandbox::Describe(*providers);
  std::cout << "edugate: listening on " << (*server)->address() << std::endl;
  if (providers != nullptr) {
    auto settings = providers->Settings("measureone");
    settings.webhook_url = "http://" + (*server)->admin_address() + "/webhooks/m1";
    const absl::Status set = providers->SetSettings("measureone", settings);
    if (!set.ok()) return Fail(set);
  }
  if (!(*server)->admin_address().empty()) {
    std::cout << "edugate: admin on " << (*server)->admin_address() << std::endl;
  }
  signals.Wait();
  (*server)->Shutdown();
  server->reset();
  if (providers != nullptr) providers->Stop();
  std::cout << "edugate: stopped" << std::endl;
  return 0;
}

int RunSandbox(int port) {
  const StopSignals signals;
  sandbox::Options options;
  options.port = port;
  auto providers = sandbox::Sandbox::Start(options);
  if (!providers.ok()) return Fail(providers.status());
  std::cout << sandbox::Describe(**providers) << "\nA configuration for it:\n\n"
            << sandbox::ConfigYaml(**providers) << std::endl;
  signals.Wait();
  (*providers)->Stop();
  return 0;
}

}  // namespace edugate::app
