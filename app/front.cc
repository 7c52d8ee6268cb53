#include "app/front.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "absl/time/time.h"
#include "app/duration.h"

namespace edugate::app {
namespace {

constexpr int kHandshakeTimeoutMs = 5 * 1000;
// What a caller may send ahead of its handler. Left to itself, gRPC lets it grow to 16 MiB a
// stream.
constexpr int kStreamWindowBytes = 1 << 20;
constexpr unsigned kCertificateLookSeconds = 2;

template <typename Number>
void Take(Number configured, Number& value) {
  if (configured > 0) value = configured;
}

void Take(const google::protobuf::Duration& configured, absl::Duration& value) {
  const absl::Duration span = ToDuration(configured);
  if (span > absl::ZeroDuration()) value = span;
}

int Milliseconds(absl::Duration span) { return static_cast<int>(absl::ToInt64Milliseconds(span)); }

}  // namespace

FrontLimits ToFrontLimits(const v1::ServerConfig& config) {
  FrontLimits limits;
  Take(config.max_request_bytes(), limits.max_request_bytes);
  Take(config.max_reply_bytes(), limits.max_reply_bytes);
  Take(config.max_metadata_bytes(), limits.max_metadata_bytes);
  Take(config.max_streams_per_connection(), limits.max_streams_per_connection);
  Take(config.max_connections(), limits.max_connections);
  Take<int64_t>(config.max_buffer_bytes(), limits.max_buffer_bytes);
  Take(config.max_connection_age(), limits.max_connection_age);
  Take(config.max_connection_age_grace(), limits.max_connection_age_grace);
  Take(config.keepalive_time(), limits.keepalive_time);
  Take(config.keepalive_timeout(), limits.keepalive_timeout);
  return limits;
}

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
  const FrontLimits limits = ToFrontLimits(config);
  // Two servers on one port would share its connections by chance.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, limits.max_metadata_bytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.max_streams_per_connection);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kStreamWindowBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                             Milliseconds(limits.max_connection_age));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                             Milliseconds(limits.max_connection_age_grace));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(limits.keepalive_time));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(limits.keepalive_timeout));
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeTimeoutMs);
  // A compressed request is inflated whole before its size is looked at: a megabyte of it can be a
  // gigabyte.
  for (const auto algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    builder.SetCompressionAlgorithmSupportStatus(algorithm, false);
  }
  grpc::ResourceQuota buffers("edugate");
  buffers.Resize(static_cast<size_t>(limits.max_buffer_bytes));
  builder.SetResourceQuota(buffers);
  builder.SetMaxReceiveMessageSize(limits.max_request_bytes);
  builder.SetMaxSendMessageSize(limits.max_reply_bytes);
}

}  // namespace edugate::app
