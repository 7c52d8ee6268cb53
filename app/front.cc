#include "app/front.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <string>
#include <utility>
#include <vector>

#include "runtime/telemetry/log.h"

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

int PositiveOr(int configured, int otherwise) { return configured > 0 ? configured : otherwise; }

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

}  // namespace

std::shared_ptr<grpc::ServerCredentials> FrontCredentials(const v1::ServerConfig& config) {
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

void ConfigureFront(const v1::ServerConfig& config, grpc::ServerBuilder& builder) {
  // Does nothing where the linker has kept the library's own initialization.
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  const bool reflection = !config.has_reflection() || config.reflection();
  if (!reflection) builder.SetOption(std::make_unique<NoReflection>());
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
  builder.SetMaxReceiveMessageSize(PositiveOr(config.max_request_bytes(), kDefaultMaxRequestBytes));
  builder.SetMaxSendMessageSize(PositiveOr(config.max_reply_bytes(), kDefaultMaxReplyBytes));
}

}  // namespace edugate::app
