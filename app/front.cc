#include "app/front.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "absl/time/time.h"
#include "app/duration.h"

namespace edugate::app {
namespace {

// What the front allows a caller (the defaults of the configuration's reference).
constexpr int kDefaultMaxMetadataBytes = 8 << 10;
constexpr int kDefaultMaxRequestBytes = 1 << 20;
constexpr int kDefaultMaxReplyBytes = 16 << 20;
constexpr int kDefaultMaxStreams = 100;
constexpr int64_t kDefaultMaxBufferBytes = int64_t{256} << 20;
constexpr absl::Duration kDefaultConnectionAge = absl::Minutes(10);
// As long as the longest stream: what is left after it is a watch, which goes on from its token.
constexpr absl::Duration kDefaultConnectionAgeGrace = absl::Hours(1);
constexpr absl::Duration kDefaultKeepalive = absl::Seconds(60);
constexpr absl::Duration kDefaultKeepaliveTimeout = absl::Seconds(20);
constexpr int kHandshakeTimeoutMs = 5 * 1000;
// What a caller may send ahead of its handler. Left to itself, gRPC lets it grow to 16 MiB a
// stream.
constexpr int kStreamWindowBytes = 1 << 20;
constexpr unsigned kCertificateLookSeconds = 2;

int PositiveOr(int configured, int otherwise) { return configured > 0 ? configured : otherwise; }

int Milliseconds(const google::protobuf::Duration& configured, absl::Duration otherwise) {
  const absl::Duration value = ToDuration(configured);
  return static_cast<int>(
      absl::ToInt64Milliseconds(value > absl::ZeroDuration() ? value : otherwise));
}

}  // namespace

std::shared_ptr<grpc::ServerCredentials> FrontCredentials(const v1::ServerConfig& config) {
  if (!config.has_tls()) {
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
  // Two servers on one port would share its connections by chance.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE,
                             PositiveOr(config.max_metadata_bytes(), kDefaultMaxMetadataBytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             PositiveOr(config.max_streams_per_connection(), kDefaultMaxStreams));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kStreamWindowBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                             Milliseconds(config.max_connection_age(), kDefaultConnectionAge));
  builder.AddChannelArgument(
      GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
      Milliseconds(config.max_connection_age_grace(), kDefaultConnectionAgeGrace));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS,
                             Milliseconds(config.keepalive_time(), kDefaultKeepalive));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                             Milliseconds(config.keepalive_timeout(), kDefaultKeepaliveTimeout));
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeTimeoutMs);
  // A compressed request is inflated whole before its size is looked at: a megabyte of it can be a
  // gigabyte.
  for (const auto algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    builder.SetCompressionAlgorithmSupportStatus(algorithm, false);
  }
  grpc::ResourceQuota buffers("edugate");
  buffers.Resize(static_cast<size_t>(config.max_buffer_bytes() > 0 ? config.max_buffer_bytes()
                                                                   : kDefaultMaxBufferBytes));
  builder.SetResourceQuota(buffers);
  builder.SetMaxReceiveMessageSize(PositiveOr(config.max_request_bytes(), kDefaultMaxRequestBytes));
  builder.SetMaxSendMessageSize(PositiveOr(config.max_reply_bytes(), kDefaultMaxReplyBytes));
}

}  // namespace edugate::app
