// OpenApply (Faria) API v3: reenrollments.
#ifndef ADAPTERS_OPENAPPLY_OPENAPPLY_ADAPTER_H_
#define ADAPTERS_OPENAPPLY_OPENAPPLY_ADAPTER_H_

#include <string>

#include "adapters/connection.h"
#include "adapters/numbered_page.h"
#include "adapters/ports.h"
#include "edugate/provider/openapply/v3/openapply.pb.h"
#include "runtime/rest/client.h"

namespace edugate::adapters {

class OpenApplyAdapter final : public Adapter {
 public:
  // `client` outlives the adapter.
  explicit OpenApplyAdapter(rest::Client& client);

  // The declared API and its error dialect, of which clients are made.
  static const rest::Api& Declaration();
  static const rest::ErrorClassifier& Errors();

  Ports ports() override;

 private:
  async::Task<absl::StatusOr<ProbeResult>> CheckConnection(async::CallContext& call, const Probe&);
  async::Task<absl::StatusOr<std::string>> ListEnrollments(
      async::CallContext& call, const EnrollmentQuery& query,
      google::protobuf::RepeatedPtrField<v1::Enrollment>& into);
  async::Task<absl::StatusOr<v1::Enrollment>> UpdateEnrollment(async::CallContext& call,
                                                               const EnrollmentUpdate& update);

  // Adds the page's records; the cursor of the page after it.
  absl::StatusOr<std::string> AddPage(
      const rest::Operation& operation, const EnrollmentQuery& query, const NumberedPage& asked,
      const provider::openapply::v3::ReenrollmentPage& page,
      google::protobuf::RepeatedPtrField<v1::Enrollment>& into) const;

  rest::Client& api_;
  const rest::Operation& list_;
  const rest::Operation& list_of_student_;
  const rest::Operation& update_;
};

}  // namespace edugate::adapters

#endif  // ADAPTERS_OPENAPPLY_OPENAPPLY_ADAPTER_H_
