#include "services/routing.h"

#include "absl/strings/str_join.h"
#include "services/caller_rights.h"
#include "services/capabilities.h"

namespace edugate::services {

absl::Status CheckMayUse(const async::CallContext& call, absl::string_view connection) {
  if (MayUse(call, connection)) return absl::OkStatus();
  return errors::CallerDenied("the caller's grants don't cover the method on this connection",
                              call.method(), connection);
}

absl::StatusOr<Route> Resolve(async::CallContext& call,
                              const adapters::ConnectionRegistry& registry, absl::string_view field,
                              adapters::Resource resource, absl::string_view text) {
  auto name = adapters::ParseName(field, resource, text);
  if (!name.ok()) return name.status();
  absl::Status allowed = CheckMayUse(call, name->connection);
  if (!allowed.ok()) return allowed;
  auto connection = registry.Find(name->connection);
  if (!connection.ok()) return connection.status();
  call.set_connection(name->connection);
  return Route{*std::move(name), *connection};
}

absl::Status NotSupported(const async::CallContext& call, const adapters::Connection& connection) {
  return errors::OperationNotSupported(
      call.method(), {.connection = connection.id, .provider = connection.provider},
      absl::StrJoin(SupportedMethods(connection.ports), ", "));
}

}  // namespace edugate::services
