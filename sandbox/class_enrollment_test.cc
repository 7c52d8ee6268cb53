#include <set>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "sandbox/sandbox.h"
#include "sandbox/test_client.h"

namespace edugate::sandbox {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::Contains;
using ::testing::IsEmpty;

// The example values of the vendor's page "Retrieve class enrollment information by id",
// CustomFields as printed.
constexpr char kDocumented[] = R"json({
  "Status": 0,
  "Error": null,
  "Results": [
    {
      "Id": 10,
      "ExternalId": "E3G5YZFREFEQ9371",
      "UserId": 897615,
      "ClassId": 4421,
      "EnrollmentStatusId": 60,
      "CompletionStatusId": 0,
      "LateCancel": false,
      "Retake": false,
      "LocationTypeId": 0,
      "ClassroomId": 3456,
      "HoursSpent": 20,
      "Grade": 10,
      "CustomFields": [ { "Name": "Unique Text", "TextValue": "AXY12345", "CustomFieldId": 5089 }, { "Name": "Unique Number", "TextValue": "44", "CustomFieldId": 5090 }, { "Name": "Dropdown-01", "TextValue": "Second Choice", "CustomFieldId": 5087 } ]
    }
  ]
})json";

class ClassEnrollmentTest : public ::testing::Test {
 protected:
  Answer Send(const std::string& target, const std::string& method = "GET",
              const std::string& form = "") {
    return client_.Send(method, "/class_enrollment/api/2.0" + target,
                        {{"api_key", kClassEnrollmentApiKey}}, form,
                        "application/x-www-form-urlencoded");
  }
  Json Get(const std::string& target) {
    const Answer answer = Send(target);
    EXPECT_EQ(answer.status, 200);
    return Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  }

  std::unique_ptr<Sandbox> sandbox_ = *Sandbox::Start({});
  TestClient client_{sandbox_->port()};
};

TEST_F(ClassEnrollmentTest, AnswersTheDocumentedRecordToTheByteBesideWhiteSpace) {
  const Answer answer = Send("/GetClassEnrollment/10");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, Json::parse(kDocumented).dump());
}

TEST_F(ClassEnrollmentTest, TakesTheIdInPathQueryOrFormWithAnyCaseAndVerb) {
  const std::string expected = Json::parse(kDocumented).dump();
  EXPECT_EQ(Send("/getclassenrollment/10").body, expected);
  EXPECT_EQ(Send("/GetClassEnrollment?id=10").body, expected);
  EXPECT_EQ(Send("/GETCLASSENROLLMENT?ID=10").body, expected);
  EXPECT_EQ(Send("/GetClassEnrollment/10", "POST").body, expected);
  EXPECT_EQ(Send("/GetClassEnrollment", "POST", "id=10").body, expected);
}

TEST_F(ClassEnrollmentTest, SaysNotFoundInBandWithHttp200) {
  EXPECT_EQ(Send("/GetClassEnrollment/5").body, R"({"Status":20,"Error":null,"Results":[]})");
  EXPECT_EQ(Get("/GetClassEnrollment/abc")["Status"], 20);
}

TEST_F(ClassEnrollmentTest, RefusesAWrongOrMissingKeyInBandWithHttp200) {
  for (const Headers& headers :
       std::vector<Headers>{{},
                            {{"api_key", "wrong"}},
                            {{"Authorization", absl::StrCat("Bearer ", kClassEnrollmentApiKey)}}}) {
    const Answer answer =
        client_.Send("GET", "/class_enrollment/api/2.0/GetClassEnrollment/10", headers);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"Status":30,"Error":null,"Results":null})");
  }
}

TEST_F(ClassEnrollmentTest, AnswersTheSpecialIds) {
  EXPECT_FALSE(Get("/GetClassEnrollment/9000").contains("Status"));
  EXPECT_EQ(Get("/GetClassEnrollment/9000")["Results"].size(), 1u);
  EXPECT_EQ(Get("/GetClassEnrollment/9001")["status"], 0);
  EXPECT_EQ(Get("/GetClassEnrollment/9002")["Status"], 99);
  EXPECT_EQ(Get("/GetClassEnrollment/9003").dump(), R"({"Status":0,"Error":null,"Results":[]})");
  EXPECT_EQ(Get("/GetClassEnrollment/9010")["Status"], 10);
  EXPECT_TRUE(Get("/GetClassEnrollment/9010")["Error"].is_string());
  EXPECT_EQ(Get("/GetClassEnrollment/9030")["Status"], 30);
}

TEST_F(ClassEnrollmentTest, HoldsTheOddRecords) {
  auto record = [this](int id) {
    return Get(absl::StrCat("/GetClassEnrollment/", id))["Results"][0];
  };
  EXPECT_EQ(record(7700)["EnrollmentStatusId"], 77);
  EXPECT_TRUE(record(7701).contains("Survey"));
  EXPECT_TRUE(record(7702)["CustomFields"].is_null());
  EXPECT_FALSE(record(7703).contains("Grade"));
  EXPECT_EQ(record(7704)["CustomFields"][0]["TextValue"], "Red\tGreen\tBlue");
  EXPECT_EQ(record(4449999)["Id"], "4449999");
}

TEST_F(ClassEnrollmentTest, WalksAllRecordsOnceFromPageZeroWithAHundredAPageByDefault) {
  std::set<std::string> ids;
  std::vector<size_t> sizes;
  for (int page = 0; page < 4; ++page) {
    const Json results = Get(absl::StrCat("/SearchClassEnrollments?pageIndex=", page))["Results"];
    sizes.push_back(results.size());
    for (const Json& record : results) ids.insert(record["Id"].dump());
  }
  EXPECT_THAT(sizes, ::testing::ElementsAre(100, 100, 17, 0));
  EXPECT_EQ(ids.size(), 217u);
}

TEST_F(ClassEnrollmentTest, CoversEveryStatusCompletionAndLocation) {
  std::set<std::string> seen;
  const Json all = Get("/SearchClassEnrollments?pageSize=1000");
  for (const Json& record : all["Results"]) {
    seen.insert(absl::StrCat(record["EnrollmentStatusId"].dump(), "/",
                             record["CompletionStatusId"].dump(), "/",
                             record.value("LocationTypeId", Json()).dump()));
  }
  for (const char* status : {"0", "10", "20", "30", "40", "50", "60"}) {
    for (const char* completion : {"0", "10", "20", "30", "40", "50"}) {
      for (const char* location : {"0", "10", "20", "30", "null"}) {
        EXPECT_THAT(seen, Contains(absl::StrCat(status, "/", completion, "/", location)));
      }
    }
  }
}

TEST_F(ClassEnrollmentTest, FiltersASearch) {
  auto found = [this](const std::string& query) {
    return Get("/SearchClassEnrollments?pageSize=1000&" + query)["Results"];
  };
  for (const Json& record : found("enrollmentStatusId=20"))
    EXPECT_EQ(record["EnrollmentStatusId"], 20);
  EXPECT_EQ(found("enrollmentStatusId=20").size(), 30u);
  for (const Json& record : found("classId=4421")) EXPECT_EQ(record["ClassId"], 4421);
  EXPECT_FALSE(found("classId=4421").empty());
  EXPECT_EQ(found("studentId=897615").size(), 1u);
  EXPECT_EQ(found("StudentID=897615").size(), 1u);
  for (const Json& record : found("className=azure")) {
    EXPECT_TRUE(record["ClassId"] == 4421 || record["ClassId"] == 4428);
  }
  EXPECT_FALSE(found("className=azure").empty());
  EXPECT_EQ(found("createdBefore=1721088001").size(), 1u);
  EXPECT_EQ(found("createdAfter=1721088000").size(), 216u);
  EXPECT_EQ(found("createdAfter=1721174399&createdBefore=1721174401").size(), 1u);
  EXPECT_THAT(found("classId=1"), IsEmpty());
}

TEST_F(ClassEnrollmentTest, SortsASearch) {
  const Json up = Get("/SearchClassEnrollments?sort=Created")["Results"];
  const Json down = Get("/SearchClassEnrollments?sort=Created%20DESC")["Results"];
  EXPECT_EQ(up[0]["Id"], 10);
  EXPECT_EQ(down[0]["Id"], "4449999");
}

TEST_F(ClassEnrollmentTest, SaysABadArgumentInBand) {
  EXPECT_EQ(Get("/SearchClassEnrollments?pageIndex=-1").dump(),
            R"({"Status":10,"Error":"pageIndex is not valid.","Results":null})");
  EXPECT_EQ(Get("/SearchClassEnrollments?pageSize=0")["Status"], 10);
  EXPECT_EQ(Get("/GetClassEnrollment")["Status"], 10);
}

TEST_F(ClassEnrollmentTest, AnswersAnUnknownPathWithAnHtmlPage) {
  const Answer answer = Send("/GetTeacher/1");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.content_type, "text/html; charset=utf-8");
}

}  // namespace
}  // namespace edugate::sandbox
