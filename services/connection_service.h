// edugate.v1.ConnectionService: what is configured, what it can do, and whether it works.
#ifndef SERVICES_CONNECTION_SERVICE_H_
#define SERVICES_CONNECTION_SERVICE_H_

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "edugate/v1/connection_service.pb.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "services/parts_of_call.h"

namespace edugate::services {

// The outcome of each connection's last check. Used from every loop at once.
class CheckBook {
 public:
  void Note(const std::string& connection, const v1::ConnectionCheck& check);
  std::optional<v1::ConnectionCheck> Last(const std::string& connection) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, v1::ConnectionCheck> checks_;
};

// The service's methods, without gRPC.
class ConnectionHandlers {
 public:
  explicit ConnectionHandlers(PartsOfCall parts) : parts_(std::move(parts)) {}

  async::Task<absl::StatusOr<v1::ListConnectionsResponse>> ListConnections(
      async::CallContext& call, const v1::ListConnectionsRequest& request);
  async::Task<absl::StatusOr<v1::Connection>> GetConnection(
      async::CallContext& call, const v1::GetConnectionRequest& request);
  // Makes the connection's cheapest call. That it fails is the answer, not an error.
  async::Task<absl::StatusOr<v1::CheckConnectionResponse>> CheckConnection(
      async::CallContext& call, const v1::CheckConnectionRequest& request);
  async::Task<absl::StatusOr<v1::ListDriftResponse>> ListDrift(async::CallContext& call,
                                                               const v1::ListDriftRequest& request);

 private:
  v1::Connection ToConnection(const adapters::Connection& connection) const;

  const PartsOfCall parts_;
  CheckBook checks_;
};

// The service for a gRPC server. `bridge` outlives it.
std::unique_ptr<grpc::Service> MakeConnectionService(PartsOfCall parts, Bridge& bridge);

}  // namespace edugate::services

#endif  // SERVICES_CONNECTION_SERVICE_H_
