#include "services/assignment_service.h"

#include "edugate/v1/assignment_service.grpc.pb.h"
#include "services/bridge.h"
#include "services/gated_service.h"
#include "services/port_calls.h"

namespace edugate::services {
namespace {

using adapters::Ports;
using adapters::Resource;

class AssignmentService final : public GatedService<v1::AssignmentService::CallbackService> {
 public:
  AssignmentService(PartsOfCall parts, Bridge& bridge)
      : handlers_(std::move(parts)), bridge_(bridge) {
    Gate(bridge.options(), 0, &AssignmentService::AllocateAssignments);
    Gate(bridge.options(), 1, &AssignmentService::RemindAssignments);
    Gate(bridge.options(), 2, &AssignmentService::CancelAssignments);
  }

  grpc::ServerUnaryReactor* AllocateAssignments(
      grpc::CallbackServerContext* context, const v1::AllocateAssignmentsRequest* request,
      v1::AllocateAssignmentsResponse* response) override {
    return bridge_.Unary(context, "AssignmentService.AllocateAssignments", request, response,
                         handlers_, &AssignmentHandlers::AllocateAssignments);
  }
  grpc::ServerUnaryReactor* RemindAssignments(grpc::CallbackServerContext* context,
                                              const v1::RemindAssignmentsRequest* request,
                                              v1::RemindAssignmentsResponse* response) override {
    return bridge_.Unary(context, "AssignmentService.RemindAssignments", request, response,
                         handlers_, &AssignmentHandlers::RemindAssignments);
  }
  grpc::ServerUnaryReactor* CancelAssignments(grpc::CallbackServerContext* context,
                                              const v1::CancelAssignmentsRequest* request,
                                              v1::CancelAssignmentsResponse* response) override {
    return bridge_.Unary(context, "AssignmentService.CancelAssignments", request, response,
                         handlers_, &AssignmentHandlers::CancelAssignments);
  }

 private:
  AssignmentHandlers handlers_;
  Bridge& bridge_;
};

}  // namespace

async::Task<absl::StatusOr<v1::AllocateAssignmentsResponse>>
AssignmentHandlers::AllocateAssignments(async::CallContext& call,
                                        const v1::AllocateAssignmentsRequest& request) {
  return WriteThroughPort(call, parts_(call), {"parent", Resource::kPolicy, request.parent()},
                          &Ports::allocate_assignments, request);
}

async::Task<absl::StatusOr<v1::RemindAssignmentsResponse>> AssignmentHandlers::RemindAssignments(
    async::CallContext& call, const v1::RemindAssignmentsRequest& request) {
  return WriteThroughPort(call, parts_(call),
                          {"parent", Resource::kAssignmentConfiguration, request.parent()},
                          &Ports::remind_assignments, request);
}

async::Task<absl::StatusOr<v1::CancelAssignmentsResponse>> AssignmentHandlers::CancelAssignments(
    async::CallContext& call, const v1::CancelAssignmentsRequest& request) {
  return WriteThroughPort(call, parts_(call),
                          {"parent", Resource::kAssignmentConfiguration, request.parent()},
                          &Ports::cancel_assignments, request);
}

std::unique_ptr<grpc::Service> MakeAssignmentService(PartsOfCall parts, Bridge& bridge) {
  return std::make_unique<AssignmentService>(std::move(parts), bridge);
}

}  // namespace edugate::services
