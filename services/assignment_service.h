// edugate.v1.AssignmentService: validates, routes to a connection, replies.
#ifndef SERVICES_ASSIGNMENT_SERVICE_H_
#define SERVICES_ASSIGNMENT_SERVICE_H_

#include <memory>
#include <utility>

#include "edugate/v1/assignment_service.pb.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "services/parts_of_call.h"

namespace edugate::services {

// The service's methods, without gRPC.
class AssignmentHandlers {
 public:
  explicit AssignmentHandlers(PartsOfCall parts) : parts_(std::move(parts)) {}

  async::Task<absl::StatusOr<v1::AllocateAssignmentsResponse>> AllocateAssignments(
      async::CallContext& call, const v1::AllocateAssignmentsRequest& request);
  async::Task<absl::StatusOr<v1::RemindAssignmentsResponse>> RemindAssignments(
      async::CallContext& call, const v1::RemindAssignmentsRequest& request);
  async::Task<absl::StatusOr<v1::CancelAssignmentsResponse>> CancelAssignments(
      async::CallContext& call, const v1::CancelAssignmentsRequest& request);

 private:
  const PartsOfCall parts_;
};

// The service for a gRPC server. `bridge` outlives it.
std::unique_ptr<grpc::Service> MakeAssignmentService(PartsOfCall parts, Bridge& bridge);

}  // namespace edugate::services

#endif  // SERVICES_ASSIGNMENT_SERVICE_H_
