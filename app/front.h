// The gRPC port's own settings: its certificate and what it allows a caller.
#ifndef APP_FRONT_H_
#define APP_FRONT_H_

#include <memory>

#include "edugate/v1/config.pb.h"

namespace grpc {
class ServerBuilder;
class ServerCredentials;
}  // namespace grpc

namespace edugate::app {

// TLS whose files are looked at again now and then, so that a renewed certificate needs no restart;
// or none.
std::shared_ptr<grpc::ServerCredentials> FrontCredentials(const v1::ServerConfig& config);

// Sets the port's limits and keepalive.
void ConfigureFront(const v1::ServerConfig& config, grpc::ServerBuilder& builder);

}  // namespace edugate::app

#endif  // APP_FRONT_H_
