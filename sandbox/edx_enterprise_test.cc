#include "sandbox/edx_enterprise.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "sandbox/edx_enterprise_records.h"
#include "sandbox/edx_enterprise_rendering.h"
#include "sandbox/sandbox.h"
#include "sandbox/test_client.h"

namespace edugate::sandbox {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kCatalog[] =
    "/enterprise/v2/enterprise-catalogs/3f56a21c-76c8-47c0-add8-a99714d40d94";
constexpr char kPlan[] =
    "/enterprise/v1/subscriptions/104b1785-1d3a-1000-148d-1ae7a56e6355/licenses/";
constexpr char kSmallPlan[] =
    "/enterprise/v1/subscriptions/204b1785-1d3a-1000-148d-1ae7a56e6355/licenses/";
constexpr char kCustomer[] = "904b1785-9d3a-1000-848d-6ae7a56e6355";
constexpr char kAllocate[] =
    "/enterprise/v1/policy-allocation/904b1785-9d3a-1000-848d-6ae7a56e6355/allocate/";
constexpr char kAssignments[] =
    "/enterprise/v1/assignment-configurations/6fc7ef56-d1c4-4aa8-a649-e6eb209f0000/admin/"
    "assignments/";

Json Parsed(const Answer& answer) {
  return Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
}

class EdxEnterpriseTest : public ::testing::Test {
 protected:
  EdxEnterpriseTest() {
    Options options;
    options.now = [this] { return now_; };
    sandbox_ = *Sandbox::Start(options);
    client_ = std::make_unique<TestClient>(sandbox_->port());
    token_ = Parsed(AskForToken())["access_token"].get<std::string>();
  }

  Answer AskForToken(const std::string& secret = kEdxClientSecret,
                     const std::string& type = "&token_type=jwt") {
    return client_->Send("POST", "/edx_enterprise/oauth2/v1/access_token", {},
                         absl::StrCat("grant_type=client_credentials&client_id=", kEdxClientId,
                                      "&client_secret=", secret, type),
                         "application/x-www-form-urlencoded");
  }

  Answer Send(const std::string& method, const std::string& target, const std::string& body = "",
              const std::string& accept = "application/json") {
    return client_->Send(method, "/edx_enterprise" + target,
                         {{"Authorization", "JWT " + token_}, {"Accept", accept}}, body);
  }
  Json Get(const std::string& target) { return Parsed(Send("GET", target)); }

  absl::Time now_ = absl::FromUnixSeconds(1800000000);
  std::unique_ptr<Sandbox> sandbox_;
  std::unique_ptr<TestClient> client_;
  std::string token_;
};

TEST_F(EdxEnterpriseTest, IssuesTokensThatExpire) {
  const Json token = Parsed(AskForToken());
  EXPECT_EQ(token["token_type"], "JWT");
  EXPECT_EQ(token["expires_in"], 3600);
  EXPECT_EQ(Send("GET", "/enterprise/v2/enterprise-catalogs").status, 200);
  now_ += absl::Hours(1);
  EXPECT_EQ(Send("GET", "/enterprise/v2/enterprise-catalogs").status, 401);
  ProviderSettings settings;
  settings.token_lifetime = absl::Seconds(5);
  ASSERT_TRUE(sandbox_->SetSettings("edx_enterprise", settings).ok());
  EXPECT_EQ(Parsed(AskForToken())["expires_in"], 5);
}

TEST_F(EdxEnterpriseTest, TakesOnlyJwtsOfTheRightClient) {
  EXPECT_EQ(AskForToken("wrong").status, 401);
  token_ = Parsed(AskForToken(kEdxClientSecret, ""))["access_token"].get<std::string>();
  EXPECT_EQ(Send("GET", "/enterprise/v2/enterprise-catalogs").status, 401);
  const Answer none = client_->Send("GET", "/edx_enterprise/enterprise/v2/enterprise-catalogs");
  EXPECT_EQ(none.status, 400);
  EXPECT_THAT(none.body, HasSubstr("Authorization"));
}

TEST_F(EdxEnterpriseTest, AnswersTheDocumentedRecordsByteForByte) {
  EXPECT_EQ(Send("GET", absl::StrCat(kCatalog, "/courses/edx%2Btr1012")).body, kDocumentedCourse);
  EXPECT_EQ(
      Send("GET", absl::StrCat(kCatalog, "/course-runs/course-v1%3AHarvardX%2BFIH%2B3T2023")).body,
      kDocumentedCourseRun);
  EXPECT_EQ(
      Send("GET", absl::StrCat(kCatalog, "/programs/fcfe93c3-9123-4a58-a190-8614c96b8eab")).body,
      kDocumentedProgram);
}

TEST_F(EdxEnterpriseTest, AnswersAGeneratedRecordOfEachKind) {
  EXPECT_EQ(Get(absl::StrCat(kCatalog, "/courses/SandX+C001"))["key"], "SandX+C001");
  EXPECT_EQ(Get(absl::StrCat(kCatalog, "/course-runs/course-v1:SandX+C008+1T2027"))["course"],
            "SandX+C008");
  EXPECT_EQ(Send("GET", absl::StrCat(kCatalog, "/courses/none")).status, 404);
}

TEST_F(EdxEnterpriseTest, RendersXmlWhereAskedAndRefusesTextXml) {
  const Answer xml =
      Send("GET", absl::StrCat(kCatalog, "/courses/edx+tr1012"), "", "application/xml");
  EXPECT_EQ(xml.content_type, "application/xml; charset=utf-8");
  EXPECT_THAT(xml.body,
              StartsWith("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<root><key>edx+tr1012"
                         "</key>"));
  EXPECT_EQ(Send("GET", kCatalog, "", "text/xml").status, 406);
  const Answer error = Send("GET", absl::StrCat(kCatalog, "/courses/none"), "", "application/xml");
  EXPECT_THAT(error.body, HasSubstr("<root><detail>Not found.</detail></root>"));
  EXPECT_EQ(Send("GET", kCatalog, "", "application/xml, application/json").content_type,
            "application/json; charset=utf-8");
  EXPECT_EQ(Send("GET", "/enterprise/v1/subscriptions", "", "application/xml").content_type,
            "application/json; charset=utf-8");
}

TEST_F(EdxEnterpriseTest, RendersXmlAsTheCatalogServicesDo) {
  EXPECT_EQ(edx::RenderXml(Json::parse(R"({"a": null, "b": "", "c": [], "d": {}, "e": [true, 0.93],
                                      "f": "<p>x & \"y\"</p>"})")),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<root><a></a><b></b><c></c><d></d>"
            "<e><list-item>True</list-item><list-item>0.93</list-item></e>"
            "<f>&lt;p&gt;x &amp; \"y\"&lt;/p&gt;</f></root>");
}

TEST_F(EdxEnterpriseTest, WalksACatalogOverAnEmptyPageWithACountThatIsTooHigh) {
  std::set<std::string> kinds;
  size_t items = 0;
  int empty_pages = 0;
  int page = 1;
  for (;; ++page) {
    const Json answer = Get(absl::StrCat(kCatalog, "?page=", page, "&page_size=100"));
    EXPECT_EQ(answer["count"], 420);
    items += answer["results"].size();
    empty_pages += answer["results"].empty();
    for (const Json& item : answer["results"]) kinds.insert(item["content_type"]);
    if (answer["next"] == "") break;
    EXPECT_EQ(answer["next"],
              absl::StrCat("https://api.edx.org", kCatalog, "?page=", page + 1, "&page_size=100"));
  }
  EXPECT_EQ(page, 5);
  EXPECT_EQ(items, 320u);
  EXPECT_EQ(empty_pages, 1);
  EXPECT_THAT(kinds, SizeIs(3));
}

TEST_F(EdxEnterpriseTest, CapsAPageSizeAndRefusesAPagePastTheEnd) {
  EXPECT_THAT(Get(absl::StrCat(kCatalog, "?page_size=1000"))["results"], SizeIs(100));
  EXPECT_THAT(Get(kCatalog)["results"], SizeIs(10));
  for (const char* page : {"6", "0", "x"}) {
    const Answer answer = Send("GET", absl::StrCat(kCatalog, "?page_size=100&page=", page));
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(Parsed(answer)["detail"], "Invalid page.");
  }
}

TEST_F(EdxEnterpriseTest, ChangesLicensesByAssigningAndRevoking) {
  const Json assigned =
      Parsed(Send("POST", absl::StrCat(kPlan, "assign"),
                  R"({"user_emails": ["B@example.com", "a@example.com", "b@example.com"]})"));
  EXPECT_EQ(assigned["num_successful_assignments"], 2);
  EXPECT_EQ(assigned["license_assignments"][0]["user_email"], "b@example.com");
  EXPECT_EQ(Get("/enterprise/v1/subscriptions")["results"][0]["licenses"]["assigned"], 2);

  const Json again =
      Parsed(Send("POST", absl::StrCat(kPlan, "assign"), R"({"user_emails": ["a@example.com"]})"));
  EXPECT_EQ(again["num_already_associated"], 1);
  EXPECT_THAT(again["license_assignments"], IsEmpty());

  const Answer mixed = Send("POST", absl::StrCat(kPlan, "bulk-revoke"),
                            R"({"user_emails": ["a@example.com", "none@example.com"]})");
  EXPECT_EQ(mixed.status, 207);
  EXPECT_EQ(Parsed(mixed)["unsuccessful_revocations"][0]["error_response_status"], 404);
  EXPECT_EQ(Get("/enterprise/v1/subscriptions")["results"][0]["licenses"]["revoked"], 1);
  EXPECT_EQ(
      Send("POST", absl::StrCat(kPlan, "bulk-revoke"), R"({"user_emails": ["a@example.com"]})")
          .status,
      404);
}

TEST_F(EdxEnterpriseTest, RevokesByNamedConditionsOnly) {
  Send("POST", absl::StrCat(kPlan, "assign"), R"({"user_emails": ["al@example.com"]})");
  const Answer documented =
      Send("POST", absl::StrCat(kPlan, "bulk-revoke"), R"({"filters": [{"user_email": "al"}]})");
  EXPECT_EQ(documented.status, 400);
  EXPECT_THAT(documented.body, HasSubstr("Malformed filters"));
  const Json named = Parsed(Send("POST", absl::StrCat(kPlan, "bulk-revoke"),
                                 R"({"filters": [{"name": "user_email", "filter_value": "al"},
                           {"name": "status_in", "filter_value": ["assigned", "activated"]}]})"));
  EXPECT_THAT(named["successful_revocations"], SizeIs(1));
}

TEST_F(EdxEnterpriseTest, SpeaksTheDialectsOfFailure) {
  EXPECT_EQ(
      Send("POST", absl::StrCat(kSmallPlan, "assign"), R"({"user_emails": ["a@x", "b@x", "c@x"]})")
          .body,
      R"("There are not enough licenses that can be assigned.")");
  EXPECT_EQ(Send("POST", absl::StrCat(kPlan, "assign"), R"({"user_emails": ["a@x", "b"]})").body,
            R"({"user_emails":{"1":["Enter a valid email address."]}})");
  EXPECT_EQ(Send("POST", "/enterprise/v1/subscriptions/plan-locked/licenses/assign", "{}").status,
            423);
  EXPECT_EQ(Send("POST", "/enterprise/v1/policy-allocation/policy-locked/allocate/", "{}").status,
            429);
  EXPECT_TRUE(
      Parsed(Send("POST", "/enterprise/v1/policy-allocation/policy-refuses/allocate/", "{}"))
          .is_array());
  const Answer outage = Send("GET", "/enterprise/v2/enterprise-catalogs/catalog-outage");
  EXPECT_EQ(outage.status, 400);
  EXPECT_EQ(outage.content_type, "text/html");
  EXPECT_EQ(Send("GET", "/enterprise/v9/nothing").status, 403);
  EXPECT_EQ(Send("PUT", kCatalog).status, 405);
}

TEST_F(EdxEnterpriseTest, ReportsADoneRevocationAs400OrWithoutBodyWhereAskedTo) {
  Send("POST", absl::StrCat(kPlan, "assign"),
       R"({"user_emails": ["a@example.com", "b@example.com"]})");
  const Answer masked =
      Send("POST", "/enterprise/v1/subscriptions/plan-masked/licenses/bulk-revoke",
           R"({"user_emails": ["a@example.com"]})");
  EXPECT_EQ(masked.status, 400);
  EXPECT_THAT(Parsed(masked)["successful_revocations"], SizeIs(1));
  const Answer silent =
      Send("POST", "/enterprise/v1/subscriptions/plan-silent/licenses/bulk-revoke",
           R"({"user_emails": ["b@example.com"]})");
  EXPECT_EQ(silent.status, 204);
  EXPECT_EQ(silent.body, "");
}

TEST_F(EdxEnterpriseTest, AllocatesRemindsAndCancels) {
  const std::string body =
      R"({"learner_emails": ["A@example.com"], "content_key": "SandX+C001", "content_price_cents": 1000})";
  const Answer allocated = Send("POST", kAllocate, body);
  EXPECT_EQ(allocated.status, 202);
  const Json assignment = Parsed(allocated)["created"][0];
  EXPECT_EQ(assignment["content_quantity"], -1000);
  EXPECT_THAT(Parsed(Send("POST", kAllocate, body))["no_change"], SizeIs(1));

  const std::string named = Json({{"assignment_uuids", Json::array({assignment["uuid"]})}}).dump();
  const Answer reminded = Send("POST", absl::StrCat(kAssignments, "remind/"), named);
  EXPECT_EQ(reminded.status, 200);
  EXPECT_EQ(reminded.body, "");
  EXPECT_EQ(Send("POST", absl::StrCat(kAssignments, "cancel/"), named).status, 200);
  EXPECT_EQ(
      Send("POST", absl::StrCat(kAssignments, "cancel/"), R"({"assignment_uuids": ["x"]})").status,
      422);
  EXPECT_THAT(Parsed(Send("POST", kAllocate, body))["updated"], SizeIs(1));
}

TEST_F(EdxEnterpriseTest, ListsAssignmentsByStatePageByPage) {
  EXPECT_THAT(Get(kAssignments)["results"], IsEmpty());
  const Json created = Parsed(Send("POST", kAllocate, R"({
      "learner_emails": ["a@example.com", "b@example.com", "c@example.com"],
      "content_key": "SandX+C001", "content_price_cents": 1000})"))["created"];
  Send("POST", absl::StrCat(kAssignments, "cancel/"),
       Json({{"assignment_uuids", Json::array({created[1]["uuid"]})}}).dump());

  const Json first = Get(absl::StrCat(kAssignments, "?state=allocated&page=1&page_size=1"));
  EXPECT_EQ(first["count"], 2);
  ASSERT_THAT(first["results"], SizeIs(1));
  EXPECT_EQ(first["results"][0]["uuid"], created[0]["uuid"]);
  EXPECT_EQ(first["results"][0]["learner_state"], "waiting");
  const std::string next = first["next"];
  const Json last = Get(absl::StrCat(kAssignments, next.substr(next.find('?'))));
  ASSERT_THAT(last["results"], SizeIs(1));
  EXPECT_EQ(last["results"][0]["uuid"], created[2]["uuid"]);
  EXPECT_TRUE(last["next"].is_null());
  EXPECT_EQ(Get(absl::StrCat(kAssignments, "?learner_email=b@example.com"))["results"][0]["state"],
            "cancelled");
  EXPECT_EQ(Send("GET", "/enterprise/v1/assignment-configurations/other/admin/assignments/").status,
            403);
}

TEST_F(EdxEnterpriseTest, EnrollsInBulkAndShowsItInTheLearnerSummary) {
  const std::string bulk = "/enterprise/v1/bulk-license-enrollment";
  EXPECT_EQ(Send("POST", bulk, "{}").status, 400);
  const Answer enrolled = Send(
      "POST", absl::StrCat(bulk, "?enterprise_customer_uuid=", kCustomer),
      R"({"emails": ["New@example.com"], "course_run_keys": ["course-v1:r"], "notify": false})");
  EXPECT_EQ(enrolled.status, 201);
  const std::string summary =
      absl::StrCat("/enterprise/v3/enterprise-customer/", kCustomer, "/learner-summary");
  const Json page = Get(summary + "?page_size=1000");
  EXPECT_EQ(page["count"], 121);
  EXPECT_EQ(page["next"], "");
  EXPECT_EQ(page["results"].back()["user_email"], "new@example.com");
  sandbox_->Reset();
  token_ = Parsed(AskForToken())["access_token"].get<std::string>();
  EXPECT_EQ(Get(summary)["count"], 120);
}

}  // namespace
}  // namespace edugate::sandbox
