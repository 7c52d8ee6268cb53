// The gRPC port's own settings: its certificate and what it allows a caller.
#ifndef APP_FRONT_H_
#define APP_FRONT_H_

#include <cstdint>
#include <memory>

#include "absl/time/time.h"
#include "edugate/v1/config.pb.h"

namespace grpc {
class ServerBuilder;
class ServerCredentials;
}  // namespace grpc

namespace edugate::app {

// What the port allows a caller, and how long it waits for one.
struct FrontLimits {
  int max_request_bytes = 1 << 20;
  int max_reply_bytes = 16 << 20;
  int max_metadata_bytes = 8 << 10;
  int max_streams_per_connection = 100;
  int max_connections = 20000;
  int64_t max_buffer_bytes = int64_t{256} << 20;
  absl::Duration max_connection_age = absl::Minutes(10);
  // As long as the longest stream: what is left after it is a watch, which goes on from its token.
  absl::Duration max_connection_age_grace = absl::Hours(1);
  absl::Duration keepalive_time = absl::Seconds(60);
  absl::Duration keepalive_timeout = absl::Seconds(20);
};

// What the configuration says, and the defaults for the rest.
FrontLimits ToFrontLimits(const v1::ServerConfig& config);

// TLS whose files are looked at again now and then, so that a renewed certificate needs no restart;
// or none.
std::shared_ptr<grpc::ServerCredentials> FrontCredentials(const v1::ServerConfig& config);

// Sets the port's limits and keepalive.
void ConfigureFront(const v1::ServerConfig& config, grpc::ServerBuilder& builder);

}  // namespace edugate::app

#endif  // APP_FRONT_H_
