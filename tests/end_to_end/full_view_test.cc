// View FULL: every value that a provider sends is in the reply.

#include <httplib.h>

#include <fstream>
#include <iterator>
#include <map>

#include "adapters/testing/leaf_coverage.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/end_to_end/deployment.h"

namespace edugate::end_to_end {
namespace {

using adapters::testing::MissingLeaves;
using adapters::testing::Written;
using ::testing::IsEmpty;
using Json = nlohmann::ordered_json;

std::string ReadFile(const std::string& path) {
  std::ifstream file(std::string(EDUGATE_SOURCE_DIR) + "/" + path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

class FullViewTest : public ::testing::Test {
 protected:
  // The provider's own answer.
  Json Ask(const std::string& path, const std::string& header, const std::string& value) {
    httplib::Client client("127.0.0.1", deployment_.providers().port());
    const auto answer = client.Get(path.c_str(), {{header, value}});
    EXPECT_TRUE(answer) << path;
    return answer ? Json::parse(answer->body, nullptr, false) : Json();
  }

  // All records of a connection, by the provider's id.
  std::map<std::string, v1::Enrollment> All(const std::string& parent, v1::View view) {
    v1::ListEnrollmentsRequest request;
    request.set_parent(parent);
    request.set_view(view);
    std::map<std::string, v1::Enrollment> records;
    for (auto& each : WalkPages(deployment_, request)) records[each.provider_id()] = each;
    return records;
  }

  Deployment deployment_;
};

TEST_F(FullViewTest, EveryValueOfEveryReenrollmentIsThere) {
  const auto records = All("connections/oa", v1::VIEW_FULL);
  size_t compared = 0;
  for (int page = 1;; ++page) {
    const Json answer =
        Ask("/openapply/api/v3/reenrollments?per_page=200&page=" + std::to_string(page),
            "Authorization", std::string("Bearer ") + sandbox::kOpenApplyToken);
    if (!answer.contains("reenrollments") || answer["reenrollments"].empty()) break;
    for (const Json& each : answer["reenrollments"]) {
      const auto found = records.find(each["id"].dump());
      ASSERT_NE(found, records.end()) << each["id"];
      EXPECT_THAT(MissingLeaves(each.dump(), found->second, Written::kJson), IsEmpty())
          << each["id"];
      ++compared;
    }
  }
  EXPECT_EQ(compared, records.size());
  EXPECT_EQ(compared, 315u);
}

TEST_F(FullViewTest, EveryValueOfEveryClassEnrollmentIsThere) {
  const auto records = All("connections/tms", v1::VIEW_FULL);
  size_t compared = 0;
  for (int page = 0;; ++page) {
    const Json answer =
        Ask("/class_enrollment/api/2.0/SearchClassEnrollments?pageSize=100&pageIndex=" +
                std::to_string(page),
            "api_key", sandbox::kClassEnrollmentApiKey);
    if (!answer.contains("Results") || answer["Results"].empty()) break;
    for (const Json& each : answer["Results"]) {
      const std::string id =
          each["Id"].is_string() ? each["Id"].get<std::string>() : each["Id"].dump();
      const auto found = records.find(id);
      ASSERT_NE(found, records.end()) << id;
      EXPECT_THAT(MissingLeaves(each.dump(), found->second, Written::kJson), IsEmpty()) << id;
      ++compared;
    }
  }
  EXPECT_EQ(compared, records.size());
  EXPECT_GT(compared, 200u);
}

TEST_F(FullViewTest, EveryValueOfTheDocumentsExamplesIsThere) {
  for (const char* file : {"reenrollments_reply.json", "student_reenrollments_reply.json"}) {
    const std::string body = ReadFile(std::string("adapters/openapply/testdata/") + file);
    deployment_.providers().AddFault({.provider = "openapply", .body = body});
    v1::ListEnrollmentsRequest request;
    request.set_parent("connections/oa");
    request.set_view(v1::VIEW_FULL);
    v1::ListEnrollmentsResponse page;
    ASSERT_TRUE(List(deployment_, request, &page).ok()) << file;
    const Json document = Json::parse(body);
    ASSERT_EQ(document["reenrollments"].size(), static_cast<size_t>(page.enrollments_size()));
    for (int i = 0; i < page.enrollments_size(); ++i) {
      EXPECT_THAT(
          MissingLeaves(document["reenrollments"][i].dump(), page.enrollments(i), Written::kJson),
          IsEmpty())
          << file;
    }
  }
  const std::string updated =
      ReadFile("adapters/openapply/testdata/update_reenrollment_reply.json");
  deployment_.providers().AddFault({.provider = "openapply", .body = updated});
  v1::UpdateEnrollmentRequest update;
  update.mutable_enrollment()->set_name("connections/oa/enrollments/59");
  update.mutable_enrollment()->set_grade_level("10");
  update.set_view(v1::VIEW_FULL);
  v1::Enrollment record;
  ASSERT_TRUE(deployment_.enrollments().UpdateEnrollment(Context().get(), update, &record).ok());
  EXPECT_THAT(MissingLeaves(Json::parse(updated)["reenrollment"].dump(), record, Written::kJson),
              IsEmpty());

  const std::string got =
      ReadFile("adapters/class_enrollment/testdata/get_class_enrollment_reply.json");
  deployment_.providers().AddFault({.provider = "class_enrollment", .body = got});
  v1::GetEnrollmentRequest get;
  get.set_name("connections/tms/enrollments/10");
  get.set_view(v1::VIEW_FULL);
  ASSERT_TRUE(deployment_.enrollments().GetEnrollment(Context().get(), get, &record).ok());
  EXPECT_THAT(MissingLeaves(Json::parse(got)["Results"][0].dump(), record, Written::kJson),
              IsEmpty());
}

// Without it the coverage above could be one of nothing.
TEST_F(FullViewTest, TheBasicViewHasNoProviderRecord) {
  for (const auto& [id, record] : All("connections/oa", v1::VIEW_BASIC)) {
    EXPECT_FALSE(record.has_provider_record()) << id;
    EXPECT_EQ(record.unknown_fields_size(), 0) << id;
  }
}

TEST_F(FullViewTest, WhatNoDocumentNamesIsKept) {
  const auto records = All("connections/oa", v1::VIEW_FULL);
  std::map<std::string, std::string> kept;
  for (const auto& each : records.at("204").unknown_fields()) kept[each.path()] = each.json();
  EXPECT_EQ(Json::parse(kept["sibling_discount"]),
            Json::parse(R"({"percent":"12.50","approved":true})"));
  EXPECT_EQ(Json::parse(kept["tags"]), Json::parse(R"(["boarding","bus"])"));
}

TEST_F(FullViewTest, NumbersKeepEveryDigit) {
  const auto records = All("connections/oa", v1::VIEW_FULL);
  EXPECT_EQ(records.at("209").funding().fee().value(), "12345678901234567890.123");
  EXPECT_EQ(records.at("210").funding().fee().value(), "1999.99");
  EXPECT_EQ(records.at("9007199254740993").learner().provider_id(), "9007199254740995");
}

}  // namespace
}  // namespace edugate::end_to_end
