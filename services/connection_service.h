// edugate.v1.ConnectionService: what is configured, what it can do, and whether it works.
#ifndef SERVICES_CONNECTION_SERVICE_H_
#define SERVICES_CONNECTION_SERVICE_H_

#include <memory>
#include <utility>

#include "edugate/v1/connection_service.pb.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "services/check_book.h"
#include "services/parts_of_call.h"

namespace edugate::services {

// The service's methods, without gRPC.
class ConnectionHandlers {
 public:
  // `checks`, where the outcome of checks is noted, outlives the object; null: a book of its own.
  explicit ConnectionHandlers(PartsOfCall parts, CheckBook* checks = nullptr)
      : parts_(std::move(parts)), checks_(checks != nullptr ? *checks : own_checks_) {}

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
  CheckBook own_checks_;
  CheckBook& checks_;
};

// The service for a gRPC server. `bridge` and `checks`, which may be null, outlive it.
std::unique_ptr<grpc::Service> MakeConnectionService(PartsOfCall parts, Bridge& bridge,
                                                     CheckBook* checks = nullptr);

}  // namespace edugate::services

#endif  // SERVICES_CONNECTION_SERVICE_H_
