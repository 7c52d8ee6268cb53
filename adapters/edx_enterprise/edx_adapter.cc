#include "adapters/edx_enterprise/edx_adapter.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "adapters/declared_api.h"
#include "adapters/edx_enterprise/edx_assignment_mapping.h"
#include "adapters/edx_enterprise/edx_catalog_mapping.h"
#include "adapters/edx_enterprise/edx_enrollment_mapping.h"
#include "adapters/edx_enterprise/edx_errors.h"
#include "adapters/edx_enterprise/edx_license_mapping.h"
#include "adapters/learner_scan.h"
#include "adapters/record_mapping.h"
#include "adapters/resource_name.h"
#include "edugate/provider/edx_enterprise/v1/edx_enterprise.pb.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

namespace edx = provider::edx_enterprise::v1;

constexpr int32_t kFirstPage = 1;
// What the services give at most; a larger page_size is capped without a word.
constexpr int32_t kMaxCatalogPage = 100;
constexpr int32_t kMaxEnrollmentPage = 1000;
// The size of a page of subscription plans can't be asked for.
constexpr int32_t kSubscriptionPage = 100;

constexpr char kXml[] = "application/xml";

// A failure of a resource that the caller named.
template <Resource resource, typename... Ids>
absl::Status OfResource(absl::Status status, const NameParts& name, const Ids&... ids) {
  return errors::WithResource(std::move(status), PatternOf(resource).type,
                              MakeName<resource>(name.connection, ids...));
}

bool HasProviderCode(const absl::Status& status, absl::string_view code) {
  const auto metadata = errors::MetadataOf(status);
  const auto found = metadata.find("provider_code");
  return found != metadata.end() && found->second == code;
}

// Whether one of the lists of an allocation's reply may hold assignments that can't be read. The
// reference's table calls two of them integers, its sample lists: a count of 0 hides none.
bool HidesAssignments(const edx::AllocateAssignmentsReply& reply, absl::string_view list,
                      int size) {
  const rest::v1::UnknownField* const count = IllFitting(reply, list);
  return (count == nullptr || count->json() != "0") && NothingFits(reply, list, size);
}

}  // namespace

const rest::Api& EdxAdapter::Declaration() {
  static const rest::Api* api =
      CompileDeclaration({"edugate.provider.edx_enterprise.v1.EdxEnterpriseV1"},
                         edx::ErrorBody::descriptor()->file())
          .release();
  return *api;
}

const rest::ErrorClassifier& EdxAdapter::Errors() {
  static const EdxErrors* errors = new EdxErrors;
  return *errors;
}

EdxAdapter::EdxAdapter(rest::Client& client, EdxOptions options)
    : api_(client),
      options_(std::move(options)),
      list_catalogs_(OperationOf(Declaration(), "ListCatalogs")),
      list_content_(OperationOf(Declaration(), "ListCatalogContent")),
      get_course_(OperationOf(Declaration(), "GetCourse")),
      get_course_run_(OperationOf(Declaration(), "GetCourseRun")),
      get_program_(OperationOf(Declaration(), "GetProgram")),
      list_enrollments_(OperationOf(Declaration(), "ListLearnerEnrollments")),
      bulk_enroll_(OperationOf(Declaration(), "BulkEnroll")),
      list_subscriptions_(OperationOf(Declaration(), "ListSubscriptions")),
      assign_licenses_(OperationOf(Declaration(), "AssignLicenses")),
      revoke_licenses_(OperationOf(Declaration(), "RevokeLicenses")),
      allocate_(OperationOf(Declaration(), "AllocateAssignments")),
      remind_(OperationOf(Declaration(), "RemindAssignments")),
      cancel_(OperationOf(Declaration(), "CancelAssignments")) {}

Ports EdxAdapter::ports() {
  Ports ports;
  ports.probe = Bind(this, &EdxAdapter::CheckConnection);
  ports.list_catalogs = Bind(this, &EdxAdapter::ListCatalogs);
  ports.list_catalogs_traits = {.max_provider_page_size = kMaxCatalogPage};
  ports.list_catalog_items = Bind(this, &EdxAdapter::ListCatalogItems);
  ports.list_catalog_items_traits = {.max_provider_page_size = kMaxCatalogPage};
  ports.get_course = Bind(this, &EdxAdapter::GetCourse);
  ports.get_course_run = Bind(this, &EdxAdapter::GetCourseRun);
  ports.get_program = Bind(this, &EdxAdapter::GetProgram);
  // The gateway forwards the page and nothing else: it would drop a filter or a learner without a
  // word.
  ports.list_enrollments =
      ScanningForLearner(Bind(this, &EdxAdapter::ListEnrollments),
                         {.email = true, .external_id_type = "enterprise_sso_uid"});
  ports.list_enrollments_traits = {.max_provider_page_size = kMaxEnrollmentPage,
                                   .by_learner_email = true,
                                   .by_learner_external_id = true,
                                   .notes = "a learner is looked for in the whole list"};
  ports.bulk_enroll = Bind(this, &EdxAdapter::BulkEnroll);
  ports.list_subscription_plans = Bind(this, &EdxAdapter::ListSubscriptionPlans);
  ports.list_subscription_plans_traits = {
      .filters = {{"current", {"="}, FilterType::kBool, "true: the plan that is active now"}},
      .max_provider_page_size = kSubscriptionPage};
  ports.assign_licenses = Bind(this, &EdxAdapter::AssignLicenses);
  ports.revoke_licenses = Bind(this, &EdxAdapter::RevokeLicenses);
  ports.allocate_assignments = Bind(this, &EdxAdapter::AllocateAssignments);
  ports.remind_assignments = Bind(this, &EdxAdapter::RemindAssignments);
  ports.cancel_assignments = Bind(this, &EdxAdapter::CancelAssignments);
  return ports;
}

async::Task<absl::StatusOr<ProbeResult>> EdxAdapter::CheckConnection(async::CallContext& call,
                                                                     const Probe&) {
  edx::ListCatalogsRequest request;
  request.set_page(kFirstPage);
  request.set_page_size(1);
  edx::CatalogPage page;
  rest::ReplyInfo info;
  absl::Status status = co_await api_.CallInto(call, list_catalogs_, request, page, &info,
                                               OptionsFor(list_catalogs_));
  if (!status.ok()) co_return status;
  co_return ProbeResult{.provider_time = info.date};
}

async::Task<absl::StatusOr<std::string>> EdxAdapter::ListCatalogs(async::CallContext& call,
                                                                  const PageQuery& query,
                                                                  Records<v1::Catalog>& into) {
  auto asked = NumberedPage::FromCursor(query.cursor, kFirstPage, query.size_hint,
                                        PageSize(kMaxCatalogPage));
  if (!asked.ok()) co_return asked.status();
  edx::ListCatalogsRequest request;
  request.set_page(asked->number);
  request.set_page_size(asked->size);
  rest::Reply<edx::CatalogPage> page;
  auto next_cursor = co_await ReadPage(call, list_catalogs_, request, *asked, *page);
  if (!next_cursor.ok()) co_return next_cursor;
  for (const edx::Catalog& record : page->results()) {
    into.AddAllocated(new v1::Catalog(ToCatalog(record, api_.connection(), query.view)));
  }
  co_return next_cursor;
}

async::Task<absl::StatusOr<std::string>> EdxAdapter::ListCatalogItems(
    async::CallContext& call, const PageQuery& query, Records<v1::CatalogItem>& into) {
  auto asked = NumberedPage::FromCursor(query.cursor, kFirstPage, query.size_hint,
                                        PageSize(kMaxCatalogPage));
  if (!asked.ok()) co_return asked.status();
  const CatalogScope scope{api_.connection(), query.parent.id()};
  edx::ListCatalogContentRequest request;
  request.set_catalog_uuid(query.parent.id());
  request.set_page(asked->number);
  request.set_page_size(asked->size);
  rest::Reply<edx::ContentPage> page;
  auto next_cursor = co_await ReadPage(call, list_content_, request, *asked, *page);
  if (!next_cursor.ok()) {
    co_return OfResource<Resource::kCatalog>(next_cursor.status(), query.parent, query.parent.id());
  }
  if (query.total_size != nullptr && page->has_count()) *query.total_size = page->count();
  for (const edx::ContentItem& record : page->results()) {
    into.AddAllocated(new v1::CatalogItem(ToCatalogItem(record, scope, query.view)));
  }
  co_return next_cursor;
}

async::Task<absl::StatusOr<v1::Course>> EdxAdapter::GetCourse(async::CallContext& call,
                                                              const GetQuery& query) {
  const std::string& catalog = query.name.ids.front();
  edx::GetCourseRequest request;
  request.set_catalog_uuid(catalog);
  request.set_course_key(query.name.id());
  rest::Reply<edx::Course> record;
  absl::Status status =
      co_await api_.CallInto(call, get_course_, request, *record, nullptr, OptionsFor(get_course_));
  if (!status.ok()) {
    co_return OfResource<Resource::kCourse>(std::move(status), query.name, catalog,
                                            query.name.id());
  }
  if (record->key().empty()) {
    co_return errors::ProviderResponseInvalid("key is missing", api_.OriginOf(get_course_));
  }
  co_return ToCourse(*record, {api_.connection(), catalog}, query.view);
}

async::Task<absl::StatusOr<v1::CourseRun>> EdxAdapter::GetCourseRun(async::CallContext& call,
                                                                    const GetQuery& query) {
  const std::string& catalog = query.name.ids.front();
  edx::GetCourseRunRequest request;
  request.set_catalog_uuid(catalog);
  request.set_course_run_id(query.name.id());
  rest::Reply<edx::CourseRun> record;
  absl::Status status = co_await api_.CallInto(call, get_course_run_, request, *record, nullptr,
                                               OptionsFor(get_course_run_));
  if (!status.ok()) {
    co_return OfResource<Resource::kCourseRun>(std::move(status), query.name, catalog,
                                               query.name.id());
  }
  if (record->key().empty()) {
    co_return errors::ProviderResponseInvalid("key is missing", api_.OriginOf(get_course_run_));
  }
  co_return ToCourseRun(*record, {api_.connection(), catalog}, query.view);
}

async::Task<absl::StatusOr<v1::Program>> EdxAdapter::GetProgram(async::CallContext& call,
                                                                const GetQuery& query) {
  const std::string& catalog = query.name.ids.front();
  edx::GetProgramRequest request;
  request.set_catalog_uuid(catalog);
  request.set_program_uuid(query.name.id());
  rest::Reply<edx::Program> record;
  absl::Status status = co_await api_.CallInto(call, get_program_, request, *record, nullptr,
                                               OptionsFor(get_program_));
  if (!status.ok()) {
    co_return OfResource<Resource::kProgram>(std::move(status), query.name, catalog,
                                             query.name.id());
  }
  if (record->uuid().empty()) {
    co_return errors::ProviderResponseInvalid("uuid is missing", api_.OriginOf(get_program_));
  }
  co_return ToProgram(*record, {api_.connection(), catalog}, query.view);
}

async::Task<absl::StatusOr<std::string>> EdxAdapter::ListEnrollments(
    async::CallContext& call, const EnrollmentQuery& query, Records<v1::Enrollment>& into) {
  absl::Status configured = CheckCustomer(list_enrollments_);
  if (!configured.ok()) co_return configured;
  auto asked = NumberedPage::FromCursor(query.cursor, kFirstPage, query.size_hint,
                                        PageSize(kMaxEnrollmentPage));
  if (!asked.ok()) co_return asked.status();
  edx::ListLearnerEnrollmentsRequest request;
  request.set_enterprise_uuid(options_.enterprise_customer_uuid);
  request.set_page(asked->number);
  request.set_page_size(asked->size);
  rest::Reply<edx::LearnerEnrollmentPage> page;
  auto next_cursor = co_await ReadPage(call, list_enrollments_, request, *asked, *page);
  if (!next_cursor.ok()) co_return next_cursor;
  for (const edx::LearnerEnrollment& record : page->results()) {
    into.AddAllocated(new v1::Enrollment(ToEnrollment(record, api_.connection(), query.view)));
  }
  co_return next_cursor;
}

async::Task<absl::StatusOr<v1::BulkEnrollResponse>> EdxAdapter::BulkEnroll(
    async::CallContext& call, const Routed<v1::BulkEnrollRequest>& enroll) {
  absl::Status configured = CheckCustomer(bulk_enroll_);
  if (!configured.ok()) co_return configured;
  auto plan =
      ToBulkEnrollment(enroll, options_.enterprise_customer_uuid, options_.bulk_enrollment_limit);
  if (!plan.ok()) co_return plan.status();
  v1::BulkEnrollResponse response;
  if (enroll.request.validate_only()) co_return response;
  auto reply = co_await api_.Call<edx::BulkEnrollReply>(call, bulk_enroll_, plan->request);
  if (!reply.ok()) co_return reply.status();
  response.set_job_id(reply->job_id());
  response.set_enrollment_count(plan->enrollment_count);
  co_return response;
}

async::Task<absl::StatusOr<std::string>> EdxAdapter::ListSubscriptionPlans(
    async::CallContext& call, const PageQuery& query, Records<v1::SubscriptionPlan>& into) {
  auto asked = NumberedPage::FromCursor(query.cursor, kFirstPage, 0, kSubscriptionPage);
  if (!asked.ok()) co_return asked.status();
  edx::ListSubscriptionsRequest request;
  request.set_page(asked->number);
  if (!options_.enterprise_customer_uuid.empty()) {
    request.set_enterprise_customer_uuid(options_.enterprise_customer_uuid);
  }
  if (const Comparison* current = query.filter.Find("current")) {
    if (!BoolValue(*current).value_or(false)) {
      co_return errors::FilterUnsupported("edX takes current = false for no condition",
                                          "current = true");
    }
    absl::Status configured = CheckCustomer(list_subscriptions_);
    if (!configured.ok()) co_return configured;
    request.set_current(true);
  }
  rest::Reply<edx::SubscriptionPage> page;
  auto next_cursor = co_await ReadPage(call, list_subscriptions_, request, *asked, *page);
  if (!next_cursor.ok()) co_return next_cursor;
  for (const edx::SubscriptionPlan& record : page->results()) {
    into.AddAllocated(
        new v1::SubscriptionPlan(ToSubscriptionPlan(record, api_.connection(), query.view)));
  }
  co_return next_cursor;
}

async::Task<absl::StatusOr<v1::AssignLicensesResponse>> EdxAdapter::AssignLicenses(
    async::CallContext& call, const Routed<v1::AssignLicensesRequest>& assign) {
  auto request = ToAssignRequest(assign);
  if (!request.ok()) co_return request.status();
  if (assign.request.validate_only()) co_return v1::AssignLicensesResponse();
  auto reply = co_await api_.Call<edx::AssignLicensesReply>(call, assign_licenses_, *request);
  if (!reply.ok()) {
    co_return OfResource<Resource::kSubscriptionPlan>(reply.status(), assign.name,
                                                      assign.name.id());
  }
  co_return ToAssignResponse(*reply, assign);
}

async::Task<absl::StatusOr<v1::RevokeLicensesResponse>> EdxAdapter::RevokeLicenses(
    async::CallContext& call, const Routed<v1::RevokeLicensesRequest>& revoke) {
  auto request = ToRevokeRequest(revoke, LicenseFilterForm::kNamed);
  if (!request.ok()) co_return request.status();
  if (revoke.request.validate_only()) co_return v1::RevokeLicensesResponse();
  edx::RevokeLicensesReply reply;
  rest::ReplyInfo info;
  absl::Status status = co_await api_.CallInto(call, revoke_licenses_, *request, reply, &info);
  // A service that takes the reference's form has refused the other one before it did anything.
  if (HasProviderCode(status, kEdxMalformedFilters) && request->filters_size() > 0) {
    auto documented = ToRevokeRequest(revoke, LicenseFilterForm::kDocumented);
    if (!documented.ok()) co_return documented.status();
    reply.Clear();
    status = co_await api_.CallInto(call, revoke_licenses_, *documented, reply, &info);
  }
  if (HasProviderCode(status, kEdxNoLicense)) {
    // Whose licenses are not there is not for an error to say: "-" stands for any of the plan's.
    const std::string plan =
        MakeName<Resource::kSubscriptionPlan>(revoke.name.connection, revoke.name.id());
    co_return errors::WithResource(std::move(status), PatternOf(Resource::kLicense).type,
                                   absl::StrCat(plan, "/licenses/-"));
  }
  if (!status.ok()) {
    co_return OfResource<Resource::kSubscriptionPlan>(std::move(status), revoke.name,
                                                      revoke.name.id());
  }
  co_return ToRevokeResponse(reply, info.empty, revoke);
}

async::Task<absl::StatusOr<v1::AllocateAssignmentsResponse>> EdxAdapter::AllocateAssignments(
    async::CallContext& call, const Routed<v1::AllocateAssignmentsRequest>& allocate) {
  auto request = ToAllocateRequest(allocate);
  if (!request.ok()) co_return request.status();
  if (allocate.request.validate_only()) co_return v1::AllocateAssignmentsResponse();
  auto reply = co_await api_.Call<edx::AllocateAssignmentsReply>(call, allocate_, *request);
  if (!reply.ok()) {
    co_return OfResource<Resource::kPolicy>(reply.status(), allocate.name, allocate.name.id());
  }
  if (HidesAssignments(*reply, "created", reply->created_size()) ||
      HidesAssignments(*reply, "updated", reply->updated_size()) ||
      HidesAssignments(*reply, "no_change", reply->no_change_size())) {
    co_return errors::ProviderResponseInvalid("it does not list the assignments",
                                              api_.OriginOf(allocate_));
  }
  co_return ToAllocateResponse(*reply, api_.connection(), allocate.request.view());
}

async::Task<absl::StatusOr<v1::RemindAssignmentsResponse>> EdxAdapter::RemindAssignments(
    async::CallContext& call, const Routed<v1::RemindAssignmentsRequest>& remind) {
  auto ids = ToAssignmentIds(remind.request.assignments(), remind.name);
  if (!ids.ok()) co_return ids.status();
  v1::RemindAssignmentsResponse response;
  if (remind.request.validate_only()) co_return response;
  edx::RemindAssignmentsRequest request;
  request.set_assignment_configuration_uuid(remind.name.id());
  *request.mutable_assignment_uuids() = *std::move(ids);
  auto reply = co_await api_.Call<edx::AssignmentActionReply>(call, remind_, request);
  if (!reply.ok()) {
    co_return OfResource<Resource::kAssignmentConfiguration>(reply.status(), remind.name,
                                                             remind.name.id());
  }
  response.set_assignment_count(request.assignment_uuids_size());
  co_return response;
}

async::Task<absl::StatusOr<v1::CancelAssignmentsResponse>> EdxAdapter::CancelAssignments(
    async::CallContext& call, const Routed<v1::CancelAssignmentsRequest>& cancel) {
  auto ids = ToAssignmentIds(cancel.request.assignments(), cancel.name);
  if (!ids.ok()) co_return ids.status();
  v1::CancelAssignmentsResponse response;
  if (cancel.request.validate_only()) co_return response;
  edx::CancelAssignmentsRequest request;
  request.set_assignment_configuration_uuid(cancel.name.id());
  *request.mutable_assignment_uuids() = *std::move(ids);
  auto reply = co_await api_.Call<edx::AssignmentActionReply>(call, cancel_, request);
  if (!reply.ok()) {
    co_return OfResource<Resource::kAssignmentConfiguration>(reply.status(), cancel.name,
                                                             cancel.name.id());
  }
  response.set_assignment_count(request.assignment_uuids_size());
  co_return response;
}

template <typename Page>
async::Task<absl::StatusOr<std::string>> EdxAdapter::ReadPage(
    async::CallContext& call, const rest::Operation& operation,
    const google::protobuf::Message& request, NumberedPage asked, Page& page) {
  absl::Status status =
      co_await api_.CallInto(call, operation, request, page, nullptr, OptionsFor(operation));
  // Records may go between two pages, and then the page that the last `next` promised is not there.
  if (asked.number > kFirstPage && HasProviderCode(status, kEdxInvalidPage)) {
    page.Clear();
    co_return std::string();
  }
  if (!status.ok()) co_return status;
  co_return CursorOf(operation, page.next(), asked);
}

absl::StatusOr<std::string> EdxAdapter::CursorOf(const rest::Operation& operation,
                                                 const std::string& next,
                                                 const NumberedPage& asked) const {
  // How many records this page has and how many there are in all says nothing: the services leave
  // records out after counting.
  if (next.empty()) return "";
  const int32_t number = PageNumberIn(next).value_or(asked.number + 1);
  // The last number of all has no next one, and is no page of anything.
  if (number <= asked.number || number == std::numeric_limits<int32_t>::max()) {
    return errors::PaginationLoop(api_.OriginOf(operation));
  }
  return NumberedPage{number, asked.size}.ToCursor();
}

rest::CallOptions EdxAdapter::OptionsFor(const rest::Operation& operation) const {
  rest::CallOptions options;
  const auto& rendered = operation.options().accept();
  // Alone: a service that is asked for both takes its own favourite, JSON, whatever the order.
  if (options_.xml && absl::c_linear_search(rendered, kXml)) options.accept = kXml;
  return options;
}

int32_t EdxAdapter::PageSize(int32_t most) const {
  return std::clamp<int32_t>(options_.page_size, 1, most);
}

absl::Status EdxAdapter::CheckCustomer(const rest::Operation& operation) const {
  if (!options_.enterprise_customer_uuid.empty()) return absl::OkStatus();
  errors::ProviderFailure failure;
  failure.reason = v1::ERROR_REASON_CONNECTION_MISCONFIGURED;
  failure.message = "the connection needs options.enterprise_customer_uuid for this";
  return errors::FromProvider(failure, api_.OriginOf(operation));
}

}  // namespace edugate::adapters
