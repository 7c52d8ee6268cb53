#include "app/explain.h"

#include <utility>

#include "app/connection_values.h"
#include "app/method_values.h"
#include "app/provider_table.h"
#include "app/resilience_options.h"
#include "app/server_values.h"

namespace edugate::app {
namespace {

MethodExplained Method(const v1::ConnectionConfig& connection, const rest::Operation& operation,
                       const resilience::SafeguardOptions& options) {
  const bool reads = operation.effect() == rest::v1::EFFECT_READ;
  MethodExplained method{.method = operation.method_name()};
  method.effect = reads ? "read" : operation.repeatable() ? "idempotent_write" : "write";
  method.values = MethodValues(connection, operation, options);
  return method;
}

}  // namespace

Explained Explain(const v1::Config& config) {
  Explained explained{.server = ServerValues(config.server())};
  for (const v1::ConnectionConfig& connection : config.connections()) {
    const resilience::SafeguardOptions options = ToSafeguardOptions(connection);
    ConnectionExplained each{.id = connection.id(), .provider = connection.provider()};
    each.values = ConnectionValues(config, connection, options);
    for (const rest::Api* api : FindProvider(connection.provider())->apis()) {
      for (const rest::Operation& operation : api->operations()) {
        each.methods.push_back(Method(connection, operation, options));
      }
    }
    explained.connections.push_back(std::move(each));
  }
  return explained;
}

}  // namespace edugate::app
