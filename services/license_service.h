// edugate.v1.LicenseService: validates, routes to a connection, replies.
#ifndef SERVICES_LICENSE_SERVICE_H_
#define SERVICES_LICENSE_SERVICE_H_

#include <memory>
#include <utility>

#include "edugate/v1/license_service.pb.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "services/parts_of_call.h"

namespace edugate::services {

// The service's methods, without gRPC.
class LicenseHandlers {
 public:
  explicit LicenseHandlers(PartsOfCall parts) : parts_(std::move(parts)) {}

  async::Task<absl::Status> ListSubscriptionPlans(async::CallContext& call,
                                                  const v1::ListSubscriptionPlansRequest& request,
                                                  v1::ListSubscriptionPlansResponse& response);
  async::Task<absl::StatusOr<v1::AssignLicensesResponse>> AssignLicenses(
      async::CallContext& call, const v1::AssignLicensesRequest& request);
  async::Task<absl::StatusOr<v1::RevokeLicensesResponse>> RevokeLicenses(
      async::CallContext& call, const v1::RevokeLicensesRequest& request);

 private:
  const PartsOfCall parts_;
};

// The service for a gRPC server. `bridge` outlives it.
std::unique_ptr<grpc::Service> MakeLicenseService(PartsOfCall parts, Bridge& bridge);

}  // namespace edugate::services

#endif  // SERVICES_LICENSE_SERVICE_H_
