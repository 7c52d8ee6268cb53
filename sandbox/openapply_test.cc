#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "sandbox/sandbox.h"
#include "sandbox/test_client.h"

namespace edugate::sandbox {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Pair;

// The vendor's page "Reenrollments": the reply to "Get all Student's Reenrollments", as printed.
constexpr char kDocumentedStudentList[] = R"json({
  "reenrollments": [
    {
      "id": 59,
      "created_at": "2015-09-07T02:13:29.000Z",
      "updated_at": "2015-09-07T02:13:29.000Z",
      "deleted_at": null,
      "form": {
        "id": 59
      },
      "student": {
        "id": 11,
        "custom_id": "10",
        "application_id": "00000010",
        "serial_number": 10,
        "status": "Enrolled",
        "status_level": null
      },
      "status": {
        "name": "Confirmed",
        "updated_at": "2015-09-07T02:13:29.000Z"
      },
      "year": 2019,
      "grade": 9,
      "active": true,
      "acceptance_date": "2014-03-13",
      "fee": {
        "amount": "550.0"
      },
      "ignored_deadline": false
    }
  ],
  "meta": {
    "page": 1,
    "pages": 1,
    "per_page": 50
  }
})json";

// The same page: the reply to "Get All Reenrollments".
constexpr char kDocumentedList[] = R"json({
  "reenrollments": [
    {
      "id": 138,
      "created_at": "2016-06-12T00:00:00.000Z",
      "updated_at": "2016-06-12T00:00:00.000Z",
      "deleted_at": null,
      "form": {
        "id": 138
      },
      "student": {
        "id": 459,
        "custom_id": "314",
        "application_id": "00000314",
        "serial_number": 314,
        "status": "Enrolled",
        "status_level": null
      },
      "status": {
        "name": "Pending",
        "updated_at": "2016-06-12T00:00:00.000Z"
      },
      "year": 2019,
      "grade": 9,
      "active": true,
      "acceptance_date": "2017-06-12",
      "fee": {
        "amount": "550.0"
      },
      "ignored_deadline": false
    },
    {
      "id": 141,
      "created_at": "2016-06-25T00:00:00.000Z",
      "updated_at": "2016-06-25T00:00:00.000Z",
      "deleted_at": null,
      "form": {
        "id": 141
      },
      "student": {
        "id": 460,
        "custom_id": "315",
        "application_id": "00000315",
        "serial_number": 315,
        "status": "Enrolled",
        "status_level": null
      },
      "status": {
        "name": "Pending",
        "updated_at": "2016-06-25T00:00:00.000Z"
      },
      "year": 2019,
      "grade": 9,
      "active": true,
      "acceptance_date": "2017-06-25",
      "fee": {
        "amount": "550.0"
      },
      "ignored_deadline": false
    }
  ],
  "meta": {
    "page": 1,
    "pages": 1,
    "per_page": 50
  }
})json";

Json Parsed(const Answer& answer) {
  return Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
}

class OpenApplyTest : public ::testing::Test {
 protected:
  OpenApplyTest() {
    Options options;
    options.now = [this] { return now_; };
    sandbox_ = *Sandbox::Start(options);
    client_ = std::make_unique<TestClient>(sandbox_->port());
  }

  Answer Send(const std::string& method, const std::string& target, const std::string& body = "") {
    return client_->Send(method, "/openapply" + target,
                         {{"Authorization", absl::StrCat("Bearer ", kOpenApplyToken)}}, body);
  }
  Json Get(const std::string& target) { return Parsed(Send("GET", target)); }

  Answer AskForToken(const std::string& secret,
                     const std::string& form = "grant_type=client_credentials") {
    const std::string basic = absl::Base64Escape(absl::StrCat(kOpenApplyClientId, ":", secret));
    return client_->Send("POST", "/openapply/oauth/token", {{"Authorization", "Basic " + basic}},
                         form, "application/x-www-form-urlencoded");
  }

  absl::Time now_ = absl::FromUnixSeconds(1800000000);
  std::unique_ptr<Sandbox> sandbox_;
  std::unique_ptr<TestClient> client_;
};

TEST_F(OpenApplyTest, AnswersTheDocumentedListOfAStudentToTheByteBesideWhiteSpace) {
  const Answer answer = Send("GET", "/api/v3/students/11/reenrollments");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "application/json; charset=utf-8");
  EXPECT_EQ(answer.body, Json::parse(kDocumentedStudentList).dump());
}

TEST_F(OpenApplyTest, AnswersTheDocumentedListToTheByteBesideWhiteSpace) {
  EXPECT_EQ(Send("GET", "/api/v3/reenrollments?status=Pending&year=2019").body,
            Json::parse(kDocumentedList).dump());
}

TEST_F(OpenApplyTest, WalksAllRecordsOnceWithFiftyAPageByDefault) {
  std::set<int64_t> ids;
  size_t records = 0;
  int64_t pages = 1;
  for (int64_t page = 1; page <= pages; ++page) {
    const Json answer = Get(absl::StrCat("/api/v3/reenrollments?page=", page));
    EXPECT_EQ(answer["meta"]["page"], page);
    EXPECT_EQ(answer["meta"]["per_page"], 50);
    pages = answer["meta"]["pages"].get<int64_t>();
    if (page < pages) EXPECT_EQ(answer["reenrollments"].size(), 50u);
    records += answer["reenrollments"].size();
    for (const Json& record : answer["reenrollments"]) ids.insert(record["id"].get<int64_t>());
  }
  EXPECT_EQ(pages, 7);
  EXPECT_EQ(records, 315u);
  EXPECT_EQ(ids.size(), records);
  EXPECT_THAT(ids, AllOf(Contains(59), Contains(138), Contains(141), Contains(9007199254740993)));
}

TEST_F(OpenApplyTest, SaysPerPageAsTextWhenTheClientSentIt) {
  const Json answer = Get("/api/v3/reenrollments?per_page=3&page=2");
  EXPECT_EQ(answer["meta"].dump(), R"({"page":2,"pages":105,"per_page":"3"})");
  EXPECT_EQ(answer["reenrollments"].size(), 3u);
}

TEST_F(OpenApplyTest, TakesCountForPerPage) {
  EXPECT_EQ(Get("/api/v3/reenrollments?count=7")["reenrollments"].size(), 7u);
}

TEST_F(OpenApplyTest, CapsAnOversizedPage) {
  const Json answer = Get("/api/v3/reenrollments?per_page=5000");
  EXPECT_EQ(answer["reenrollments"].size(), 200u);
  EXPECT_EQ(answer["meta"].dump(), R"({"page":1,"pages":2,"per_page":"200"})");
}

TEST_F(OpenApplyTest, RefusesAPageThatIsNoPositiveNumber) {
  EXPECT_EQ(Send("GET", "/api/v3/reenrollments?page=0").status, 400);
  EXPECT_EQ(Send("GET", "/api/v3/reenrollments?page=-1").status, 400);
  EXPECT_EQ(Send("GET", "/api/v3/reenrollments?per_page=0").status, 400);
  EXPECT_EQ(Send("GET", "/api/v3/reenrollments?per_page=many").status, 400);
}

TEST_F(OpenApplyTest, AnswersAPagePastTheEndWithAnEmptyListAndMeta) {
  const Answer answer = Send("GET", "/api/v3/reenrollments?page=99");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"reenrollments":[],"meta":{"page":99,"pages":7,"per_page":50}})");
}

TEST_F(OpenApplyTest, GivesFewerRecordsThanAskedWhenSetToAndSaysSoInMeta) {
  ProviderSettings settings;
  settings.max_per_page = 20;
  ASSERT_TRUE(sandbox_->SetSettings("openapply", settings).ok());
  const Json answer = Get("/api/v3/reenrollments?per_page=100");
  EXPECT_EQ(answer["reenrollments"].size(), 20u);
  EXPECT_EQ(answer["meta"].dump(), R"({"page":1,"pages":16,"per_page":"20"})");
}

TEST_F(OpenApplyTest, AnswersAnUnknownStatusLabelWithAnEmptyList) {
  const Answer answer = Send("GET", "/api/v3/reenrollments?status=Nonsense");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(Parsed(answer)["reenrollments"], IsEmpty());
}

TEST_F(OpenApplyTest, FiltersByYearDecisionDateAndEncodedLabel) {
  EXPECT_EQ(Get("/api/v3/reenrollments?year=2026&per_page=200")["reenrollments"].size(), 60u);
  const Json decided = Get("/api/v3/reenrollments?decision_date=2017-06-12");
  ASSERT_EQ(decided["reenrollments"].size(), 1u);
  EXPECT_EQ(decided["reenrollments"][0]["id"], 138);
  const Json labelled = Get("/api/v3/reenrollments?status=S%C3%AD%2C+contin%C3%BAa");
  ASSERT_FALSE(labelled["reenrollments"].empty());
  for (const Json& record : labelled["reenrollments"])
    EXPECT_EQ(record["status"]["name"], "Sí, continúa");
}

TEST_F(OpenApplyTest, ListsSeveralYearsOfAStudent) {
  EXPECT_EQ(Get("/api/v3/students/501/reenrollments")["reenrollments"].size(), 5u);
  EXPECT_EQ(Get("/api/v3/students/501/reenrollments?year=2025")["reenrollments"].size(), 1u);
  EXPECT_EQ(Send("GET", "/api/v3/students/1/reenrollments").status, 404);
}

TEST_F(OpenApplyTest, HoldsTheOddRecords) {
  std::map<int64_t, Json> records;
  const Json list = Get("/api/v3/reenrollments?year=2022");
  for (const Json& record : list["reenrollments"]) {
    records[record["id"].get<int64_t>()] = record;
  }
  EXPECT_TRUE(records[201]["fee"].is_null());
  EXPECT_EQ(records[202]["grade"], "K");
  EXPECT_EQ(records[203]["deleted_at"], "2022-03-01T08:00:00.000Z");
  EXPECT_TRUE(records[204].contains("sibling_discount"));
  EXPECT_EQ(records[205]["updated_at"], "2021-06-21T17:51:52.000+08:00");
  EXPECT_EQ(records[206]["status"]["name"], "Sí, continúa — 来年");
  EXPECT_TRUE(records[208]["acceptance_date"].is_null());
  EXPECT_TRUE(records[210]["fee"]["amount"].is_number_float());
  EXPECT_FALSE(records[211].contains("fee"));
}

TEST_F(OpenApplyTest, AppliesAnUpdateAndKeepsIt) {
  const Answer answer =
      Send("PUT", "/api/v3/reenrollments/59",
           R"({"status": "Confirmed", "grade": 10, "status_updated_at": "2023-10-01T00:00:00Z"})");
  EXPECT_EQ(answer.status, 200);
  Json expected = Json::parse(kDocumentedStudentList)["reenrollments"][0];
  expected["updated_at"] = "2027-01-15T08:00:00.000Z";
  expected["status"]["updated_at"] = "2023-10-01T00:00:00.000Z";
  expected["grade"] = 10;
  EXPECT_EQ(answer.body, absl::StrCat("{\"reenrollment\":", expected.dump(), "}"));
  EXPECT_EQ(Get("/api/v3/students/11/reenrollments")["reenrollments"][0], expected);

  sandbox_->Reset();
  EXPECT_EQ(Get("/api/v3/students/11/reenrollments")["reenrollments"][0]["grade"], 9);
}

TEST_F(OpenApplyTest, MovesARecordToTheListOfItsNewLabel) {
  EXPECT_EQ(Send("PUT", "/api/v3/reenrollments/138", R"({"status":"Waiting for visa"})").status,
            200);
  const Json found = Get("/api/v3/reenrollments?status=Waiting%20for%20visa");
  ASSERT_EQ(found["reenrollments"].size(), 1u);
  EXPECT_EQ(found["reenrollments"][0]["status"]["updated_at"], "2027-01-15T08:00:00.000Z");
}

TEST_F(OpenApplyTest, KeepsALockedGradeInTheEcho) {
  const Json answer = Parsed(Send("PUT", "/api/v3/reenrollments/207", R"({"grade":11})"));
  EXPECT_EQ(answer["reenrollment"]["grade"], 9);
}

TEST_F(OpenApplyTest, RefusesABadUpdateWith422) {
  for (const char* body :
       {"", "[]", "not json", "{}", R"({"reenrollment":{"grade":10}})", R"({"grade":"10"})",
        R"({"status":""})", R"({"status":7})", R"({"status_updated_at":"soon"})"}) {
    const Answer answer = Send("PUT", "/api/v3/reenrollments/59", body);
    EXPECT_EQ(answer.status, 422) << body;
    EXPECT_TRUE(Parsed(answer)["error"].is_string()) << body;
  }
  EXPECT_EQ(Get("/api/v3/students/11/reenrollments")["reenrollments"][0]["updated_at"],
            "2015-09-07T02:13:29.000Z");
}

TEST_F(OpenApplyTest, AnswersUnknownIdsAndPathsWith404AndWrongVerbsWith405) {
  EXPECT_EQ(Send("PUT", "/api/v3/reenrollments/5", R"({"grade":10})").status, 404);
  EXPECT_EQ(Send("PUT", "/api/v3/reenrollments/abc", R"({"grade":10})").status, 404);
  const Answer unknown = Send("GET", "/api/v3/teachers");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_TRUE(Parsed(unknown)["error"].is_string());
  EXPECT_EQ(Send("POST", "/api/v3/reenrollments", "{}").status, 405);
}

TEST_F(OpenApplyTest, RefusesAWrongOrMissingToken) {
  for (const Headers& headers :
       std::vector<Headers>{{},
                            {{"Authorization", "Bearer wrong"}},
                            {{"Authorization", kOpenApplyToken}},
                            {{"Authorization", absl::StrCat("JWT ", kOpenApplyToken)}},
                            {{"api_key", kOpenApplyToken}}}) {
    const Answer answer = client_->Send("GET", "/openapply/api/v3/reenrollments", headers);
    EXPECT_EQ(answer.status, 401);
    EXPECT_TRUE(Parsed(answer)["error"].is_string());
  }
}

TEST_F(OpenApplyTest, IssuesATokenThatIsAcceptedUntilItExpires) {
  const Answer issued = AskForToken(kOpenApplyClientSecret);
  ASSERT_EQ(issued.status, 200);
  const Json token = Parsed(issued);
  EXPECT_EQ(token["token_type"], "Bearer");
  EXPECT_EQ(token["expires_in"], 2629745);
  EXPECT_EQ(token["created_at"], 1800000000);

  const Headers headers = {{"Authorization", "Bearer " + token["access_token"].get<std::string>()}};
  EXPECT_EQ(client_->Send("GET", "/openapply/api/v3/reenrollments", headers).status, 200);
  now_ += absl::Seconds(2629745);
  EXPECT_EQ(client_->Send("GET", "/openapply/api/v3/reenrollments", headers).status, 401);
}

TEST_F(OpenApplyTest, RefusesATokenRequestWithAWrongSecretOrGrant) {
  const Answer wrong_secret = AskForToken("wrong");
  EXPECT_EQ(wrong_secret.status, 401);
  EXPECT_EQ(Parsed(wrong_secret)["error"], "invalid_client");
  const Answer wrong_grant = AskForToken(kOpenApplyClientSecret, "grant_type=password");
  EXPECT_EQ(wrong_grant.status, 400);
  EXPECT_EQ(Parsed(wrong_grant)["error"], "unsupported_grant_type");
}

TEST_F(OpenApplyTest, LimitsRequestsInAPeriodWhenSetTo) {
  ProviderSettings settings;
  settings.rate_limit = {.requests = 2, .period = absl::Seconds(60)};
  ASSERT_TRUE(sandbox_->SetSettings("openapply", settings).ok());
  EXPECT_EQ(Send("GET", "/api/v3/reenrollments").status, 200);
  now_ += absl::Seconds(10);
  EXPECT_EQ(Send("GET", "/api/v3/students/11/reenrollments").status, 200);

  const Answer limited = Send("GET", "/api/v3/reenrollments");
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.body, R"({"error":"Rate limit reached. Retry later."})");
  EXPECT_THAT(limited.headers, AllOf(Contains(Pair("x-ratelimit-limit", "2")),
                                     Contains(Pair("x-ratelimit-period", "60")),
                                     Contains(Pair("x-ratelimit-reset", "1800000060"))));
  EXPECT_EQ(limited.headers.count("retry-after"), 0u);

  now_ += absl::Seconds(50);
  EXPECT_EQ(Send("GET", "/api/v3/reenrollments").status, 200);
}

}  // namespace
}  // namespace edugate::sandbox
