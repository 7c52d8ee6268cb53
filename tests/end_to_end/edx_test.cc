// edX Enterprise through the whole program: gRPC on one side, the simulated provider over HTTP with
// its tokens, pages and two formats on the other.

#include <fstream>
#include <iterator>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/mutex.h"
#include "adapters/testing/leaf_coverage.h"
#include "edugate/v1/assignment_service.grpc.pb.h"
#include "edugate/v1/catalog_service.grpc.pb.h"
#include "edugate/v1/license_service.grpc.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/end_to_end/deployment.h"

namespace edugate::end_to_end {
namespace {

using adapters::testing::MissingLeaves;
using adapters::testing::Written;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Json = nlohmann::ordered_json;

// The sandbox's README names them.
constexpr char kCatalog[] = "/catalogs/3f56a21c-76c8-47c0-add8-a99714d40d94";
constexpr char kPlan[] = "connections/edx/subscriptionPlans/104b1785-1d3a-1000-148d-1ae7a56e6355";
constexpr char kSmallPlan[] =
    "connections/edx/subscriptionPlans/204b1785-1d3a-1000-148d-1ae7a56e6355";
constexpr char kPolicy[] = "connections/edx/policies/904b1785-9d3a-1000-848d-6ae7a56e6355";
constexpr char kConfiguration[] =
    "connections/edx/assignmentConfigurations/6fc7ef56-d1c4-4aa8-a649-e6eb209f0000";
constexpr size_t kItems = 320;
constexpr size_t kLearners = 120;

std::string EdxConnection(const char* id, const char* more_options) {
  return absl::StrCat("  - id: ", id,
                      "\n    provider: edx_enterprise\n    base_url: {url}/edx_enterprise\n"
                      "    auth: { oauth2_client: { token_url: "
                      "\"{url}/edx_enterprise/oauth2/v1/access_token\", client_id: { value: ",
                      sandbox::kEdxClientId,
                      " }, client_secret: { value: ", sandbox::kEdxClientSecret,
                      " } } }\n    options: { enterprise_customer_uuid: "
                      "904b1785-9d3a-1000-848d-6ae7a56e6355",
                      more_options, " }\n");
}

std::string Document(const std::string& name) {
  std::ifstream file(EDUGATE_SOURCE_DIR "/adapters/edx_enterprise/testdata/" + name,
                     std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// A clock that a test moves on, for the sandbox's tokens.
class MovableClock {
 public:
  absl::Time Now() {
    absl::MutexLock lock(&mutex_);
    return absl::Now() + ahead_;
  }
  void Advance(absl::Duration by) {
    absl::MutexLock lock(&mutex_);
    ahead_ += by;
  }

 private:
  absl::Mutex mutex_;
  absl::Duration ahead_;
};

class EdxTest : public ::testing::Test {
 protected:
  EdxTest()
      : deployment_({.more_connections = EdxConnection("edx", "") +
                                         EdxConnection("edx-xml", ", response_format: xml"),
                     .sandbox = {.now = [this] { return clock_.Now(); }}}),
        catalogs_(v1::CatalogService::NewStub(deployment_.channel())),
        licenses_(v1::LicenseService::NewStub(deployment_.channel())),
        assignments_(v1::AssignmentService::NewStub(deployment_.channel())) {}

  int64_t TokenRequests() { return Asked("/oauth2/v1/access_token"); }
  int64_t Asked(const std::string& route) {
    return deployment_.providers().CountRequests("edx_enterprise", route);
  }

  // A call that must succeed.
  template <typename Reply, typename Stub, typename Request>
  Reply Ask(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
            const Request& request) {
    Reply reply;
    const grpc::Status status = (stub.*method)(Context().get(), request, &reply);
    EXPECT_TRUE(status.ok()) << request.ShortDebugString() << ": " << status.error_message();
    return reply;
  }

  // A call that must fail.
  template <typename Reply, typename Stub, typename Request>
  Failure Refused(Stub& stub,
                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
                  const Request& request) {
    const auto context = Context();
    Reply reply;
    const grpc::Status status = (stub.*method)(context.get(), request, &reply);
    EXPECT_FALSE(status.ok()) << reply.ShortDebugString();
    return FailureOf(status, *context);
  }

  std::vector<v1::CatalogItem> StreamItems(const std::string& connection, v1::View view) {
    v1::StreamCatalogItemsRequest request;
    request.set_parent("connections/" + connection + kCatalog);
    request.set_view(view);
    const auto context = Context();
    const auto reader = catalogs_->StreamCatalogItems(context.get(), request);
    std::vector<v1::CatalogItem> items;
    v1::CatalogItem item;
    while (reader->Read(&item)) items.push_back(item);
    const grpc::Status status = reader->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    return items;
  }

  v1::Course GetCourse(const std::string& connection, v1::View view) {
    v1::GetCourseRequest request;
    request.set_name(absl::StrCat("connections/", connection, kCatalog, "/courses/edx+tr1012"));
    request.set_view(view);
    return Ask(catalogs(), &v1::CatalogService::StubInterface::GetCourse, request);
  }
  v1::CourseRun GetCourseRun(const std::string& connection, v1::View view) {
    v1::GetCourseRunRequest request;
    request.set_name(absl::StrCat("connections/", connection, kCatalog,
                                  "/courseRuns/course-v1:HarvardX+FIH+3T2023"));
    request.set_view(view);
    return Ask(catalogs(), &v1::CatalogService::StubInterface::GetCourseRun, request);
  }
  v1::Program GetProgram(const std::string& connection, v1::View view) {
    v1::GetProgramRequest request;
    request.set_name(absl::StrCat("connections/", connection, kCatalog,
                                  "/programs/fcfe93c3-9123-4a58-a190-8614c96b8eab"));
    request.set_view(view);
    return Ask(catalogs(), &v1::CatalogService::StubInterface::GetProgram, request);
  }

  v1::LicenseCounts CountsOf(const std::string& plan) {
    v1::ListSubscriptionPlansRequest request;
    request.set_parent("connections/edx");
    const auto plans =
        Ask(licenses(), &v1::LicenseService::StubInterface::ListSubscriptionPlans, request);
    for (const v1::SubscriptionPlan& each : plans.subscription_plans()) {
      if (each.name() == plan) return each.license_counts();
    }
    ADD_FAILURE() << "no plan " << plan;
    return {};
  }

  v1::CatalogService::StubInterface& catalogs() { return *catalogs_; }
  v1::LicenseService::StubInterface& licenses() { return *licenses_; }
  v1::AssignmentService::StubInterface& assignments() { return *assignments_; }
  v1::EnrollmentService::StubInterface& enrollments() { return deployment_.enrollments(); }

  MovableClock clock_;
  Deployment deployment_;
  std::unique_ptr<v1::CatalogService::Stub> catalogs_;
  std::unique_ptr<v1::LicenseService::Stub> licenses_;
  std::unique_ptr<v1::AssignmentService::Stub> assignments_;
};

// A record as text in which the connection's name doesn't tell.
template <typename Record>
std::string WithoutConnection(const Record& record) {
  return absl::StrReplaceAll(record.DebugString(), {{"connections/edx-xml/", "connections/edx/"}});
}

std::string IdOf(const v1::CatalogItem& item) {
  if (item.has_course()) return item.course().name();
  if (item.has_course_run()) return item.course_run().name();
  return item.program().name();
}

TEST_F(EdxTest, ListsTheCatalogs) {
  v1::ListCatalogsRequest request;
  request.set_parent("connections/edx");
  const auto reply = Ask(catalogs(), &v1::CatalogService::StubInterface::ListCatalogs, request);
  ASSERT_THAT(reply.catalogs(), SizeIs(2));
  EXPECT_EQ(reply.catalogs(0).name(), std::string("connections/edx") + kCatalog);
  EXPECT_EQ(reply.catalogs(0).title(), "All Content");
  EXPECT_EQ(reply.catalogs(1).title(), "Nothing yet");
  EXPECT_EQ(reply.next_page_token(), "");

  request.set_page_size(1);
  const auto first = Ask(catalogs(), &v1::CatalogService::StubInterface::ListCatalogs, request);
  EXPECT_THAT(first.catalogs(), SizeIs(1));
  request.set_page_token(first.next_page_token());
  const auto second = Ask(catalogs(), &v1::CatalogService::StubInterface::ListCatalogs, request);
  ASSERT_THAT(second.catalogs(), SizeIs(1));
  EXPECT_EQ(second.catalogs(0).title(), "Nothing yet");
  EXPECT_EQ(second.next_page_token(), "");
}

TEST_F(EdxTest, ACatalogStreamsWholeOverAnEmptyPageWithOneToken) {
  const auto items = StreamItems("edx", v1::VIEW_BASIC);
  ASSERT_THAT(items, SizeIs(kItems));
  std::set<std::string> different;
  size_t courses = 0;
  size_t runs = 0;
  size_t programs = 0;
  for (const v1::CatalogItem& each : items) {
    different.insert(IdOf(each));
    courses += each.has_course();
    runs += each.has_course_run();
    programs += each.has_program();
  }
  EXPECT_THAT(different, SizeIs(kItems));
  EXPECT_EQ(courses, 256u);
  EXPECT_EQ(runs, 32u);
  EXPECT_EQ(programs, 32u);
  EXPECT_EQ(TokenRequests(), 1);
  // 420 by the hundred: the second has nothing in it.
  EXPECT_EQ(Asked("GET /enterprise/v2/enterprise-catalogs/{catalog}"), 5);
}

TEST_F(EdxTest, PagesOfACatalogHoldExactlyWhatWasAskedFor) {
  v1::ListCatalogItemsRequest request;
  request.set_parent(std::string("connections/edx") + kCatalog);
  request.set_page_size(75);
  std::vector<int> sizes;
  std::vector<std::string> ids;
  do {
    const auto page =
        Ask(catalogs(), &v1::CatalogService::StubInterface::ListCatalogItems, request);
    if (page.items().empty()) break;
    sizes.push_back(page.items_size());
    for (const v1::CatalogItem& each : page.items()) ids.push_back(IdOf(each));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(sizes, ::testing::ElementsAre(75, 75, 75, 75, 20));
  std::vector<std::string> streamed;
  for (const v1::CatalogItem& each : StreamItems("edx", v1::VIEW_BASIC)) {
    streamed.push_back(IdOf(each));
  }
  EXPECT_EQ(ids, streamed);
  EXPECT_EQ(TokenRequests(), 1);
}

TEST_F(EdxTest, AServerThatGivesFewerThanAskedLosesNothing) {
  sandbox::ProviderSettings settings;
  settings.max_per_page = 30;
  ASSERT_TRUE(deployment_.providers().SetSettings("edx_enterprise", settings).ok());
  v1::ListCatalogItemsRequest request;
  request.set_parent(std::string("connections/edx") + kCatalog);
  request.set_page_size(200);
  const auto page = Ask(catalogs(), &v1::CatalogService::StubInterface::ListCatalogItems, request);
  EXPECT_THAT(page.items(), SizeIs(200));
  EXPECT_THAT(StreamItems("edx", v1::VIEW_BASIC), SizeIs(kItems));
}

TEST_F(EdxTest, TheDocumentsExamplesArriveWholeFromJsonAndFromXml) {
  const std::string course = Document("course.json");
  const std::string run = Document("course_run.json");
  const std::string program = Document("program.json");
  EXPECT_THAT(MissingLeaves(course, GetCourse("edx", v1::VIEW_FULL), Written::kJson), IsEmpty());
  EXPECT_THAT(MissingLeaves(run, GetCourseRun("edx", v1::VIEW_FULL), Written::kJson), IsEmpty());
  EXPECT_THAT(MissingLeaves(program, GetProgram("edx", v1::VIEW_FULL), Written::kJson), IsEmpty());
  EXPECT_THAT(MissingLeaves(course, GetCourse("edx-xml", v1::VIEW_FULL), Written::kXml), IsEmpty());
  EXPECT_THAT(MissingLeaves(run, GetCourseRun("edx-xml", v1::VIEW_FULL), Written::kXml), IsEmpty());
  EXPECT_THAT(MissingLeaves(program, GetProgram("edx-xml", v1::VIEW_FULL), Written::kXml),
              IsEmpty());
}

TEST_F(EdxTest, JsonAndXmlMakeTheSameRecords) {
  EXPECT_EQ(WithoutConnection(GetCourse("edx", v1::VIEW_BASIC)),
            WithoutConnection(GetCourse("edx-xml", v1::VIEW_BASIC)));
  EXPECT_EQ(WithoutConnection(GetCourseRun("edx", v1::VIEW_BASIC)),
            WithoutConnection(GetCourseRun("edx-xml", v1::VIEW_BASIC)));
  EXPECT_EQ(WithoutConnection(GetProgram("edx", v1::VIEW_BASIC)),
            WithoutConnection(GetProgram("edx-xml", v1::VIEW_BASIC)));
  const auto json = StreamItems("edx", v1::VIEW_BASIC);
  const auto xml = StreamItems("edx-xml", v1::VIEW_BASIC);
  ASSERT_EQ(json.size(), xml.size());
  for (size_t i = 0; i < json.size(); ++i) {
    EXPECT_EQ(WithoutConnection(json[i]), WithoutConnection(xml[i])) << i;
  }
}

TEST_F(EdxTest, LicensesAreGivenAndTakenBackAndThePlansCountThem) {
  EXPECT_EQ(CountsOf(kPlan).unassigned(), 100);
  v1::AssignLicensesRequest assign;
  assign.set_name(kPlan);
  assign.add_learner_emails("Ann@Example.com");
  assign.add_learner_emails("bob@example.com");
  const auto assigned = Ask(licenses(), &v1::LicenseService::StubInterface::AssignLicenses, assign);
  EXPECT_EQ(assigned.assigned_count(), 2);
  // The provider answers in another order and in lower case.
  ASSERT_THAT(assigned.results(), SizeIs(2));
  std::map<std::string, std::string> license_of;
  for (const v1::LicenseResult& each : assigned.results()) {
    EXPECT_EQ(each.outcome(), v1::LICENSE_OUTCOME_ASSIGNED);
    EXPECT_EQ(each.license().learner_email(), absl::AsciiStrToLower(each.learner_email()));
    license_of[each.license().learner_email()] = each.license().provider_id();
  }
  EXPECT_EQ(CountsOf(kPlan).assigned(), 2);
  EXPECT_EQ(CountsOf(kPlan).unassigned(), 98);

  const auto again = Ask(licenses(), &v1::LicenseService::StubInterface::AssignLicenses, assign);
  EXPECT_EQ(again.assigned_count(), 0);
  EXPECT_EQ(again.already_assigned_count(), 2);

  v1::RevokeLicensesRequest revoke;
  revoke.set_name(kPlan);
  revoke.add_learner_emails("BOB@example.com");
  const auto revoked = Ask(licenses(), &v1::LicenseService::StubInterface::RevokeLicenses, revoke);
  ASSERT_THAT(revoked.results(), SizeIs(1));
  EXPECT_EQ(revoked.results(0).outcome(), v1::LICENSE_OUTCOME_REVOKED);
  EXPECT_EQ(revoked.results(0).license().provider_id(), license_of["bob@example.com"]);
  EXPECT_EQ(revoked.results(0).license().status(), v1::LICENSE_STATUS_REVOKED);
  EXPECT_EQ(revoked.results(0).license().previous_status(), v1::LICENSE_STATUS_ASSIGNED);
  EXPECT_EQ(CountsOf(kPlan).assigned(), 1);
  EXPECT_EQ(CountsOf(kPlan).revoked(), 1);

  v1::RevokeLicensesRequest by_filter;
  by_filter.set_name(kPlan);
  by_filter.add_statuses(v1::LICENSE_STATUS_ASSIGNED);
  const auto rest = Ask(licenses(), &v1::LicenseService::StubInterface::RevokeLicenses, by_filter);
  EXPECT_EQ(rest.revoked_count(), 1);
  EXPECT_EQ(CountsOf(kPlan).revoked(), 2);
}

TEST_F(EdxTest, APlanWithoutEnoughLicensesOrWithALockRefuses) {
  v1::AssignLicensesRequest assign;
  assign.set_name(kSmallPlan);
  for (const char* email : {"a@example.com", "b@example.com", "c@example.com"}) {
    assign.add_learner_emails(email);
  }
  const Failure too_few =
      Refused(licenses(), &v1::LicenseService::StubInterface::AssignLicenses, assign);
  EXPECT_EQ(too_few.code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(too_few.reason, "PROVIDER_REJECTED_REQUEST");
  EXPECT_EQ(CountsOf(kSmallPlan).assigned(), 0);
  assign.set_name("connections/edx/subscriptionPlans/plan-locked");
  EXPECT_EQ(Refused(licenses(), &v1::LicenseService::StubInterface::AssignLicenses, assign).reason,
            "PROVIDER_LOCKED");
}

TEST_F(EdxTest, ARevocationAnsweredWithAnErrorsStatusHasHappened) {
  v1::AssignLicensesRequest assign;
  assign.set_name(kPlan);
  assign.add_learner_emails("ann@example.com");
  Ask(licenses(), &v1::LicenseService::StubInterface::AssignLicenses, assign);
  v1::RevokeLicensesRequest revoke;
  revoke.set_name("connections/edx/subscriptionPlans/plan-masked");
  revoke.add_learner_emails("ann@example.com");
  const auto revoked = Ask(licenses(), &v1::LicenseService::StubInterface::RevokeLicenses, revoke);
  EXPECT_EQ(revoked.revoked_count(), 1);
  EXPECT_EQ(CountsOf(kPlan).revoked(), 1);
}

TEST_F(EdxTest, AssignmentsAreAllocatedRemindedAndCancelled) {
  v1::AllocateAssignmentsRequest allocate;
  allocate.set_parent(kPolicy);
  allocate.add_learner_emails("Ann@example.com");
  allocate.add_learner_emails("bob@example.com");
  allocate.set_content_key("SandX+C001");
  allocate.set_content_price_cents(19900);
  const auto first =
      Ask(assignments(), &v1::AssignmentService::StubInterface::AllocateAssignments, allocate);
  ASSERT_THAT(first.created(), SizeIs(2));
  EXPECT_EQ(first.created(0).state(), v1::ASSIGNMENT_STATE_ALLOCATED);
  EXPECT_EQ(first.created(0).learner_email(), "ann@example.com");
  EXPECT_EQ(first.created(0).price().units(), 199);
  EXPECT_THAT(first.created(0).name(), HasSubstr(kConfiguration));

  v1::RemindAssignmentsRequest remind;
  remind.set_parent(kConfiguration);
  remind.add_assignments(first.created(0).name());
  EXPECT_EQ(Ask(assignments(), &v1::AssignmentService::StubInterface::RemindAssignments, remind)
                .assignment_count(),
            1);
  v1::CancelAssignmentsRequest cancel;
  cancel.set_parent(kConfiguration);
  cancel.add_assignments(first.created(0).provider_id());
  EXPECT_EQ(Ask(assignments(), &v1::AssignmentService::StubInterface::CancelAssignments, cancel)
                .assignment_count(),
            1);

  // The one that was cancelled is allocated again, the other one is as it was.
  const auto second =
      Ask(assignments(), &v1::AssignmentService::StubInterface::AllocateAssignments, allocate);
  EXPECT_THAT(second.created(), IsEmpty());
  ASSERT_THAT(second.updated(), SizeIs(1));
  EXPECT_EQ(second.updated(0).provider_id(), first.created(0).provider_id());
  ASSERT_THAT(second.no_change(), SizeIs(1));
  EXPECT_EQ(second.no_change(0).provider_id(), first.created(1).provider_id());

  remind.add_assignments("assignment-of-nobody");
  const Failure unknown =
      Refused(assignments(), &v1::AssignmentService::StubInterface::RemindAssignments, remind);
  EXPECT_NE(unknown.reason, "INTERNAL");
  EXPECT_NE(unknown.code, grpc::StatusCode::UNKNOWN);
  allocate.set_parent("connections/edx/policies/policy-locked");
  EXPECT_EQ(
      Refused(assignments(), &v1::AssignmentService::StubInterface::AllocateAssignments, allocate)
          .reason,
      "PROVIDER_LOCKED");
  allocate.set_parent("connections/edx/policies/policy-refuses");
  EXPECT_EQ(
      Refused(assignments(), &v1::AssignmentService::StubInterface::AllocateAssignments, allocate)
          .reason,
      "PROVIDER_PRECONDITION");
}

TEST_F(EdxTest, ABulkEnrollmentOverTheLimitIsRefusedBeforeTheProviderIsAsked) {
  v1::BulkEnrollRequest enroll;
  enroll.set_parent("connections/edx");
  for (int i = 0; i < 40; ++i) {
    enroll.add_learner_emails(absl::StrCat("learner", i, "@example.com"));
  }
  for (int i = 0; i < 30; ++i) {
    enroll.add_course_run_keys(absl::StrCat("course-v1:SandX+C", i, "+1T2027"));
  }
  const Failure failure =
      Refused(enrollments(), &v1::EnrollmentService::StubInterface::BulkEnroll, enroll);
  EXPECT_EQ(failure.code, grpc::StatusCode::INVALID_ARGUMENT);
  ASSERT_TRUE(failure.bad_request.has_value());
  ASSERT_GE(failure.bad_request->field_violations_size(), 1);
  EXPECT_EQ(failure.bad_request->field_violations(0).field(), "learner_emails");
  EXPECT_THAT(failure.bad_request->field_violations(0).description(), HasSubstr("1200"));
  EXPECT_THAT(failure.bad_request->field_violations(0).description(),
              HasSubstr("at most 33 learners"));
  EXPECT_EQ(deployment_.providers().CountRequests(""), 0);
}

TEST_F(EdxTest, ABulkEnrollmentAppearsAmongTheEnrollments) {
  v1::BulkEnrollRequest enroll;
  enroll.set_parent("connections/edx");
  enroll.add_learner_emails("New@Example.com");
  enroll.add_course_run_keys("course-v1:SandX+C001+1T2027");
  enroll.add_course_run_keys("course-v1:SandX+C002+1T2027");
  const auto job = Ask(enrollments(), &v1::EnrollmentService::StubInterface::BulkEnroll, enroll);
  EXPECT_NE(job.job_id(), "");
  EXPECT_EQ(job.enrollment_count(), 2);
  v1::StreamEnrollmentsRequest request;
  request.set_parent("connections/edx");
  const auto records = WalkStream(deployment_, request);
  ASSERT_THAT(records, SizeIs(kLearners + 2));
  EXPECT_EQ(records.back().learner().email(), "new@example.com");
  EXPECT_EQ(records.back().course().course_run_key(), "course-v1:SandX+C002+1T2027");
}

TEST_F(EdxTest, LearnerSummariesAreEnrollmentsWithProgressAndGrade) {
  v1::ListEnrollmentsRequest request;
  request.set_parent("connections/edx");
  request.set_page_size(50);
  request.set_view(v1::VIEW_FULL);
  const auto records = WalkPages(deployment_, request);
  ASSERT_THAT(records, SizeIs(kLearners));
  const v1::Enrollment& first = records.front();
  EXPECT_EQ(first.learner().email(), "learner001@example.com");
  EXPECT_EQ(first.course().course_key(), "SandX+C001");
  EXPECT_EQ(first.course().course_run_key(), "course-v1:SandX+C001+1T2027");
  EXPECT_EQ(first.course().start_date().year(), 2027);
  EXPECT_EQ(first.mode(), v1::ENROLLMENT_MODE_VERIFIED);
  EXPECT_TRUE(first.progress().passed());
  EXPECT_EQ(first.progress().passed_date().month(), 2);
  EXPECT_EQ(first.grade().letter(), "A");
  EXPECT_EQ(first.grade().numeric().value(), "0.93");
  EXPECT_EQ(first.funding().offer_name(), "Autumn");
  EXPECT_EQ(first.enrollment_date().day(), 1);
  EXPECT_TRUE(first.has_provider_record());
  // Not rendered in XML by the provider; the connection's format doesn't matter.
  request.set_parent("connections/edx-xml");
  EXPECT_THAT(WalkPages(deployment_, request), SizeIs(kLearners));
}

TEST_F(EdxTest, AnExpiredTokenIsRenewedAndTheCallerSeesNothingOfIt) {
  GetCourse("edx", v1::VIEW_BASIC);
  EXPECT_EQ(TokenRequests(), 1);
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(GetCourse("edx", v1::VIEW_BASIC).key(), "edx+tr1012");
  EXPECT_EQ(TokenRequests(), 2);
  GetCourse("edx", v1::VIEW_BASIC);
  EXPECT_EQ(TokenRequests(), 2);
}

TEST_F(EdxTest, AForbiddenTokenIsARateLimit) {
  deployment_.providers().AddFault(
      {.provider = "edx_enterprise", .path_contains = "/oauth2/", .count = -1, .status = 403});
  v1::ListCatalogsRequest request;
  request.set_parent("connections/edx");
  const Failure failure =
      Refused(catalogs(), &v1::CatalogService::StubInterface::ListCatalogs, request);
  EXPECT_EQ(failure.reason, "PROVIDER_RATE_LIMITED");
  EXPECT_NE(failure.code, grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Asked("GET /enterprise"), 0);
  deployment_.providers().ClearFaults();
}

}  // namespace
}  // namespace edugate::end_to_end
