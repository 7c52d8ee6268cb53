#include "adapters/edx_enterprise/edx_adapter.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "adapters/testing/adapter_fixture.h"
#include "adapters/testing/whole_page.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "runtime/async/test_loop.h"
#include "runtime/errors/errors.h"
#include "runtime/http/fake_http_client.h"

namespace edugate::adapters {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kBase[] = "https://api.example.com";
constexpr char kXml[] = "application/xml; charset=utf-8";

template <typename Detail>
Detail DetailOf(const absl::Status& status) {
  const google::rpc::Status wire = errors::ToRpcStatus(status);
  Detail found;
  for (const google::protobuf::Any& detail : wire.details()) detail.UnpackTo(&found);
  return found;
}

// Adds no credential.
class NoAuthorizer final : public auth::Authorizer {
 public:
  async::Task<absl::Status> Authorize(async::CallContext&, http::Request&) override {
    co_return absl::OkStatus();
  }
  bool OnRefused(const http::Request&) override { return false; }
};

class EdxAdapterTest : public ::testing::Test {
 protected:
  EdxAdapterTest() { Use({.enterprise_customer_uuid = "e1"}); }

  void Use(EdxOptions options) {
    rest::ClientParts parts;
    parts.connection = "acme";
    parts.provider = "edx_enterprise";
    parts.endpoint.base_url = kBase;
    parts.http = &http_;
    parts.authorizer = &authorizer_;
    parts.classifier = &EdxAdapter::Errors();
    parts.safeguards = testing::OneAttempt();
    client_.emplace(std::move(parts));
    adapter_.emplace(*client_, std::move(options));
    ports_ = adapter_->ports();
  }

  void Expect(const std::string& method, const std::string& target, int status,
              const std::string& body, const std::string& content_type = "application/json") {
    http_.Expect(method, kBase + target, http::Answer(status, body, content_type));
  }

  template <typename Argument, typename Result>
  absl::StatusOr<Result> Run(const Port<Argument, Result>& port, const Argument& argument) {
    async::CallContext call(loop_, async::kNever);
    return loop_.RunToCompletion(port(call, argument));
  }

  template <typename Query, typename Record>
  absl::StatusOr<testing::WholePage<Record>> Run(const PagePort<Query, Record>& port,
                                                 const Query& query) {
    async::CallContext call(loop_, async::kNever);
    return loop_.RunToCompletion(testing::ReadWholePage(call, port, query));
  }

  absl::StatusOr<testing::WholePage<v1::CatalogItem>> ListItems(const std::string& cursor = "",
                                                                int32_t size_hint = 0) {
    PageQuery query;
    query.parent = {"acme", {"c1"}};
    query.cursor = cursor;
    query.size_hint = size_hint;
    return Run(ports_.list_catalog_items, query);
  }

  const http::SeenRequest& last_request() const { return http_.requests().back(); }

  async::TestLoop loop_;
  http::FakeHttpClient http_;
  NoAuthorizer authorizer_;
  std::optional<rest::Client> client_;
  std::optional<EdxAdapter> adapter_;
  Ports ports_;
};

constexpr char kItemsPath[] = "/enterprise/v2/enterprise-catalogs/c1";

TEST_F(EdxAdapterTest, OffersAllThatEdxHasAndNothingElse) {
  EXPECT_TRUE(ports_.probe && ports_.list_catalogs && ports_.list_catalog_items &&
              ports_.get_course && ports_.get_course_run && ports_.get_program &&
              ports_.list_enrollments && ports_.bulk_enroll && ports_.list_subscription_plans &&
              ports_.assign_licenses && ports_.revoke_licenses && ports_.allocate_assignments &&
              ports_.remind_assignments && ports_.cancel_assignments);
  EXPECT_FALSE(ports_.get_enrollment || ports_.update_enrollment || ports_.verify_enrollment ||
               ports_.create_transcript || ports_.list_schools);
  EXPECT_FALSE(ports_.list_enrollments_traits.by_learner);
  EXPECT_THAT(ports_.list_enrollments_traits.filters, IsEmpty());
}

TEST_F(EdxAdapterTest, AsksForOneCatalogToSeeThatTheConnectionWorks) {
  Expect("GET", "/enterprise/v2/enterprise-catalogs?page=1&page_size=1", 200, R"({"results": []})");
  EXPECT_TRUE(Run(ports_.probe, Probe()).ok());
}

TEST_F(EdxAdapterTest, ListsCatalogs) {
  Expect("GET", "/enterprise/v2/enterprise-catalogs?page=1&page_size=100", 200,
         R"({"count": 1, "next": null, "results": [{"uuid": "c1", "title": "All"}]})");
  const auto page = Run(ports_.list_catalogs, PageQuery());
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_THAT(page->records, SizeIs(1));
  EXPECT_EQ(page->records[0].name(), "connections/acme/catalogs/c1");
  EXPECT_EQ(page->next_cursor, "");
}

TEST_F(EdxAdapterTest, ListsTheMixedContentOfACatalog) {
  Expect("GET", absl::StrCat(kItemsPath, "?page=1&page_size=100"), 200,
         R"({"results": [{"content_type": "course", "key": "edX+DemoX"},
                         {"content_type": "courserun", "key": "course-v1:edX+DemoX+2T"},
                         {"content_type": "program", "uuid": "p1", "enrollment_url": null}]})");
  const auto page = ListItems();
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_THAT(page->records, SizeIs(3));
  EXPECT_TRUE(page->records[0].has_course());
  EXPECT_TRUE(page->records[1].has_course_run());
  EXPECT_TRUE(page->records[2].has_program());
}

TEST_F(EdxAdapterTest, AsksForNoLargerPageThanTheCallerWantsOrTheServiceGives) {
  Expect("GET", absl::StrCat(kItemsPath, "?page=1&page_size=7"), 200, R"({"results": []})");
  EXPECT_TRUE(ListItems("", 7).ok());
  Expect("GET", absl::StrCat(kItemsPath, "?page=1&page_size=100"), 200, R"({"results": []})");
  EXPECT_TRUE(ListItems("", 1000).ok());
}

TEST_F(EdxAdapterTest, TakesOnlyThePageNumberOfALinkToAnotherHost) {
  for (const char* next :
       {"https://internal.example.net/api/v1/x/?page=2&page_size=100",
        "http://evil@169.254.169.254/?page=2", "//evil?page_size=3&page=2#page=9", "?page=2",
        "/enterprise?page=2&token=x"}) {
    Expect("GET", absl::StrCat(kItemsPath, "?page=1&page_size=100"), 200,
           absl::StrCat(R"({"results": [], "next": ")", next, R"("})"));
    const auto first = ListItems();
    ASSERT_TRUE(first.ok()) << first.status();
    Expect("GET", absl::StrCat(kItemsPath, "?page=2&page_size=100"), 200, R"({"results": []})");
    EXPECT_TRUE(ListItems(first->next_cursor).ok()) << next;
  }
}

TEST_F(EdxAdapterTest, EndsAtANextThatIsNullEmptyOrAbsent) {
  for (const char* body : {R"({"results": [], "next": null})", R"({"results": [], "next": ""})",
                           R"({"results": []})"}) {
    Expect("GET", absl::StrCat(kItemsPath, "?page=1&page_size=100"), 200, body);
    const auto page = ListItems();
    ASSERT_TRUE(page.ok());
    EXPECT_EQ(page->next_cursor, "") << body;
  }
}

TEST_F(EdxAdapterTest, GoesOnAfterAnEmptyPageAndBelievesNoCount) {
  Expect("GET", absl::StrCat(kItemsPath, "?page=1&page_size=100"), 200,
         R"({"count": 0, "results": [], "next": "https://x/?page=2"})");
  const auto page = ListItems();
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(page->records, IsEmpty());
  EXPECT_NE(page->next_cursor, "");
}

TEST_F(EdxAdapterTest, PassesOnHowManyItemsTheServiceCounts) {
  PageQuery query;
  query.parent = {"acme", {"c1"}};
  std::optional<int64_t> total;
  query.total_size = &total;
  Expect("GET", absl::StrCat(kItemsPath, "?page=1&page_size=100"), 200, R"({"results": []})");
  ASSERT_TRUE(Run(ports_.list_catalog_items, query).ok());
  EXPECT_FALSE(total.has_value());
  Expect("GET", absl::StrCat(kItemsPath, "?page=1&page_size=100"), 200,
         R"({"count": 320, "results": []})");
  ASSERT_TRUE(Run(ports_.list_catalog_items, query).ok());
  EXPECT_EQ(total, 320);
}

TEST_F(EdxAdapterTest, TakesAPagePastTheEndForTheEndAndAMissingCatalogForAnError) {
  Expect("GET", absl::StrCat(kItemsPath, "?page=3&page_size=100"), 404,
         R"({"detail": "Invalid page."})");
  const auto past = ListItems("3/100");
  ASSERT_TRUE(past.ok()) << past.status();
  EXPECT_THAT(past->records, IsEmpty());
  EXPECT_EQ(past->next_cursor, "");

  Expect("GET", absl::StrCat(kItemsPath, "?page=3&page_size=100"), 404,
         R"({"detail": "Not found."})");
  EXPECT_EQ(errors::ReasonOf(ListItems("3/100").status()), v1::ERROR_REASON_RESOURCE_NOT_FOUND);
  Expect("GET", absl::StrCat(kItemsPath, "?page=1&page_size=100"), 404,
         R"({"detail": "Invalid page."})");
  EXPECT_EQ(errors::ReasonOf(ListItems().status()), v1::ERROR_REASON_RESOURCE_NOT_FOUND);
}

TEST_F(EdxAdapterTest, NoticesPagesThatLeadBack) {
  for (const char* next :
       {"https://x/?page=2", "https://x/?page=1", "https://x/?page=2147483647"}) {
    Expect("GET", absl::StrCat(kItemsPath, "?page=2&page_size=100"), 200,
           absl::StrCat(R"({"results": [], "next": ")", next, R"("})"));
    EXPECT_EQ(errors::ReasonOf(ListItems("2/100").status()), v1::ERROR_REASON_PAGINATION_LOOP);
  }
}

TEST_F(EdxAdapterTest, RefusesACursorThatIsNotItsOwn) {
  for (const char* cursor : {"x", "0/100", "1/0", "1/101", "-1/100"}) {
    EXPECT_EQ(errors::ReasonOf(ListItems(cursor).status()), v1::ERROR_REASON_PAGE_TOKEN_INVALID)
        << cursor;
  }
}

TEST_F(EdxAdapterTest, EncodesThePlusAndColonOfKeysInPaths) {
  Expect("GET", absl::StrCat(kItemsPath, "/courses/edX%2BDemoX"), 200, R"({"key": "edX+DemoX"})");
  const auto course = Run(ports_.get_course, GetQuery{{"acme", {"c1", "edX+DemoX"}}});
  ASSERT_TRUE(course.ok()) << course.status();
  EXPECT_EQ(course->name(), "connections/acme/catalogs/c1/courses/edX+DemoX");

  Expect("GET", absl::StrCat(kItemsPath, "/course-runs/course-v1%3AedX%2BDemoX%2B2T"), 200,
         R"({"key": "course-v1:edX+DemoX+2T"})");
  EXPECT_TRUE(
      Run(ports_.get_course_run, GetQuery{{"acme", {"c1", "course-v1:edX+DemoX+2T"}}}).ok());

  Expect("GET", absl::StrCat(kItemsPath, "/programs/p%2F..%2F1"), 200, R"({"uuid": "p/../1"})");
  EXPECT_TRUE(Run(ports_.get_program, GetQuery{{"acme", {"c1", "p/../1"}}}).ok());
}

TEST_F(EdxAdapterTest, NamesTheResourceThatEdxDoesNotKnow) {
  Expect("GET", absl::StrCat(kItemsPath, "/courses/gone"), 404, R"({"detail": "Not found."})");
  const absl::Status status = Run(ports_.get_course, GetQuery{{"acme", {"c1", "gone"}}}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  const auto resource = DetailOf<google::rpc::ResourceInfo>(status);
  EXPECT_EQ(resource.resource_type(), "edugate/Course");
  EXPECT_EQ(resource.resource_name(), "connections/acme/catalogs/c1/courses/gone");
}

TEST_F(EdxAdapterTest, RefusesARecordWithoutItsKey) {
  Expect("GET", absl::StrCat(kItemsPath, "/courses/k"), 200, "<root></root>", kXml);
  EXPECT_EQ(errors::ReasonOf(Run(ports_.get_course, GetQuery{{"acme", {"c1", "k"}}}).status()),
            v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID);
}

TEST_F(EdxAdapterTest, AsksForXmlAloneAndOnlyWhereEdxRendersIt) {
  Use({.enterprise_customer_uuid = "e1", .xml = true});
  Expect(
      "GET", absl::StrCat(kItemsPath, "/courses/k"), 200,
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<root><key>k</key><active>True</active></root>",
      kXml);
  const auto course = Run(ports_.get_course, GetQuery{{"acme", {"c1", "k"}}});
  ASSERT_TRUE(course.ok()) << course.status();
  EXPECT_TRUE(course->active());
  EXPECT_EQ(last_request().header("Accept"), "application/xml");

  Expect("GET", "/enterprise/v1/subscriptions?enterprise_customer_uuid=e1&page=1", 200,
         R"({"results": []})");
  EXPECT_TRUE(Run(ports_.list_subscription_plans, PageQuery()).ok());
  EXPECT_EQ(last_request().header("Accept"), "application/json");
}

TEST_F(EdxAdapterTest, ReadsTheReplyByItsOwnTypeWhateverItAskedFor) {
  Use({.xml = true});
  Expect("GET", absl::StrCat(kItemsPath, "/courses/k"), 200, R"({"key": "k"})");
  EXPECT_TRUE(Run(ports_.get_course, GetQuery{{"acme", {"c1", "k"}}}).ok());
  Use({.xml = false});
  Expect("GET", absl::StrCat(kItemsPath, "/courses/k"), 200, "<root><key>k</key></root>", kXml);
  EXPECT_TRUE(Run(ports_.get_course, GetQuery{{"acme", {"c1", "k"}}}).ok());
}

TEST_F(EdxAdapterTest, ReadsAPageOfOneItemInXml) {
  Expect("GET", absl::StrCat(kItemsPath, "?page=1&page_size=100"), 200,
         "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<root><count>1</count><next></next><results>"
         "<list-item><content_type>course</content_type><key>k</key></list-item></results></root>",
         kXml);
  const auto page = ListItems();
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_THAT(page->records, SizeIs(1));
  EXPECT_EQ(page->next_cursor, "");
}

TEST_F(EdxAdapterTest, ListsEnrollmentsOfTheConfiguredCustomer) {
  Expect("GET", "/enterprise/v3/enterprise-customer/e1/learner-summary?page=1&page_size=100", 200,
         R"({"next": "", "results": [{"enrollment_id": 7, "user_email": "ann@example.com"}]})");
  const auto page = Run(ports_.list_enrollments, EnrollmentQuery());
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_THAT(page->records, SizeIs(1));
  EXPECT_EQ(page->records[0].name(), "connections/acme/enrollments/7");
}

TEST_F(EdxAdapterTest, KeepsOfTheListWhatIsOfTheLearner) {
  constexpr char kSummary[] = R"({"next": "", "results": [
      {"enrollment_id": 7, "user_email": "Ann@example.com"},
      {"enrollment_id": 8, "user_email": "bob@example.com", "enterprise_sso_uid": "S1"}]})";
  constexpr char kPath[] =
      "/enterprise/v3/enterprise-customer/e1/learner-summary?page=1&page_size=100";
  EnrollmentQuery by_email;
  by_email.learner_email = "ann@EXAMPLE.com";
  by_email.size_hint = 1;
  Expect("GET", kPath, 200, kSummary);
  const auto ann = Run(ports_.list_enrollments, by_email);
  ASSERT_TRUE(ann.ok()) << ann.status();
  ASSERT_THAT(ann->records, SizeIs(1));
  EXPECT_EQ(ann->records[0].provider_id(), "7");
  EnrollmentQuery by_sso;
  by_sso.learner_external_id = "S1";
  Expect("GET", kPath, 200, kSummary);
  const auto bob = Run(ports_.list_enrollments, by_sso);
  ASSERT_TRUE(bob.ok()) << bob.status();
  ASSERT_THAT(bob->records, SizeIs(1));
  EXPECT_EQ(bob->records[0].provider_id(), "8");
}

TEST_F(EdxAdapterTest, SaysWhichOptionIsMissing) {
  Use({});
  const absl::Status list = Run(ports_.list_enrollments, EnrollmentQuery()).status();
  EXPECT_EQ(errors::ReasonOf(list), v1::ERROR_REASON_CONNECTION_MISCONFIGURED);
  EXPECT_THAT(std::string(list.message()), HasSubstr("options.enterprise_customer_uuid"));
  EXPECT_EQ(errors::ReasonOf(
                Run(ports_.bulk_enroll, Routed<v1::BulkEnrollRequest>{{"acme", {}}, {}}).status()),
            v1::ERROR_REASON_CONNECTION_MISCONFIGURED);
}

TEST_F(EdxAdapterTest, AppliesTheOnlyFilterOfSubscriptionPlans) {
  PageQuery query;
  query.filter = *ParseFilter("current = true");
  Expect("GET", "/enterprise/v1/subscriptions?enterprise_customer_uuid=e1&page=1&current=true", 200,
         R"({"next": "https://license-manager.internal/api/v1/subscriptions/?page=2",
             "results": [{"uuid": "p1", "revocations": null}]})");
  const auto page = Run(ports_.list_subscription_plans, query);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->records[0].name(), "connections/acme/subscriptionPlans/p1");
  query.cursor = page->next_cursor;
  Expect("GET", "/enterprise/v1/subscriptions?enterprise_customer_uuid=e1&page=2&current=true", 200,
         R"({"results": []})");
  EXPECT_TRUE(Run(ports_.list_subscription_plans, query).ok());

  query.filter = *ParseFilter("current = false");
  query.cursor.clear();
  EXPECT_EQ(errors::ReasonOf(Run(ports_.list_subscription_plans, query).status()),
            v1::ERROR_REASON_FILTER_UNSUPPORTED);
}

TEST_F(EdxAdapterTest, AssignsLicenses) {
  Routed<v1::AssignLicensesRequest> call{{"acme", {"p1"}}, {}};
  call.request.add_learner_emails("Ann@example.com");
  call.request.set_notify(true);
  Expect("POST", "/enterprise/v1/subscriptions/p1/licenses/assign", 200,
         R"({"num_successful_assignments": 1, "num_already_associated": 0,
             "license_assignments": [{"user_email": "ann@example.com", "license": "l1"}]})");
  const auto response = Run(ports_.assign_licenses, call);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->results(0).outcome(), v1::LICENSE_OUTCOME_ASSIGNED);
  EXPECT_EQ(last_request().body, R"({"user_emails":["ann@example.com"],"notify_users":true})");
}

TEST_F(EdxAdapterTest, NamesTheAddressThatEdxRefuses) {
  Routed<v1::AssignLicensesRequest> call{{"acme", {"p1"}}, {}};
  call.request.add_learner_emails("nonsense");
  Expect("POST", "/enterprise/v1/subscriptions/p1/licenses/assign", 400,
         R"({"user_emails": {"0": ["Enter a valid email address."]}})");
  const absl::Status status = Run(ports_.assign_licenses, call).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  const auto bad = DetailOf<google::rpc::BadRequest>(status);
  ASSERT_EQ(bad.field_violations_size(), 1);
  EXPECT_EQ(bad.field_violations(0).field(), "learner_emails[0]");
}

Routed<v1::RevokeLicensesRequest> RevokeCall(const std::string& email) {
  Routed<v1::RevokeLicensesRequest> call{{"acme", {"p1"}}, {}};
  call.request.add_learner_emails(email);
  return call;
}

constexpr char kRevokePath[] = "/enterprise/v1/subscriptions/p1/licenses/bulk-revoke";

TEST_F(EdxAdapterTest, TakesARevocationWithoutBodyForDone) {
  Expect("POST", kRevokePath, 204, "", "");
  const auto response = Run(ports_.revoke_licenses, RevokeCall("a@example.com"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->revoked_count(), 1);
}

TEST_F(EdxAdapterTest, ReadsAMixedOutcomeOf207) {
  Expect("POST", kRevokePath, 207,
         R"({"successful_revocations": [{"license_uuid": "l", "original_status": "assigned",
                                         "user_email": "a@example.com"}],
             "unsuccessful_revocations": [{"error": "none", "error_response_status": 404,
                                           "user_email": "b@example.com"}]})");
  Routed<v1::RevokeLicensesRequest> call = RevokeCall("a@example.com");
  call.request.add_learner_emails("b@example.com");
  const auto response = Run(ports_.revoke_licenses, call);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->revoked_count(), 1);
  EXPECT_EQ(response->failed_count(), 1);
}

TEST_F(EdxAdapterTest, DoesNotReportFailureForARevocationThatTheGatewayCalls400) {
  Expect("POST", kRevokePath, 400,
         R"({"successful_revocations": [{"license_uuid": "l", "original_status": "assigned",
                                         "user_email": "a@example.com"}],
             "unsuccessful_revocations": []})");
  const auto response = Run(ports_.revoke_licenses, RevokeCall("a@example.com"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->results(0).outcome(), v1::LICENSE_OUTCOME_REVOKED);
}

TEST_F(EdxAdapterTest, FailsWhereNoLicenseCouldBeRevoked) {
  Expect("POST", kRevokePath, 404,
         R"({"successful_revocations": [], "unsuccessful_revocations": [
             {"error": "none", "error_response_status": 404, "user_email": "a@example.com"}]})");
  const absl::Status none = Run(ports_.revoke_licenses, RevokeCall("a@example.com")).status();
  EXPECT_EQ(none.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(DetailOf<google::rpc::ResourceInfo>(none).resource_type(), "edugate/License");
  EXPECT_EQ(DetailOf<google::rpc::ResourceInfo>(none).resource_name(),
            "connections/acme/subscriptionPlans/p1/licenses/-");

  for (const char* body :
       {R"({"detail": "Not found."})", R"("No SubscriptionPlan identified by p1 exists")"}) {
    Expect("POST", kRevokePath, 404, body);
    const absl::Status no_plan = Run(ports_.revoke_licenses, RevokeCall("a@example.com")).status();
    EXPECT_EQ(DetailOf<google::rpc::ResourceInfo>(no_plan).resource_type(),
              "edugate/SubscriptionPlan")
        << body;
    EXPECT_EQ(DetailOf<google::rpc::ResourceInfo>(no_plan).resource_name(),
              "connections/acme/subscriptionPlans/p1")
        << body;
  }
}

TEST_F(EdxAdapterTest, WritesConditionsAsDocumentedWhereTheServiceDoesNotTakeItsOwnForm) {
  Routed<v1::RevokeLicensesRequest> call{{"acme", {"p1"}}, {}};
  call.request.set_email_contains("al");
  Expect("POST", kRevokePath, 400, R"("Malformed filters in request")");
  Expect("POST", kRevokePath, 204, "", "");
  EXPECT_TRUE(Run(ports_.revoke_licenses, call).ok());
  ASSERT_THAT(http_.requests(), SizeIs(2));
  EXPECT_EQ(http_.requests()[0].body, R"({"filters":[{"name":"user_email","filter_value":"al"}]})");
  EXPECT_EQ(http_.requests()[1].body, R"({"filters":[{"user_email":"al"}]})");
}

TEST_F(EdxAdapterTest, AllocatesAssignments) {
  Routed<v1::AllocateAssignmentsRequest> call{{"acme", {"po1"}}, {}};
  call.request.add_learner_emails("Ann@example.com");
  call.request.set_content_key("edX+DemoX");
  call.request.set_content_price_cents(1000);
  Expect("POST", "/enterprise/v1/policy-allocation/po1/allocate/", 202,
         R"({"updated": [], "created": [{"uuid": "a1", "assignment_configuration": "ac1",
             "content_quantity": -1000, "state": "allocated"}], "no_change": []})");
  const auto response = Run(ports_.allocate_assignments, call);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->created(0).name(),
            "connections/acme/assignmentConfigurations/ac1/assignments/a1");
  EXPECT_EQ(
      last_request().body,
      R"({"learner_emails":["ann@example.com"],"content_key":"edX+DemoX","content_price_cents":1000})");
}

TEST_F(EdxAdapterTest, DoesNotTakeAssignmentsThatItCannotReadForNone) {
  Routed<v1::AllocateAssignmentsRequest> call{{"acme", {"po1"}}, {}};
  call.request.add_learner_emails("a@example.com");
  call.request.set_content_key("k");
  constexpr char kPath[] = "/enterprise/v1/policy-allocation/po1/allocate/";
  for (const char* body : {R"({"updated": 0, "created": 1, "no_change": []})",
                           R"({"updated": [], "created": ["a1"], "no_change": []})",
                           R"({"updated": [], "created": [], "no_change": {"a1": 1}})"}) {
    Expect("POST", kPath, 202, body);
    EXPECT_EQ(errors::ReasonOf(Run(ports_.allocate_assignments, call).status()),
              v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID)
        << body;
  }
  for (const char* body : {R"({"updated": null, "created": [null], "no_change": [{"uuid": "a1"}]})",
                           R"({"updated": 0, "created": 0, "no_change": [{"uuid": "a1"}]})"}) {
    Expect("POST", kPath, 202, body);
    const auto response = Run(ports_.allocate_assignments, call);
    ASSERT_TRUE(response.ok()) << body << response.status();
    EXPECT_EQ(response->no_change_size(), 1) << body;
  }
}

TEST_F(EdxAdapterTest, PassesOnWhyAnAllocationIsNotAllowed) {
  Routed<v1::AllocateAssignmentsRequest> call{{"acme", {"po1"}}, {}};
  call.request.add_learner_emails("a@example.com");
  call.request.set_content_key("k");
  Expect(
      "POST", "/enterprise/v1/policy-allocation/po1/allocate/", 422,
      R"([{"reason": "content_not_in_catalog", "user_message": "private", "policy_uuids": []}])");
  const absl::Status status = Run(ports_.allocate_assignments, call).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_PROVIDER_PRECONDITION);
  const std::string all = errors::ToRpcStatus(status).SerializeAsString();
  EXPECT_TRUE(absl::StrContains(all, "content_not_in_catalog"));
  EXPECT_FALSE(absl::StrContains(all, "private"));
}

TEST_F(EdxAdapterTest, RemindsAndCancelsByRepliesWithoutBody) {
  Routed<v1::RemindAssignmentsRequest> remind{{"acme", {"ac1"}}, {}};
  remind.request.add_assignments("a1");
  remind.request.add_assignments("connections/acme/assignmentConfigurations/ac1/assignments/a2");
  Expect("POST", "/enterprise/v1/assignment-configurations/ac1/admin/assignments/remind/", 200, "",
         "");
  const auto reminded = Run(ports_.remind_assignments, remind);
  ASSERT_TRUE(reminded.ok()) << reminded.status();
  EXPECT_EQ(reminded->assignment_count(), 2);
  EXPECT_EQ(last_request().body, R"({"assignment_uuids":["a1","a2"]})");

  Routed<v1::CancelAssignmentsRequest> cancel{{"acme", {"ac1"}}, {}};
  cancel.request.add_assignments("a1");
  Expect("POST", "/enterprise/v1/assignment-configurations/ac1/admin/assignments/cancel/", 422, "",
         "");
  EXPECT_EQ(errors::ReasonOf(Run(ports_.cancel_assignments, cancel).status()),
            v1::ERROR_REASON_PROVIDER_PRECONDITION);
}

TEST_F(EdxAdapterTest, EnrollsInBulk) {
  Routed<v1::BulkEnrollRequest> call{{"acme", {}}, {}};
  call.request.add_learner_emails("Ann@example.com");
  call.request.add_course_run_keys("course-v1:edX+DemoX+2T");
  Expect("POST", "/enterprise/v1/bulk-license-enrollment?enterprise_customer_uuid=e1", 201,
         R"({"job_id": "j1"})");
  const auto response = Run(ports_.bulk_enroll, call);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->job_id(), "j1");
  EXPECT_EQ(response->enrollment_count(), 1);
  EXPECT_EQ(
      last_request().body,
      R"({"emails":["ann@example.com"],"course_run_keys":["course-v1:edX+DemoX+2T"],"notify":false})");
}

TEST_F(EdxAdapterTest, DoesNotCallEdxBeyondTheLimitOfBulkEnrollment) {
  Use({.enterprise_customer_uuid = "e1", .bulk_enrollment_limit = 1});
  Routed<v1::BulkEnrollRequest> call{{"acme", {}}, {}};
  call.request.add_learner_emails("a@example.com");
  call.request.add_learner_emails("b@example.com");
  call.request.add_course_run_keys("r");
  EXPECT_EQ(errors::ReasonOf(Run(ports_.bulk_enroll, call).status()),
            v1::ERROR_REASON_ARGUMENT_INVALID);
  EXPECT_THAT(http_.requests(), IsEmpty());
}

TEST_F(EdxAdapterTest, DoesNotCallEdxToValidateOnly) {
  Routed<v1::AssignLicensesRequest> assign{{"acme", {"p1"}}, {}};
  assign.request.set_validate_only(true);
  EXPECT_FALSE(Run(ports_.assign_licenses, assign).ok());
  assign.request.add_learner_emails("a@example.com");
  EXPECT_TRUE(Run(ports_.assign_licenses, assign).ok());

  Routed<v1::RevokeLicensesRequest> revoke = RevokeCall("a@example.com");
  revoke.request.set_validate_only(true);
  EXPECT_TRUE(Run(ports_.revoke_licenses, revoke).ok());

  Routed<v1::AllocateAssignmentsRequest> allocate{{"acme", {"po1"}}, {}};
  allocate.request.set_validate_only(true);
  allocate.request.add_learner_emails("a@example.com");
  allocate.request.set_content_key("k");
  EXPECT_TRUE(Run(ports_.allocate_assignments, allocate).ok());

  Routed<v1::RemindAssignmentsRequest> remind{{"acme", {"ac1"}}, {}};
  remind.request.set_validate_only(true);
  remind.request.add_assignments("a1");
  EXPECT_EQ(Run(ports_.remind_assignments, remind)->assignment_count(), 0);

  Routed<v1::CancelAssignmentsRequest> cancel{{"acme", {"ac1"}}, {}};
  cancel.request.set_validate_only(true);
  cancel.request.add_assignments("a1");
  EXPECT_EQ(Run(ports_.cancel_assignments, cancel)->assignment_count(), 0);

  Routed<v1::BulkEnrollRequest> enroll{{"acme", {}}, {}};
  enroll.request.set_validate_only(true);
  enroll.request.add_learner_emails("a@example.com");
  enroll.request.add_course_run_keys("r");
  EXPECT_EQ(Run(ports_.bulk_enroll, enroll)->job_id(), "");
  EXPECT_THAT(http_.requests(), IsEmpty());
}

TEST_F(EdxAdapterTest, DoesNotKnowWhatBecameOfAWriteWithoutAnAnswer) {
  Routed<v1::BulkEnrollRequest> call{{"acme", {}}, {}};
  call.request.add_learner_emails("a@example.com");
  call.request.add_course_run_keys("r");
  http_.Expect(
      "POST",
      absl::StrCat(kBase, "/enterprise/v1/bulk-license-enrollment?enterprise_customer_uuid=e1"),
      http::NoAnswer(http::Failure::kReset, /*request_sent=*/true));
  EXPECT_EQ(errors::ReasonOf(Run(ports_.bulk_enroll, call).status()),
            v1::ERROR_REASON_WRITE_OUTCOME_UNKNOWN);
}

}  // namespace
}  // namespace edugate::adapters
