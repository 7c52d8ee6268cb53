// edugate.v1.EnrollmentService: validates, routes to a connection, replies.
#ifndef SERVICES_ENROLLMENT_SERVICE_H_
#define SERVICES_ENROLLMENT_SERVICE_H_

#include <memory>
#include <utility>

#include "adapters/connection.h"
#include "edugate/v1/enrollment_service.pb.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "services/page_token.h"
#include "services/parts_of_call.h"
#include "services/stream_writer.h"

namespace edugate::services {

// The service's methods, without gRPC.
class EnrollmentHandlers {
 public:
  explicit EnrollmentHandlers(PartsOfCall parts) : parts_(std::move(parts)) {}

  // Those with a `response` fill it; it is empty, and may lie on an arena.
  async::Task<absl::Status> GetEnrollment(async::CallContext& call,
                                          const v1::GetEnrollmentRequest& request,
                                          v1::Enrollment& response);
  async::Task<absl::Status> BatchGetEnrollments(async::CallContext& call,
                                                const v1::BatchGetEnrollmentsRequest& request,
                                                v1::BatchGetEnrollmentsResponse& response);
  async::Task<absl::Status> ListEnrollments(async::CallContext& call,
                                            const v1::ListEnrollmentsRequest& request,
                                            v1::ListEnrollmentsResponse& response);
  async::Task<absl::Status> StreamEnrollments(async::CallContext& call,
                                              const v1::StreamEnrollmentsRequest& request,
                                              StreamWriter<v1::Enrollment>& writer);
  async::Task<absl::StatusOr<v1::Enrollment>> UpdateEnrollment(
      async::CallContext& call, const v1::UpdateEnrollmentRequest& request);
  async::Task<absl::StatusOr<v1::BulkEnrollResponse>> BulkEnroll(
      async::CallContext& call, const v1::BulkEnrollRequest& request);
  async::Task<absl::StatusOr<v1::EnrollmentVerification>> VerifyEnrollment(
      async::CallContext& call, const v1::VerifyEnrollmentRequest& request);

 private:
  const PartsOfCall parts_;
};

// The service for a gRPC server. `bridge` outlives it.
std::unique_ptr<grpc::Service> MakeEnrollmentService(PartsOfCall parts, Bridge& bridge);

}  // namespace edugate::services

#endif  // SERVICES_ENROLLMENT_SERVICE_H_
