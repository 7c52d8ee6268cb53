#include "adapters/openapply/openapply_adapter.h"

#include "adapters/declared_api.h"
#include "adapters/learner_scan.h"
#include "adapters/numbered_page.h"
#include "adapters/openapply/openapply_errors.h"
#include "adapters/openapply/openapply_mapping.h"
#include "adapters/record_mapping.h"

namespace edugate::adapters {
namespace {

namespace oa = provider::openapply::v3;

constexpr int32_t kFirstPage = 1;
// The document's maximum of per_page.
constexpr int32_t kMaxPageSize = 200;

constexpr char kEnrollmentType[] = "edugate/Enrollment";

}  // namespace

const rest::Api& OpenApplyAdapter::Declaration() {
  static const rest::Api* api = CompileDeclaration({"edugate.provider.openapply.v3.OpenApplyV3"},
                                                   oa::Reenrollment::descriptor()->file())
                                    .release();
  return *api;
}

const rest::ErrorClassifier& OpenApplyAdapter::Errors() {
  static const OpenApplyErrors* errors = new OpenApplyErrors;
  return *errors;
}

OpenApplyAdapter::OpenApplyAdapter(rest::Client& client)
    : api_(client),
      list_(OperationOf(Declaration(), "ListReenrollments")),
      list_of_student_(OperationOf(Declaration(), "ListStudentReenrollments")),
      update_(OperationOf(Declaration(), "UpdateReenrollment")) {}

Ports OpenApplyAdapter::ports() {
  Ports ports;
  ports.probe = Bind(this, &OpenApplyAdapter::CheckConnection);
  ports.list_enrollments = ScanningForLearner(Bind(this, &OpenApplyAdapter::ListEnrollments),
                                              {.external_id_type = "custom_id"});
  ports.list_enrollments_traits = {
      .filters = {{"provider_status", {"="}, FilterType::kString, "the school's own status label"},
                  {"status",
                   {"="},
                   FilterType::kString,
                   "NOT_SENT, PENDING, UNDECIDED, CONFIRMED or DECLINED"},
                  {"year", {"="}, FilterType::kInt, "the school year"},
                  {"decision_date", {"="}, FilterType::kDate, "the day of the decision"}},
      .max_provider_page_size = kMaxPageSize,
      .by_learner = true,
      .by_learner_external_id = true,
      .notes = "an external id is looked for in the whole list"};
  ports.update_enrollment = Bind(this, &OpenApplyAdapter::UpdateEnrollment);
  ports.update_enrollment_paths = {"status", "provider_status", "grade_level", "status_time"};
  return ports;
}

async::Task<absl::StatusOr<std::string>> OpenApplyAdapter::ListEnrollments(
    async::CallContext& call, const EnrollmentQuery& query,
    google::protobuf::RepeatedPtrField<v1::Enrollment>& into) {
  auto asked = NumberedPage::FromCursor(query.cursor, kFirstPage, query.size_hint, kMaxPageSize);
  if (!asked.ok()) co_return asked.status();
  if (!query.learner.empty()) {
    auto request = ToStudentListRequest(query);
    if (!request.ok()) co_return request.status();
    request->set_page(asked->number);
    request->set_per_page(asked->size);
    auto page = co_await api_.Call<oa::ReenrollmentPage>(call, list_of_student_, *request);
    if (!page.ok()) {
      co_return errors::WithResource(page.status(), "edugate/Learner", query.learner);
    }
    co_return AddPage(list_of_student_, query, *asked, *page, into);
  }
  auto request = ToListRequest(query);
  if (!request.ok()) co_return request.status();
  request->set_page(asked->number);
  request->set_per_page(asked->size);
  auto page = co_await api_.Call<oa::ReenrollmentPage>(call, list_, *request);
  if (!page.ok()) co_return page.status();
  co_return AddPage(list_, query, *asked, *page, into);
}

absl::StatusOr<std::string> OpenApplyAdapter::AddPage(
    const rest::Operation& operation, const EnrollmentQuery& query, const NumberedPage& asked,
    const oa::ReenrollmentPage& page,
    google::protobuf::RepeatedPtrField<v1::Enrollment>& into) const {
  const oa::PageMeta& meta = page.meta();
  // A list that ignores the page number would give its first page for ever.
  const std::vector<std::string> ids = IdsOf(page.reenrollments());
  const bool other_page = meta.has_page() && meta.page() != asked.number && !ids.empty();
  if (other_page || (!meta.has_page() && asked.Repeats(ids))) {
    return errors::PaginationLoop(api_.OriginOf(operation));
  }
  into.Reserve(into.size() + page.reenrollments_size());
  for (const oa::Reenrollment& record : page.reenrollments()) {
    FillEnrollment(record, api_.connection(), query.view, *into.Add());
  }
  // The provider may give fewer records than asked: only the number of pages tells the end, and
  // where it is missing, an empty page does.
  const bool more = meta.has_pages() ? asked.number < meta.pages() : !ids.empty();
  return more ? asked.Next(ids).ToCursor() : std::string();
}

async::Task<absl::StatusOr<v1::Enrollment>> OpenApplyAdapter::UpdateEnrollment(
    async::CallContext& call, const EnrollmentUpdate& update) {
  auto request = ToUpdateRequest(update);
  if (!request.ok()) co_return request.status();
  if (update.validate_only) co_return update.enrollment;
  auto reply = co_await api_.Call<oa::ReenrollmentEnvelope>(call, update_, *request);
  if (!reply.ok()) {
    co_return errors::WithResource(
        reply.status(), kEnrollmentType,
        MakeName<Resource::kEnrollment>(api_.connection(), update.name.id()));
  }
  if (!reply->has_reenrollment()) {
    co_return errors::ProviderResponseInvalid("reenrollment is missing", api_.OriginOf(update_));
  }
  co_return ToEnrollment(reply->reenrollment(), api_.connection(), update.view);
}

async::Task<absl::StatusOr<ProbeResult>> OpenApplyAdapter::CheckConnection(async::CallContext& call,
                                                                           const Probe&) {
  oa::ListReenrollmentsRequest request;
  request.set_page(kFirstPage);
  request.set_per_page(1);
  oa::ReenrollmentPage page;
  rest::ReplyInfo info;
  absl::Status status = co_await api_.CallInto(call, list_, request, page, &info);
  if (!status.ok()) co_return status;
  co_return ProbeResult{.provider_time = info.date};
}

}  // namespace edugate::adapters
