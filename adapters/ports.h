// What a provider can do, in the domain's terms. An adapter fills in the ports that its provider
// offers; an empty one is a method that the provider does not have. Capabilities are read off this
// structure, so that they can't disagree with it.
#ifndef ADAPTERS_PORTS_H_
#define ADAPTERS_PORTS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/filter.h"
#include "adapters/resource_name.h"
#include "edugate/v1/assignment_service.pb.h"
#include "edugate/v1/catalog_service.pb.h"
#include "edugate/v1/enrollment_service.pb.h"
#include "edugate/v1/license_service.pb.h"
#include "edugate/v1/transcript_service.pb.h"
#include "google/protobuf/repeated_field.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"

namespace edugate::adapters {

// A call to a provider. Arguments outlive the task. Errors are statuses of the catalogue
// (runtime/errors).
template <typename Argument, typename Result>
using Port =
    std::function<async::Task<absl::StatusOr<Result>>(async::CallContext&, const Argument&)>;

// The same for a record that is made where it will stay: the caller's message, which is empty and
// may lie on an arena. After a failure it says nothing.
template <typename Argument, typename Record>
using FillingPort =
    std::function<async::Task<absl::Status>(async::CallContext&, const Argument&, Record& into)>;

// What a list asks a provider for: one page of the provider's own, whatever size the provider makes
// it. Putting the caller's pages together from the provider's is the services' work.
struct PageQuery {
  // The list's parent, taken apart.
  NameParts parent;
  // Where to go on: what the port itself answered before. Empty: from the beginning.
  std::string cursor;
  // How many records the caller wants at most; 0 where as many as the provider gives are welcome.
  // An adapter asks its provider for as many where that suits the provider.
  int32_t size_hint = 0;
  v1::View view = v1::VIEW_BASIC;
  // The conditions, checked against the port's filter fields.
  Filter filter;
  // Where the port writes how many records the provider says there are in all, if it says so. Null
  // where nobody wants to know; else it outlives the task.
  std::optional<int64_t>* total_size = nullptr;
};

// Adds one page of the provider's to the caller's records, which may lie on an arena: they are made
// where they will stay. Answers with the adapter's own note of where the next page begins, empty
// after the last one. It is no secret and it is not trusted: the services seal it. After a failure,
// what has been added says nothing, and the caller takes it away.
template <typename Query, typename Record>
using PagePort = std::function<async::Task<absl::StatusOr<std::string>>(
    async::CallContext&, const Query&, google::protobuf::RepeatedPtrField<Record>& into)>;

// ListEnrollments and StreamEnrollments.
struct EnrollmentQuery : PageQuery {
  // Only this learner's, by the provider's own id, an e-mail address, or an id of the issuer that
  // the connection is configured with: at most one. All empty: everyone's.
  std::string learner;
  std::string learner_email;
  std::string learner_external_id;
};

// What callers may ask of a list beside paging.
struct ListTraits {
  std::vector<FilterField> filters;
  // The largest page that the provider gives; more is put together from several.
  int32_t max_provider_page_size = 0;
  // Whether `learner`, `learner_email` and `learner_external_id` narrow the list.
  bool by_learner = false;
  bool by_learner_email = false;
  bool by_learner_external_id = false;
  // What a caller should know of the provider's limits, as a sentence. May be empty.
  std::string notes = "";
};

// A record by its name.
struct GetQuery {
  NameParts name;
  v1::View view = v1::VIEW_BASIC;
};

// UpdateEnrollment, checked: only paths of Ports.update_enrollment_paths are in the mask.
struct EnrollmentUpdate {
  NameParts name;
  v1::Enrollment enrollment;
  std::vector<std::string> paths;
  // Only check: the provider is not called, and the answer is the enrollment as sent.
  bool validate_only = false;
  v1::View view = v1::VIEW_BASIC;
};

// Another call, with the name that it is addressed to taken apart.
template <typename Request>
struct Routed {
  NameParts name;
  Request request;
};

// ListSchools.
struct SchoolQuery : PageQuery {
  std::string country_code;  // ISO 3166-1 alpha-2
};

// The messages of an upload, in the order in which the caller sends them.
class UploadReader {
 public:
  virtual ~UploadReader() = default;

  // The next message; none after the last one. An error where the caller is gone or its time is up.
  virtual async::Task<absl::StatusOr<std::optional<v1::UploadTranscriptFilesRequest>>> Read(
      async::CallContext& call) = 0;
};

// What takes the bytes of a download.
class DownloadWriter {
 public:
  virtual ~DownloadWriter() = default;

  // What follows; once, before the first bytes. `size_bytes` where the provider says it.
  virtual async::Task<absl::Status> Begin(async::CallContext& call,
                                          std::optional<int64_t> size_bytes) = 0;

  // The next bytes, taken before it answers: a slow caller slows the provider down. An error ends
  // the download.
  virtual async::Task<absl::Status> Write(async::CallContext& call, std::string bytes) = 0;
};

// UploadTranscriptFiles and DownloadTranscriptFiles, whose bytes are never all in memory.
using UploadPort = std::function<async::Task<absl::StatusOr<v1::UploadTranscriptFilesResponse>>(
    async::CallContext&, UploadReader&)>;
using DownloadPort = std::function<async::Task<absl::Status>(async::CallContext&, const NameParts&,
                                                             DownloadWriter&)>;

// An event that a provider sent, and what tells it from any other: two deliveries of the same event
// have the same id.
struct WebhookEvent {
  std::string dedup_id;
  v1::TranscriptEvent event;
};

// Reads the body of a webhook. An error where it holds no event.
using WebhookPort = std::function<absl::StatusOr<WebhookEvent>(std::string body)>;

// CheckConnection: the cheapest call that shows that the connection works.
struct Probe {};
struct ProbeResult {
  // The provider's clock when it answered, to the second; nothing where it did not say.
  std::optional<absl::Time> provider_time;
};

// Everything that a connection offers.
struct Ports {
  Port<Probe, ProbeResult> probe;

  FillingPort<GetQuery, v1::Enrollment> get_enrollment;
  PagePort<EnrollmentQuery, v1::Enrollment> list_enrollments;
  ListTraits list_enrollments_traits;
  Port<EnrollmentUpdate, v1::Enrollment> update_enrollment;
  std::vector<std::string> update_enrollment_paths;  // the mask paths that the provider can change
  Port<Routed<v1::BulkEnrollRequest>, v1::BulkEnrollResponse> bulk_enroll;
  Port<Routed<v1::VerifyEnrollmentRequest>, v1::EnrollmentVerification> verify_enrollment;

  PagePort<PageQuery, v1::Catalog> list_catalogs;
  ListTraits list_catalogs_traits;
  PagePort<PageQuery, v1::CatalogItem> list_catalog_items;
  ListTraits list_catalog_items_traits;
  Port<GetQuery, v1::Course> get_course;
  Port<GetQuery, v1::CourseRun> get_course_run;
  Port<GetQuery, v1::Program> get_program;

  PagePort<PageQuery, v1::SubscriptionPlan> list_subscription_plans;
  ListTraits list_subscription_plans_traits;
  Port<Routed<v1::AssignLicensesRequest>, v1::AssignLicensesResponse> assign_licenses;
  Port<Routed<v1::RevokeLicensesRequest>, v1::RevokeLicensesResponse> revoke_licenses;

  Port<Routed<v1::AllocateAssignmentsRequest>, v1::AllocateAssignmentsResponse>
      allocate_assignments;
  Port<Routed<v1::RemindAssignmentsRequest>, v1::RemindAssignmentsResponse> remind_assignments;
  Port<Routed<v1::CancelAssignmentsRequest>, v1::CancelAssignmentsResponse> cancel_assignments;

  Port<Routed<v1::CreateTranscriptRequest>, v1::Transcript> create_transcript;
  Port<Routed<v1::GetTranscriptRequest>, v1::Transcript> get_transcript;
  Port<Routed<v1::ScoreTranscriptRequest>, v1::TranscriptScore> score_transcript;
  Port<Routed<v1::StartTranscriptAccessRequest>, v1::TranscriptAccessSession>
      start_transcript_access;
  Port<Routed<v1::SubmitTranscriptAccessMfaRequest>, v1::TranscriptAccessSession>
      submit_transcript_access_mfa;
  UploadPort upload_transcript_files;
  DownloadPort download_transcript_files;
  WebhookPort read_webhook;
  PagePort<SchoolQuery, v1::School> list_schools;
  ListTraits list_schools_traits;
};

}  // namespace edugate::adapters

#endif  // ADAPTERS_PORTS_H_
