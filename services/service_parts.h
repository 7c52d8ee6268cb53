// What the services are made of.
#ifndef SERVICES_SERVICE_PARTS_H_
#define SERVICES_SERVICE_PARTS_H_

#include "adapters/connection.h"
#include "services/page_token.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace edugate::services {

class Bridge;

// Shared by all services. The pointers outlive them.
struct ServiceParts {
  const adapters::ConnectionRegistry* connections = nullptr;
  const PageTokenSealer* page_tokens = nullptr;
};

}  // namespace edugate::services

#endif  // SERVICES_SERVICE_PARTS_H_
