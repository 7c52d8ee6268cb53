// The services of the gRPC port: edugate's own, the providers', and reflection.
#ifndef APP_PUBLISHED_SERVICES_H_
#define APP_PUBLISHED_SERVICES_H_

#include <memory>
#include <vector>

#include "edugate/v1/config.pb.h"
#include "services/check_book.h"
#include "services/parts_of_call.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace edugate::services {
class Bridge;
class Drain;
}  // namespace edugate::services

namespace edugate::app {

// Those that `config` has a process publish until its end, whatever is configured later. `bridge`,
// `checks`, `drain` and what `parts` stands on outlive them.
std::vector<std::unique_ptr<grpc::Service>> MakePublishedServices(
    const v1::Config& config, const services::PartsOfCall& parts, services::Bridge& bridge,
    services::CheckBook& checks, services::Drain& drain);

}  // namespace edugate::app

#endif  // APP_PUBLISHED_SERVICES_H_
