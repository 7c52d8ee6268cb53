// edX Enterprise: catalogs, subscription plans and licenses, assignments, and learners'
// enrollments.
#ifndef ADAPTERS_EDX_ENTERPRISE_EDX_ADAPTER_H_
#define ADAPTERS_EDX_ENTERPRISE_EDX_ADAPTER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "adapters/connection.h"
#include "adapters/numbered_page.h"
#include "adapters/ports.h"
#include "runtime/rest/client.h"

namespace edugate::adapters {

// The options of a connection to edX Enterprise.
struct EdxOptions {
  // The customer. Enrollments and bulk enrollment fail without it as CONNECTION_MISCONFIGURED.
  std::string enterprise_customer_uuid;
  // Asks for XML where edX renders it: the catalogs and what is in them. The reply's Content-Type
  // decides how it is read.
  bool xml = false;
  // The most pairs of learner and course run in one BulkEnroll.
  int32_t bulk_enrollment_limit = 1000;
  // Records a page to ask for. edX gives at most 100 of a catalog and 1000 enrollments.
  int32_t page_size = 100;
};

class EdxAdapter final : public Adapter {
 public:
  // `client` outlives the adapter.
  EdxAdapter(rest::Client& client, EdxOptions options);

  // The declared API and its error dialect, of which clients are made.
  static const rest::Api& Declaration();
  static const rest::ErrorClassifier& Errors();

  Ports ports() override;

 private:
  template <typename Result>
  using Reply = async::Task<absl::StatusOr<Result>>;
  using NextCursor = Reply<std::string>;
  template <typename Record>
  using Records = google::protobuf::RepeatedPtrField<Record>;

  Reply<ProbeResult> CheckConnection(async::CallContext& call, const Probe&);

  NextCursor ListCatalogs(async::CallContext& call, const PageQuery& query,
                          Records<v1::Catalog>& into);
  NextCursor ListCatalogItems(async::CallContext& call, const PageQuery& query,
                              Records<v1::CatalogItem>& into);
  Reply<v1::Course> GetCourse(async::CallContext& call, const GetQuery& query);
  Reply<v1::CourseRun> GetCourseRun(async::CallContext& call, const GetQuery& query);
  Reply<v1::Program> GetProgram(async::CallContext& call, const GetQuery& query);

  NextCursor ListEnrollments(async::CallContext& call, const EnrollmentQuery& query,
                             Records<v1::Enrollment>& into);
  Reply<v1::BulkEnrollResponse> BulkEnroll(async::CallContext& call,
                                           const Routed<v1::BulkEnrollRequest>& enroll);

  NextCursor ListSubscriptionPlans(async::CallContext& call, const PageQuery& query,
                                   Records<v1::SubscriptionPlan>& into);
  Reply<v1::AssignLicensesResponse> AssignLicenses(async::CallContext& call,
                                                   const Routed<v1::AssignLicensesRequest>& assign);
  Reply<v1::RevokeLicensesResponse> RevokeLicenses(async::CallContext& call,
                                                   const Routed<v1::RevokeLicensesRequest>& revoke);

  Reply<v1::AllocateAssignmentsResponse> AllocateAssignments(
      async::CallContext& call, const Routed<v1::AllocateAssignmentsRequest>& allocate);
  Reply<v1::RemindAssignmentsResponse> RemindAssignments(
      async::CallContext& call, const Routed<v1::RemindAssignmentsRequest>& remind);
  Reply<v1::CancelAssignmentsResponse> CancelAssignments(
      async::CallContext& call, const Routed<v1::CancelAssignmentsRequest>& cancel);

  // Reads one page into `page` and says where the next one begins; empty at the end. A page past
  // the end is an empty last one.
  template <typename Page>
  NextCursor ReadPage(async::CallContext& call, const rest::Operation& operation,
                      const google::protobuf::Message& request, NumberedPage asked, Page& page);

  // The cursor of the page that `next` points to. PAGINATION_LOOP where that does not lead on.
  absl::StatusOr<std::string> CursorOf(const rest::Operation& operation, const std::string& next,
                                       const NumberedPage& asked) const;

  // What an operation is called with beside its request.
  rest::CallOptions OptionsFor(const rest::Operation& operation) const;

  int32_t PageSize(int32_t most) const;
  absl::Status CheckCustomer(const rest::Operation& operation) const;

  rest::Client& api_;
  const EdxOptions options_;
  const rest::Operation& list_catalogs_;
  const rest::Operation& list_content_;
  const rest::Operation& get_course_;
  const rest::Operation& get_course_run_;
  const rest::Operation& get_program_;
  const rest::Operation& list_enrollments_;
  const rest::Operation& bulk_enroll_;
  const rest::Operation& list_subscriptions_;
  const rest::Operation& assign_licenses_;
  const rest::Operation& revoke_licenses_;
  const rest::Operation& allocate_;
  const rest::Operation& remind_;
  const rest::Operation& cancel_;
};

}  // namespace edugate::adapters

#endif  // ADAPTERS_EDX_ENTERPRISE_EDX_ADAPTER_H_
