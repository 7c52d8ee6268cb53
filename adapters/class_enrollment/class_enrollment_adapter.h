// The class-enrollment API (Skillable TMS), version 2.0.
#ifndef ADAPTERS_CLASS_ENROLLMENT_CLASS_ENROLLMENT_ADAPTER_H_
#define ADAPTERS_CLASS_ENROLLMENT_CLASS_ENROLLMENT_ADAPTER_H_

#include <string>

#include "adapters/connection.h"
#include "adapters/ports.h"
#include "runtime/rest/client.h"

namespace edugate::adapters {

class ClassEnrollmentAdapter final : public Adapter {
 public:
  // `client` outlives the adapter.
  explicit ClassEnrollmentAdapter(rest::Client& client);

  // The declared API and its error dialect, of which clients are made.
  static const rest::Api& Declaration();
  static const rest::ErrorClassifier& Errors();

  Ports ports() override;

 private:
  async::Task<absl::StatusOr<ProbeResult>> CheckConnection(async::CallContext& call, const Probe&);
  async::Task<absl::Status> GetEnrollment(async::CallContext& call, const GetQuery& query,
                                          v1::Enrollment& into);
  async::Task<absl::StatusOr<std::string>> ListEnrollments(
      async::CallContext& call, const EnrollmentQuery& query,
      google::protobuf::RepeatedPtrField<v1::Enrollment>& into);

  // The id of the user whom the query names otherwise; empty where the provider doesn't know the
  // person.
  async::Task<absl::StatusOr<std::string>> FindUser(async::CallContext& call,
                                                    const EnrollmentQuery& query);

  rest::Client& api_;
  const rest::Operation& get_;
  const rest::Operation& search_;
  const rest::Operation& user_by_email_;
  const rest::Operation& user_by_external_id_;
};

}  // namespace edugate::adapters

#endif  // ADAPTERS_CLASS_ENROLLMENT_CLASS_ENROLLMENT_ADAPTER_H_
