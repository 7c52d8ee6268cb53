#include "app/serve_command.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "app/config_check.h"
#include "app/process_limits.h"
#include "app/reloader.h"
#include "app/server.h"
#include "runtime/telemetry/log.h"
#include "sandbox/sandbox.h"

namespace edugate::app {
namespace {

constexpr absl::Duration kLookInterval = absl::Milliseconds(500);

// SIGTERM, SIGINT and SIGHUP. Blocked before any thread starts, so that every thread inherits it
// and only the functions below see them.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    // A peer that has gone is an error of a write, not the end of the process.
    signal(SIGPIPE, SIG_IGN);
    // So is a file that has reached the size that the process may write.
    signal(SIGXFSZ, SIG_IGN);
  }

  // The next signal; none if there is none for `patience`.
  std::optional<int> Next(absl::Duration patience) const {
    const timespec wait = absl::ToTimespec(patience);
    const int signal = sigtimedwait(&set_, nullptr, &wait);
    if (signal < 0) return std::nullopt;
    return signal;
  }

  // Waits for SIGTERM or SIGINT, and calls `otherwise` with each SIGHUP (true) and now and then
  // (false).
  void AwaitStop(const std::function<void(bool hangup)>& otherwise) const {
    for (;;) {
      const std::optional<int> signal = Next(kLookInterval);
      if (signal == SIGTERM || signal == SIGINT) return;
      if (otherwise) otherwise(signal == SIGHUP);
    }
  }

  // Ends the process at once with the next SIGTERM or SIGINT: who asks twice doesn't want to wait.
  void ExitWithTheNext() const {
    std::thread([set = set_] {
      for (int signal = 0; signal != SIGTERM && signal != SIGINT;) sigwait(&set, &signal);
      telemetry::Warn("stopped at once, by a second signal");
      telemetry::FlushLog();
      _exit(1);
    }).detach();
  }

 private:
  sigset_t set_;
};

int Fail(const absl::Status& status) {
  std::cerr << "edugate: " << std::string(status.message()) << '\n';
  return 1;
}

// What the command line says instead of the configuration.
void Adjust(const ServeCommand& command, v1::Config& config) {
  if (!command.listen.empty()) config.mutable_server()->set_listen(command.listen);
}

// The configuration's own addresses if they are free, otherwise any ports where those may be left:
// the sandbox is to start wherever it is tried, but on the address that `--listen` names.
absl::StatusOr<std::unique_ptr<Server>> StartAnywhere(v1::Config config,
                                                      const ServeCommand& command) {
  auto server = Server::Start(config);
  if (server.ok() || !command.sandbox || !absl::IsUnavailable(server.status())) return server;
  if (command.listen.empty()) config.mutable_server()->set_listen("127.0.0.1:0");
  config.mutable_server()->set_admin_listen("127.0.0.1:0");
  return Server::Start(config);
}

}  // namespace

int RunServe(const ServeCommand& command) {
  const absl::Time began = absl::Now();
  const Signals signals;
  PrepareProcess();
  // Debian's abseil is built with assertions; deadlock detection alone costs a fifth of an echo.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  std::unique_ptr<sandbox::Sandbox> providers;
  config::FileWatch watch;
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
    config = LoadWatched(command.config_file, watch);
  }
  if (!config.ok()) return Fail(config.status());
  Adjust(command, *config);
  ApplyLog(config->log());

  auto server = StartAnywhere(*config, command);
  if (!server.ok()) return Fail(server.status());
  if (providers != nullptr) {
    // No setting of the provider's, which a reset of the sandbox would undo.
    providers->SetWebhookUrl(absl::StrCat("http://", (*server)->admin_address(), "/webhooks/m1"));
    std::cout << sandbox::Describe(*providers);
  }
  std::cout << "edugate: listening on " << (*server)->address() << '\n' << std::flush;
  if (!(*server)->admin_address().empty()) {
    std::cout << "edugate: admin on " << (*server)->admin_address() << '\n' << std::flush;
  }
  if (!(*server)->health_address().empty()) {
    std::cout << "edugate: health on " << (*server)->health_address() << '\n' << std::flush;
  }
  telemetry::Info(
      absl::StrCat("takes calls after ", absl::ToInt64Milliseconds(absl::Now() - began), " ms"));
  std::optional<Reloader> reloader;
  if (!command.sandbox) {
    const auto adjust = [&command](v1::Config& loaded) { Adjust(command, loaded); };
    reloader.emplace(command.config_file, std::move(watch), adjust, *config, **server);
  }
  signals.AwaitStop([&](bool hangup) {
    if (!reloader.has_value()) return;
    if (hangup) {
      reloader->Reload();
    } else {
      reloader->Look();
    }
  });
  telemetry::Info("stops: finishes what is in progress");
  signals.ExitWithTheNext();
  (*server)->Shutdown();
  server->reset();
  if (providers != nullptr) providers->Stop();
  std::cout << "edugate: stopped" << '\n' << std::flush;
  return 0;
}

int RunSandbox(int port) {
  const Signals signals;
  sandbox::Options options;
  options.port = port;
  auto providers = sandbox::Sandbox::Start(options);
  if (!providers.ok()) return Fail(providers.status());
  std::cout << sandbox::Describe(**providers) << "\nA configuration for it:\n\n"
            << sandbox::ConfigYaml(**providers) << '\n'
            << std::flush;
  signals.AwaitStop(nullptr);
  (*providers)->Stop();
  return 0;
}

}  // namespace edugate::app
