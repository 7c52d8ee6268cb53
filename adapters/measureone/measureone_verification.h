// The enrollment status of API v3, looked at once or until it is there.
#ifndef ADAPTERS_MEASUREONE_MEASUREONE_VERIFICATION_H_
#define ADAPTERS_MEASUREONE_MEASUREONE_VERIFICATION_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/ports.h"
#include "edugate/provider/measureone/v3/measureone.pb.h"
#include "edugate/v1/enrollment_service.pb.h"
#include "edugate/v1/verification.pb.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "runtime/rest/client.h"

namespace edugate::adapters {

class EnrollmentVerifier {
 public:
  // The first pause between two looks, and the longest one.
  struct Pauses {
    absl::Duration first;
    absl::Duration longest;
  };

  // `client` and `operation`, GetEnrollmentStatus, outlive it.
  EnrollmentVerifier(rest::Client& client, const rest::Operation& operation, Pauses pauses);

  async::Task<absl::StatusOr<v1::EnrollmentVerification>> Verify(
      async::CallContext& call, const Routed<v1::VerifyEnrollmentRequest>& routed);

 private:
  // One look at a report, now. An answer that says nothing is none.
  async::Task<absl::Status> Look(
      async::CallContext& call, const provider::measureone::v3::GetEnrollmentStatusRequest& request,
      provider::measureone::v3::EnrollmentStatusReport& report);

  // Looks until the report is COMPLETED or the call's time is nearly up; `last` is what was seen.
  async::Task<absl::Status> AwaitCompletion(
      async::CallContext& call, const provider::measureone::v3::GetEnrollmentStatusRequest& request,
      provider::measureone::v3::EnrollmentStatusReport& last);

  rest::Client& client_;
  const rest::Operation& operation_;
  const Pauses pauses_;
};

}  // namespace edugate::adapters

#endif  // ADAPTERS_MEASUREONE_MEASUREONE_VERIFICATION_H_
