#include "app/server.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/service_type.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "app/admin_server.h"
#include "app/config_text.h"
#include "app/connection_status.h"
#include "app/disclosures.h"
#include "app/duration.h"
#include "app/front.h"
#include "app/generation.h"
#include "app/health_port.h"
#include "app/listener.h"
#include "app/metric_family.h"
#include "app/open_connections.h"
#include "app/published_services.h"
#include "app/reload_metrics.h"
#include "app/reload_rules.h"
#include "app/server_certificates.h"
#include "app/server_check.h"
#include "app/shutdown_times.h"
#include "app/state_store.h"
#include "app/status_watch.h"
#include "app/store_metrics.h"
#include "app/telemetry.h"
#include "app/webhook_intake.h"
#include "runtime/async/loop_pool.h"
#include "runtime/http/curl_http_client.h"
#include "runtime/telemetry/drift_counter.h"
#include "runtime/telemetry/log.h"
#include "services/bridge.h"
#include "services/check_book.h"
#include "services/drain.h"
#include "services/grpc_events.h"
#include "services/guarded_replies.h"
#include "services/native_service.h"
#include "services/webhooks.h"

namespace edugate::app {
namespace {

// The most that the configuration may allow a webhook.
constexpr size_t kMaxWebhookBytes = size_t{1} << 20;

absl::Duration DurationOr(const google::protobuf::Duration& configured, absl::Duration otherwise) {
  const absl::Duration value = ToDuration(configured);
  return value > absl::ZeroDuration() ? value : otherwise;
}

size_t LoopCount(const v1::Config& config) {
  if (config.runtime().loops() > 0) return config.runtime().loops();
  // gRPC polls with as many threads again (docs/decisions/half-as-many-loops-as-processors.md).
  return std::max(1u, std::thread::hardware_concurrency() / 2);
}

class GrpcServer final : public Server {
 public:
  explicit GrpcServer(const v1::Config& config)
      : config_(config),
        loops_(LoopCount(config)),
        telemetry_(config, loops_),
        http_(loops_, {}),
        gate_(
            {.max_calls = config.server().max_calls() > 0 ? config.server().max_calls()
                                                          : services::CallGateOptions().max_calls},
            async::SystemClock()),
        bridge_({.loops = &loops_,
                 .observer = &telemetry_.calls(),
                 .gate = &gate_,
                 .admission = &admission_,
                 .screen = &screen_,
                 .default_deadline = DurationOr(config.server().default_deadline(),
                                                services::BridgeOptions().default_deadline),
                 .max_deadline = DurationOr(config.server().max_deadline(),
                                            services::BridgeOptions().max_deadline),
                 .max_reply_bytes =
                     static_cast<size_t>(ToFrontLimits(config.server()).max_reply_bytes)}) {}

  ~GrpcServer() override { Shutdown(); }

  absl::Status Start() {
    auto state = StateStore::Open(config_.state(), loops_);
    if (!state.ok()) return state.status();
    state_ = CountStore(*std::move(state), store_metrics_);
    absl::Status telling = telemetry_.Start();
    if (!telling.ok()) return telling;
    absl::Status disclosing = OpenDisclosures();
    if (!disclosing.ok()) return disclosing;
    auto generation = Generation::Build(config_, Parts(), nullptr);
    if (!generation.ok()) return generation.status();
    Use(*generation);
    services_ =
        MakePublishedServices(config_, services::PartsOfCall(current_), bridge_, checks_, drain_);
    unknown_methods_ = services::MakeUnknownMethods(bridge_);
    absl::Status listening = Listen();
    if (!listening.ok()) return listening;
    absl::Status operating = StartAdmin();
    if (!operating.ok()) return operating;
    SayServing(true);
    ready_ = true;
    return absl::OkStatus();
  }

  std::string address() const override { return address_; }
  std::string health_address() const override {
    return health_ == nullptr ? "" : health_->address();
  }
  std::string admin_address() const override { return admin_ == nullptr ? "" : admin_->address(); }

  absl::Status Reload(const absl::StatusOr<v1::Config>& loaded) override {
    const std::shared_ptr<const Generation> running = Current();
    absl::StatusOr<std::shared_ptr<const Generation>> next = nullptr;
    std::vector<std::string> waiting;
    if (!loaded.ok()) {
      next = loaded.status();
    } else {
      v1::Config config = *loaded;
      waiting = KeepFixedKeys(running->config(), config);
      next = Generation::Build(config, Parts(), running.get());
    }
    if (!next.ok()) {
      reloads_.OnRefused();
      telemetry::Error(absl::StrCat("the configuration is refused, and the one before stays: ",
                                    next.status().message()));
      return next.status();
    }
    const bool watches_end = &(*next)->watches() != &running->watches();
    Use(*std::move(next));
    // Those that begin from now on are admitted by the new one.
    if (watches_end) running->watches().Begin();
    reloads_.OnApplied(absl::Now(), static_cast<int64_t>(waiting.size()));
    telemetry::Info("the configuration was loaded again");
    if (!waiting.empty()) {
      telemetry::Warn(absl::StrCat("these keys have changed and take effect with a restart: ",
                                   absl::StrJoin(waiting, ", ")));
    }
    return absl::OkStatus();
  }

  void Shutdown() override {
    const std::lock_guard<std::mutex> lock(shutdown_mutex_);
    if (down_) return;
    down_ = true;
    const bool served = ready_.exchange(false);
    if (server_ != nullptr) {
      const ShutdownTimes times = ToShutdownTimes(Current()->config().server());
      SayServing(false);
      // Nobody has sent calls to a process whose start failed.
      if (served) absl::SleepFor(times.delay);
      listener_->Close();
      drain_.Begin();
      server_->Shutdown(absl::ToChronoTime(absl::Now() + times.grace));
      server_->Wait();
    }
    if (state_ != nullptr) state_->StopTasks();
    telemetry_.Stop();
    // Before the loops: its threads wait for answers from them.
    admin_.reset();
    status_.reset();
    services::TellOfGrpcEvents(nullptr);
    loops_.Shutdown();
  }

 private:
  GenerationParts Parts() {
    return {.connections = {
                .make_http =
                    [this](const http::EndpointOptions& options) {
                      return http_.MakeEndpoint(options);
                    },
                .clock = &async::SystemClock(),
                .drift = &drift_,
                .observer = &telemetry_.providers(),
                .make_rate_limit =
                    [this](absl::string_view name, const resilience::TokenBucketOptions& options) {
                      return state_->MakeRateLimit(name, options);
                    }},
            .state = state_.get(),
            .drain = &drain_};
  }

  absl::Status OpenDisclosures() {
    if (!config_.has_disclosure()) return absl::OkStatus();
    auto log = OpenDisclosureLog(config_.disclosure());
    if (!log.ok()) return log.status();
    disclosures_ = *std::move(log);
    screen_.KeepDisclosures(
        {.log = disclosures_.get(), .required = config_.disclosure().required()});
    return absl::OkStatus();
  }

  std::string DisclosureText() const {
    return disclosures_ == nullptr ? "" : DisclosureMetrics(*disclosures_);
  }

  // For the calls that begin from now on.
  void Use(std::shared_ptr<const Generation> generation) { current_.Set(std::move(generation)); }

  std::shared_ptr<const Generation> Current() const {
    return std::static_pointer_cast<const Generation>(current_.Get());
  }

  absl::Status Listen() {
    v1::ServerConfig config = config_.server();
    absl::Status meant = CheckListen(config);
    if (!meant.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("server.listen ", meant.message()));
    }
    if (config.has_tls()) {
      auto certificates = ServerCertificates::Open(config.tls());
      if (!certificates.ok()) return certificates.status();
      certificates_ = *std::move(certificates);
      *config.mutable_tls() = certificates_->copies();
    }
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    ConfigureFront(config, builder);
    auto listener = Listener::Open(config.listen());
    if (!listener.ok()) return listener.status();
    listener_ = *std::move(listener);
    acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        FrontCredentials(config));
    for (const auto& service : services_) builder.RegisterService(service.get());
    builder.RegisterCallbackGenericService(unknown_methods_.get());
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) return absl::UnavailableError("gRPC doesn't start");
    services::RunGrpcEventsOn(loops_);
    services::TellOfGrpcEvents(&gate_);
    address_ = listener_->address();
    listener_->Start(loops_.loop(0), [this](int fd) {
      if (!connections_.Admit(fd, loops_.loop(0).Now())) {
        close(fd);
        return;
      }
      grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
      connection.fd = fd;
      acceptor_->HandleNewConnection(&connection);
    });
    if (!config.health_listen().empty()) {
      auto health = HealthPort::Start(config.health_listen());
      if (!health.ok()) return health.status();
      health_ = *std::move(health);
    }
    return absl::OkStatus();
  }

  // To probes, by both ports.
  void SayServing(bool serving) {
    if (auto* health = server_->GetHealthCheckService()) SetServing(*health, serving);
    if (health_ != nullptr) health_->Say(serving);
  }

  std::vector<prometheus::MetricFamily> CollectMetrics() const {
    std::vector<prometheus::MetricFamily> families = telemetry_.Collect();
    for (auto more : {store_metrics_.Collect(),
                      CollectConnectionGauges(Current()->connections(), async::SystemClock())}) {
      std::move(more.begin(), more.end(), std::back_inserter(families));
    }
    return families;
  }

  void WatchStatus() {
    status_.emplace(StatusSources{.metrics = [this] { return CollectMetrics(); },
                                  .connections =
                                      [this] {
                                        return StatusOf(Current()->connections(), checks_, drift_,
                                                        async::SystemClock());
                                      },
                                  .loop_lags = [this] { return telemetry_.LoopLags(); },
                                  .ready = [this] { return ready_.load(); },
                                  .config_generation = [this] { return reloads_.generation(); }});
  }

  absl::Status StartAdmin() {
    if (config_.server().admin_listen().empty()) return absl::OkStatus();
    WatchStatus();
    auto admin = AdminServer::Start(
        config_.server().admin_listen(),
        {.ready = [this] { return ready_.load(); },
         .metrics =
             [this] {
               return absl::StrCat(MetricsText(CollectMetrics()), drift_.Text(), DisclosureText(),
                                   reloads_.Text(), connections_.Text());
             },
         .config = [this] { return ConfigText(Current()->config()); },
         .status = [this] { return StatusJson(status_->Report()); },
         .webhook =
             [this](services::WebhookRequest request) {
               return webhooks_.Receive(std::move(request));
             },
         .webhook_refused =
             [this](const std::string& connection, services::WebhookAnswer answer) {
               webhooks_.OnRefused(connection, answer);
             },
         .max_webhook_bytes = kMaxWebhookBytes});
    if (!admin.ok()) return admin.status();
    admin_ = *std::move(admin);
    return absl::OkStatus();
  }

  const v1::Config config_;
  telemetry::DriftCounter drift_{async::SystemClock()};
  ReloadMetrics reloads_;
  async::LoopPool loops_;
  Telemetry telemetry_;
  http::CurlHttpClient http_;
  StoreMetrics store_metrics_;
  std::unique_ptr<StateStore> state_;
  services::CheckBook checks_;
  services::Drain drain_;
  services::CurrentFooting current_;
  services::CallGate gate_;
  services::Admission admission_{current_};
  std::unique_ptr<privacy::DisclosureLog> disclosures_;
  services::GuardedReplies screen_;
  services::Bridge bridge_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::CallbackGenericService> unknown_methods_;
  OpenConnections connections_{
      static_cast<size_t>(ToFrontLimits(config_.server()).max_connections)};
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<ServerCertificates> certificates_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<HealthPort> health_;
  WebhookIntake webhooks_{loops_, [this] { return Current(); }, store_metrics_};
  std::optional<StatusWatch> status_;
  std::unique_ptr<AdminServer> admin_;
  std::string address_;
  std::atomic<bool> ready_{false};
  std::mutex shutdown_mutex_;
  bool down_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const v1::Config& config) {
  auto server = std::make_unique<GrpcServer>(config);
  absl::Status started = server->Start();
  if (!started.ok()) return started;
  return server;
}

}  // namespace edugate::app
