// What the services are made of.
#ifndef SERVICES_SERVICE_PARTS_H_
#define SERVICES_SERVICE_PARTS_H_

#include <memory>

#include "adapters/connection.h"
#include "runtime/store/request_log.h"
#include "services/fan_out.h"
#include "services/page_token.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace edugate::store {
class EventLog;
}  // namespace edugate::store

namespace edugate::telemetry {
class DriftCounter;
}  // namespace edugate::telemetry

namespace edugate::services {

class Bridge;
struct Callers;
class Drain;
class WebhookReceiver;

// Shared by all services. The pointers outlive them.
struct ServiceParts {
  const adapters::ConnectionRegistry* connections = nullptr;
  const PageTokenSealer* page_tokens = nullptr;
  FanOut fan_out;  // how `connections/-` is asked
  // Where watched events come from, and who takes them in. Null: no connection takes webhooks.
  store::EventLog* events = nullptr;
  const WebhookReceiver* webhooks = nullptr;
  // Seals the tokens with which a watch goes on. They live as long as events are kept, which page
  // tokens need not. Null: page_tokens does.
  const PageTokenSealer* resume_tokens = nullptr;
  Drain* drain = nullptr;                          // null: watches go on until they are cancelled
  Drain* superseded = nullptr;                     // begins when a watch's rights may be others
  store::RequestLog* request_log = nullptr;        // null: a request_id is not remembered
  const telemetry::DriftCounter* drift = nullptr;  // null: ListDrift has nothing to list
  std::shared_ptr<const Callers> callers;          // null: whoever comes may call everything
};

}  // namespace edugate::services

#endif  // SERVICES_SERVICE_PARTS_H_
