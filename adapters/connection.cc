#include "adapters/connection.h"

#include "runtime/errors/errors.h"

namespace edugate::adapters {

ConnectionRegistry::ConnectionRegistry(std::vector<Connection> connections)
    : connections_(std::move(connections)) {
  for (const Connection& connection : connections_) by_id_.emplace(connection.id, &connection);
}

absl::StatusOr<const Connection*> ConnectionRegistry::Find(absl::string_view id) const {
  const auto found = by_id_.find(std::string(id));
  if (found == by_id_.end()) return errors::ConnectionUnknown(id);
  return found->second;
}

}  // namespace edugate::adapters
