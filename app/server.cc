#include "app/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "app/admin_server.h"
#include "app/auth_options.h"
#include "app/call_metrics.h"
#include "app/config_check.h"
#include "app/connections.h"
#include "app/duration.h"
#include "app/webhook_sources.h"
#include "runtime/async/loop_pool.h"
#include "runtime/http/curl_http_client.h"
#include "runtime/store/database.h"
#include "runtime/store/retention.h"
#include "runtime/store/sqlite_event_log.h"
#include "runtime/store/sqlite_request_log.h"
#include "runtime/telemetry/drift_counter.h"
#include "runtime/telemetry/log.h"
#include "services/assignment_service.h"
#include "services/bridge.h"
#include "services/catalog_service.h"
#include "services/connection_service.h"
#include "services/enrollment_service.h"
#include "services/license_service.h"
#include "services/native_service.h"
#include "services/page_token.h"
#include "services/transcript_service.h"
#include "services/webhooks.h"

namespace edugate::app {
namespace {

// What the front allows a caller (the defaults of the configuration's reference).
constexpr int kMaxMetadataBytes = 8 << 10;
constexpr int kDefaultMaxRequestBytes = 1 << 20;
constexpr int kDefaultMaxReplyBytes = 16 << 20;
constexpr int kDefaultMaxStreams = 100;
constexpr int kConnectionAgeMs = 10 * 60 * 1000;
// As long as the longest stream: what is left after it is a watch, which goes on from its token.
constexpr int kConnectionAgeGraceMs = 60 * 60 * 1000;
constexpr int kKeepaliveMs = 60 * 1000;
constexpr int kKeepaliveTimeoutMs = 20 * 1000;
constexpr int kHandshakeTimeoutMs = 5 * 1000;
// What a caller may send ahead of its handler. Left to itself, gRPC lets it grow to 16 MiB a
// stream.
constexpr int kStreamWindowBytes = 1 << 20;
constexpr unsigned kCertificateLookSeconds = 10;
constexpr absl::Duration kPurgeInterval = absl::Minutes(10);
constexpr absl::Duration kWebhookTimeout = absl::Seconds(5);

absl::Duration DurationOr(const google::protobuf::Duration& configured, absl::Duration otherwise) {
  const absl::Duration value = ToDuration(configured);
  return value > absl::ZeroDuration() ? value : otherwise;
}

int PositiveOr(int configured, int otherwise) { return configured > 0 ? configured : otherwise; }

// The keys that seal tokens: the configured one, or one of this process.
absl::StatusOr<std::vector<services::PageTokenKey>> TokenKeys(const v1::ServerConfig& config) {
  absl::StatusOr<services::PageTokenKey> key = absl::InternalError("no key");
  if (config.has_page_token_key()) {
    auto secret = ToSecretSource(config.page_token_key()).Read();
    if (!secret.ok()) return secret.status();
    key = services::PageTokenKey::FromSecret(secret->Reveal());
  } else {
    telemetry::Warn(
        "server.page_token_key is not configured: page tokens are sealed with a key of this "
        "process, and neither its "
        "replicas nor its successor can read them");
    key = services::PageTokenKey::Generate(services::SystemRandomBytes());
  }
  if (!key.ok()) return key.status();
  return std::vector<services::PageTokenKey>{*std::move(key)};
}

// TLS whose files are looked at again now and then, so that a renewed certificate needs no restart.
std::shared_ptr<grpc::ServerCredentials> MakeCredentials(const v1::ServerConfig& config) {
  if (!config.has_tls()) {
    if (!config.insecure()) {
      telemetry::Warn(
          "callers are served without TLS; server.tls configures it, server.insecure: true says "
          "that it is meant");
    }
    return grpc::InsecureServerCredentials();
  }
  const v1::ServerTls& tls = config.tls();
  auto provider = std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      tls.private_key_file(), tls.certificate_file(), tls.client_ca_file(),
      kCertificateLookSeconds);
  grpc::experimental::TlsServerCredentialsOptions options(provider);
  options.watch_identity_key_cert_pairs();
  if (!tls.client_ca_file().empty()) {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return grpc::experimental::TlsServerCredentials(options);
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

// Turns reflection off for one server. The library adds it to every server of a process that links
// it.
class NoReflection final : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    const std::string reflection = grpc::reflection::ProtoServerReflectionPlugin().name();
    std::erase_if(*plugins, [&](const auto& plugin) { return plugin->name() == reflection; });
  }
};

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

services::FanOut FanOutOf(const v1::ServerConfig& config) {
  const services::FanOut by_default;
  const int percent = config.connection_deadline_percent();
  return {.deadline_share = percent > 0 ? percent / 100.0 : by_default.deadline_share};
}

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
    auto connections = Connections::Build(
        config_, {.http = &http_, .clock = &async::SystemClock(), .drift = &drift_});
    if (!connections.ok()) return connections.status();
    connections_ = *std::move(connections);
    absl::Status sealing = MakeSealers();
    if (!sealing.ok()) return sealing;
    absl::Status stored = OpenStore();
    if (!stored.ok()) return stored;
    absl::Status watching = OpenWebhooks();
    if (!watching.ok()) return watching;
    const services::ServiceParts parts{.connections = &connections_->registry(),
                                       .page_tokens = &*sealer_,
                                       .fan_out = FanOutOf(config_.server()),
                                       .events = &*event_log_,
                                       .webhooks = webhooks_.get(),
                                       .resume_tokens = &*resume_sealer_,
                                       .request_log = &*request_log_,
                                       .drift = &drift_};
    services_.push_back(services::MakeAssignmentService(parts, bridge_));
    services_.push_back(services::MakeCatalogService(parts, bridge_));
    services_.push_back(services::MakeConnectionService(parts, bridge_));
    services_.push_back(services::MakeEnrollmentService(parts, bridge_));
    services_.push_back(services::MakeLicenseService(parts, bridge_));
    services_.push_back(services::MakeTranscriptService(parts, bridge_));
    for (auto& native : services::MakeNativeServices(parts, bridge_)) {
      services_.push_back(std::move(native));
    }
    unknown_methods_ = services::MakeUnknownMethods(bridge_);
    absl::Status listening = Listen();
    if (!listening.ok()) return listening;
    return StartAdmin();
  }

  std::string address() const override { return address_; }
  std::string admin_address() const override { return admin_ == nullptr ? "" : admin_->address(); }

  void Shutdown() override {
    const std::lock_guard<std::mutex> lock(shutdown_mutex_);
    if (down_) return;
    down_ = true;
    ready_ = false;
    if (server_ != nullptr) {
      if (auto* health = server_->GetHealthCheckService()) health->Shutdown();
      const absl::Duration grace = DurationOr(config_.server().shutdown_grace(), absl::Seconds(25));
      server_->Shutdown(absl::ToChronoTime(absl::Now() + grace));
      server_->Wait();
    }
    if (housekeeping_.has_value()) {
      loops_.loop(0).Post([this] { housekeeping_->Cancel(); });
    }
    // Before the loops: its threads wait for answers from them.
    admin_.reset();
    loops_.Shutdown();
  }

 private:
  // A page token lives for a day; one with which a watch goes on, as long as the events are kept.
  absl::Status MakeSealers() {
    auto keys = TokenKeys(config_.server());
    if (!keys.ok()) return keys.status();
    auto pages = services::PageTokenSealer::Create(
        *keys,
        DurationOr(config_.server().page_token_lifetime(), services::kDefaultPageTokenLifetime));
    if (!pages.ok()) return pages.status();
    sealer_.emplace(*std::move(pages));
    auto watches = services::PageTokenSealer::Create(*std::move(keys), EventRetention());
    if (!watches.ok()) return watches.status();
    resume_sealer_.emplace(*std::move(watches));
    return absl::OkStatus();
  }

  absl::Duration EventRetention() const {
    return DurationOr(config_.state().event_retention(), absl::Hours(7 * 24));
  }

  absl::Status OpenStore() {
    const v1::StateConfig& state = config_.state();
    if (state.sqlite().path().empty()) {
      telemetry::Warn(
          "state.sqlite is not configured: what a request_id did is remembered in memory only, and "
          "not after a restart");
    }
    store::DatabaseOptions options;
    options.path = state.sqlite().path();
    auto database = store::Database::Open(std::move(options));
    if (!database.ok()) return database.status();
    database_ = *std::move(database);
    request_log_.emplace(*database_, DurationOr(state.request_id_retention(), absl::Hours(24)));
    event_log_.emplace(*database_, EventRetention());
    housekeeping_.emplace(loops_.loop(0), async::kNever);
    loops_.loop(0).Spawn(Purge(*housekeeping_, *request_log_));
    loops_.loop(0).Spawn(Purge(*housekeeping_, *event_log_));
    return absl::OkStatus();
  }

  absl::Status OpenWebhooks() {
    auto sources = WebhookSourcesOf(config_, async::SystemClock());
    if (!sources.ok()) return sources.status();
    auto receiver = services::WebhookReceiver::Create(*std::move(sources), connections_->registry(),
                                                      *event_log_);
    if (!receiver.ok()) return receiver.status();
    webhooks_ = *std::move(receiver);
    return absl::OkStatus();
  }

  // From the admin port's threads.
  int ReceiveWebhook(services::WebhookRequest request) {
    std::promise<int> answered;
    std::future<int> answer = answered.get_future();
    async::EventLoop& loop = loops_.Next();
    loop.Spawn(Receive(loop, *webhooks_, std::move(request), PromisedAnswer(std::move(answered))));
    return answer.get();
  }

  static async::Task<void> Receive(async::EventLoop& loop, services::WebhookReceiver& receiver,
                                   services::WebhookRequest request, PromisedAnswer answered) {
    async::CallContext call(loop, async::After(loop.Now(), kWebhookTimeout));
    services::WebhookAnswer answer = co_await receiver.Receive(call, std::move(request));
    answered.Give(answer);
  }

  static async::Task<void> Purge(async::CallContext& call, store::Purgeable& log) {
    absl::Status ended = co_await store::KeepPurging(call, log, kPurgeInterval);
    if (!absl::IsCancelled(ended)) telemetry::Error("old request_ids are no longer deleted");
  }

  absl::Status Listen() {
    const v1::ServerConfig& config = config_.server();
    grpc::EnableDefaultHealthCheckService(true);
    // Does nothing where the linker has kept the library's own initialization.
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    const bool reflection = !config.has_reflection() || config.reflection();
    if (!reflection) builder.SetOption(std::make_unique<NoReflection>());
    int port = 0;
    // Two servers on one port would share its connections by chance.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                               PositiveOr(config.max_streams_per_connection(), kDefaultMaxStreams));
    builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kStreamWindowBytes);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, kConnectionAgeMs);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, kConnectionAgeGraceMs);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
    builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeTimeoutMs);
    builder.SetMaxReceiveMessageSize(
        PositiveOr(config.max_request_bytes(), kDefaultMaxRequestBytes));
    builder.SetMaxSendMessageSize(PositiveOr(config.max_reply_bytes(), kDefaultMaxReplyBytes));
    builder.AddListeningPort(config.listen(), MakeCredentials(config), &port);
    for (const auto& service : services_) builder.RegisterService(service.get());
    builder.RegisterCallbackGenericService(unknown_methods_.get());
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port == 0) {
      return absl::UnavailableError(absl::StrCat("can't listen on ", config.listen()));
    }
    address_ = absl::StrCat(config.listen().substr(0, config.listen().rfind(':')), ":", port);
    ready_ = true;
    return absl::OkStatus();
  }

  absl::Status StartAdmin() {
    if (config_.server().admin_listen().empty()) return absl::OkStatus();
    auto admin = AdminServer::Start(
        config_.server().admin_listen(),
        {.ready = [this] { return ready_.load(); },
         .metrics = [this] { return absl::StrCat(metrics_.Text(), drift_.Text()); },
         .webhook =
             [this](services::WebhookRequest request) {
               return ReceiveWebhook(std::move(request));
             },
         .max_webhook_bytes = webhooks_->max_body_bytes()});
    if (!admin.ok()) return admin.status();
    admin_ = *std::move(admin);
    return absl::OkStatus();
  }

  const v1::Config config_;
  telemetry::DriftCounter drift_{async::SystemClock()};
  CallMetrics metrics_;
  async::LoopPool loops_;
  http::CurlHttpClient http_;
  std::unique_ptr<store::Database> database_;
  std::optional<store::SqliteRequestLog> request_log_;
  std::optional<store::SqliteEventLog> event_log_;
  std::unique_ptr<services::WebhookReceiver> webhooks_;
  // The process's own work; cancelled at the end.
  std::optional<async::CallContext> housekeeping_;
  std::unique_ptr<Connections> connections_;
  std::optional<services::PageTokenSealer> sealer_;
  std::optional<services::PageTokenSealer> resume_sealer_;
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
