#include "app/server.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/service_type.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "app/admin_server.h"
#include "app/call_metrics.h"
#include "app/config_check.h"
#include "app/duration.h"
#include "app/front.h"
#include "app/generation.h"
#include "app/reload_metrics.h"
#include "app/reload_rules.h"
#include "app/state_store.h"
#include "runtime/async/loop_pool.h"
#include "runtime/http/curl_http_client.h"
#include "runtime/telemetry/drift_counter.h"
#include "runtime/telemetry/log.h"
#include "services/assignment_service.h"
#include "services/bridge.h"
#include "services/catalog_service.h"
#include "services/connection_service.h"
#include "services/drain.h"
#include "services/enrollment_service.h"
#include "services/grpc_events.h"
#include "services/license_service.h"
#include "services/native_service.h"
#include "services/transcript_service.h"
#include "services/webhooks.h"

namespace edugate::app {
namespace {

constexpr absl::Duration kWebhookTimeout = absl::Seconds(5);
// The most that the configuration may allow one of them.
constexpr size_t kMaxWebhookBytes = size_t{1} << 20;

absl::Duration DurationOr(const google::protobuf::Duration& configured, absl::Duration otherwise) {
  const absl::Duration value = ToDuration(configured);
  return value > absl::ZeroDuration() ? value : otherwise;
}

http::CurlOptions HttpOptions(const v1::Config& config) {
  http::CurlOptions options;
  for (const v1::ConnectionConfig& connection : config.connections()) {
    const bool loopback = IsLoopbackUrl(connection.base_url()) ||
                          IsLoopbackUrl(connection.auth().oauth2_client().token_url());
    options.allow_loopback = options.allow_loopback || loopback;
  }
  return options;
}

size_t LoopCount(const v1::Config& config) {
  if (config.runtime().loops() > 0) return config.runtime().loops();
  // gRPC polls with as many threads again (docs/decisions/half-as-many-loops-as-processors.md).
  return std::max(1u, std::thread::hardware_concurrency() / 2);
}

// The answer to a webhook, which a thread of the admin port waits for. It is given in any case: a
// task that is dropped at the end answers that the store is unavailable, and the sender tries
// again.
class PromisedAnswer {
 public:
  explicit PromisedAnswer(std::promise<int> promise) : promise_(std::move(promise)) {}
  PromisedAnswer(PromisedAnswer&& other) noexcept
      : promise_(std::move(other.promise_)), given_(std::exchange(other.given_, true)) {}
  PromisedAnswer& operator=(PromisedAnswer&&) = delete;
  ~PromisedAnswer() { Give(services::WebhookAnswer::kUnavailable); }

  void Give(services::WebhookAnswer answer) {
    if (std::exchange(given_, true)) return;
    promise_.set_value(static_cast<int>(answer));
  }

 private:
  std::promise<int> promise_;
  bool given_ = false;
};

class GrpcServer final : public Server {
 public:
  explicit GrpcServer(const v1::Config& config)
      : config_(config),
        loops_(LoopCount(config)),
        http_(loops_, HttpOptions(config)),
        bridge_(
            {.loops = &loops_,
             .observer = &metrics_,
             .default_deadline = DurationOr(config.server().default_deadline(), absl::Seconds(30)),
             .max_deadline = DurationOr(config.server().max_deadline(), absl::Seconds(120))}) {}

  ~GrpcServer() override { Shutdown(); }

  absl::Status Start() {
    auto state = StateStore::Open(config_.state(), loops_);
    if (!state.ok()) return state.status();
    state_ = *std::move(state);
    auto generation = Generation::Build(config_, Parts(), nullptr);
    if (!generation.ok()) return generation.status();
    current_.Set(*generation);
    const services::PartsOfCall parts(current_);
    services_.push_back(services::MakeAssignmentService(parts, bridge_));
    services_.push_back(services::MakeCatalogService(parts, bridge_));
    services_.push_back(services::MakeConnectionService(parts, bridge_));
    services_.push_back(services::MakeEnrollmentService(parts, bridge_));
    services_.push_back(services::MakeLicenseService(parts, bridge_));
    services_.push_back(services::MakeTranscriptService(parts, bridge_));
    for (auto& native :
         services::MakeNativeServices((*generation)->connections().registry(), parts, bridge_)) {
      services_.push_back(std::move(native));
    }
    unknown_methods_ = services::MakeUnknownMethods(bridge_);
    absl::Status listening = Listen();
    if (!listening.ok()) return listening;
    return StartAdmin();
  }

  std::string address() const override { return address_; }
  std::string admin_address() const override { return admin_ == nullptr ? "" : admin_->address(); }

  absl::Status Reload(const absl::StatusOr<v1::Config>& loaded) override {
    const std::shared_ptr<const Generation> running = Current();
    absl::StatusOr<std::shared_ptr<const Generation>> next = loaded.status();
    std::vector<std::string> waiting;
    if (loaded.ok()) {
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
    current_.Set(*std::move(next));
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
    ready_ = false;
    if (server_ != nullptr) {
      const v1::ServerConfig config = Current()->config().server();
      if (auto* health = server_->GetHealthCheckService()) health->SetServingStatus(false);
      if (config.has_shutdown_delay()) absl::SleepFor(ToDuration(config.shutdown_delay()));
      drain_.Begin();
      const absl::Duration grace =
          config.has_shutdown_grace() ? ToDuration(config.shutdown_grace()) : absl::Seconds(25);
      server_->Shutdown(absl::ToChronoTime(absl::Now() + grace));
      server_->Wait();
    }
    if (state_ != nullptr) state_->StopTasks();
    // Before the loops: its threads wait for answers from them.
    admin_.reset();
    loops_.Shutdown();
  }

 private:
  GenerationParts Parts() {
    return {.connections = {.http = &http_, .clock = &async::SystemClock(), .drift = &drift_},
            .state = state_.get(),
            .drain = &drain_};
  }

  std::shared_ptr<const Generation> Current() const {
    return std::static_pointer_cast<const Generation>(current_.Get());
  }

  // From the admin port's threads.
  int ReceiveWebhook(services::WebhookRequest request) {
    std::promise<int> answered;
    std::future<int> answer = answered.get_future();
    async::EventLoop& loop = loops_.Next();
    loop.Spawn(Receive(loop, Current(), std::move(request), PromisedAnswer(std::move(answered))));
    return answer.get();
  }

  static async::Task<void> Receive(async::EventLoop& loop,
                                   std::shared_ptr<const Generation> generation,
                                   services::WebhookRequest request, PromisedAnswer answered) {
    async::CallContext call(loop, async::After(loop.Now(), kWebhookTimeout));
    call.StandOn(generation);
    services::WebhookAnswer answer =
        co_await generation->webhooks().Receive(call, std::move(request));
    answered.Give(answer);
  }

  absl::Status Listen() {
    const v1::ServerConfig& config = config_.server();
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    ConfigureFront(config, builder);
    int port = 0;
    builder.AddListeningPort(config.listen(), FrontCredentials(config), &port);
    for (const auto& service : services_) builder.RegisterService(service.get());
    builder.RegisterCallbackGenericService(unknown_methods_.get());
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port == 0) {
      return absl::UnavailableError(absl::StrCat("can't listen on ", config.listen()));
    }
    services::RunGrpcEventsOn(loops_);
    address_ = absl::StrCat(config.listen().substr(0, config.listen().rfind(':')), ":", port);
    ready_ = true;
    return absl::OkStatus();
  }

  absl::Status StartAdmin() {
    if (config_.server().admin_listen().empty()) return absl::OkStatus();
    auto admin = AdminServer::Start(
        config_.server().admin_listen(),
        {.ready = [this] { return ready_.load(); },
         .metrics =
             [this] { return absl::StrCat(metrics_.Text(), drift_.Text(), reloads_.Text()); },
         .webhook =
             [this](services::WebhookRequest request) {
               return ReceiveWebhook(std::move(request));
             },
         .max_webhook_bytes = kMaxWebhookBytes});
    if (!admin.ok()) return admin.status();
    admin_ = *std::move(admin);
    return absl::OkStatus();
  }

  const v1::Config config_;
  telemetry::DriftCounter drift_{async::SystemClock()};
  CallMetrics metrics_;
  ReloadMetrics reloads_;
  async::LoopPool loops_;
  http::CurlHttpClient http_;
  std::unique_ptr<StateStore> state_;
  services::Drain drain_;
  services::CurrentFooting current_;
  services::Bridge bridge_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::CallbackGenericService> unknown_methods_;
  std::unique_ptr<grpc::Server> server_;
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
