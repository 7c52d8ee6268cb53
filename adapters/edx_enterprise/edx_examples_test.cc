// The reference's examples, from JSON and from XML: every value arrives, and both make the same
// domain record.
#include <fstream>
#include <sstream>

#include "adapters/edx_enterprise/edx_assignment_mapping.h"
#include "adapters/edx_enterprise/edx_catalog_mapping.h"
#include "adapters/edx_enterprise/edx_enrollment_mapping.h"
#include "adapters/edx_enterprise/edx_license_mapping.h"
#include "adapters/testing/leaf_coverage.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "runtime/codec/decoder.h"

namespace edugate::adapters {
namespace {

namespace edx = provider::edx_enterprise::v1;
using google::protobuf::util::MessageDifferencer;
using nlohmann::json;
using ::testing::IsEmpty;
using testing::MissingLeaves;
using testing::Written;

constexpr CatalogScope kScope{"acme", "c1"};

std::string Example(const std::string& file) {
  std::ifstream stream(EDUGATE_SOURCE_DIR "/adapters/edx_enterprise/testdata/" + file);
  std::ostringstream text;
  text << stream.rdbuf();
  EXPECT_FALSE(text.str().empty()) << file;
  return text.str();
}

template <typename Record>
Record Decoded(const std::string& name, Written written) {
  const bool xml = written == Written::kXml;
  Record record;
  const absl::Status status =
      codec::Decode(xml ? "application/xml; charset=utf-8" : "application/json",
                    Example(name + (xml ? ".xml" : ".json")), {}, &record);
  EXPECT_TRUE(status.ok()) << status;
  return record;
}

class EdxExamplesTest : public ::testing::TestWithParam<Written> {};

TEST_P(EdxExamplesTest, CourseArrivesWhole) {
  const v1::Course course =
      ToCourse(Decoded<edx::Course>("course", GetParam()), kScope, v1::VIEW_FULL);
  EXPECT_THAT(MissingLeaves(Example("course.json"), course, GetParam()), IsEmpty());
  EXPECT_THAT(course.unknown_fields(), IsEmpty());
}

TEST_P(EdxExamplesTest, CourseRunArrivesWhole) {
  const v1::CourseRun run =
      ToCourseRun(Decoded<edx::CourseRun>("course_run", GetParam()), kScope, v1::VIEW_FULL);
  EXPECT_THAT(MissingLeaves(Example("course_run.json"), run, GetParam()), IsEmpty());
  EXPECT_THAT(run.unknown_fields(), IsEmpty());
}

TEST_P(EdxExamplesTest, ProgramArrivesWhole) {
  const v1::Program program =
      ToProgram(Decoded<edx::Program>("program", GetParam()), kScope, v1::VIEW_FULL);
  EXPECT_THAT(MissingLeaves(Example("program.json"), program, GetParam()), IsEmpty());
  EXPECT_THAT(program.unknown_fields(), IsEmpty());
}

// Of the envelope, count, next and previous are the pages' own and end here.
TEST_P(EdxExamplesTest, SubscriptionPlanArrivesWhole) {
  const auto page = Decoded<edx::SubscriptionPage>("subscriptions", GetParam());
  ASSERT_EQ(page.results_size(), 1);
  const v1::SubscriptionPlan plan = ToSubscriptionPlan(page.results(0), "acme", v1::VIEW_FULL);
  const json document = json::parse(Example("subscriptions.json"));
  EXPECT_THAT(MissingLeaves(document["results"][0].dump(), plan, GetParam()), IsEmpty());
}

TEST_P(EdxExamplesTest, AllocationArrivesWhole) {
  const auto reply = Decoded<edx::AllocateAssignmentsReply>("allocate_reply", GetParam());
  const auto response = ToAllocateResponse(reply, "acme", v1::VIEW_FULL);
  ASSERT_EQ(response.created_size(), 1);
  EXPECT_EQ(response.updated_size() + response.no_change_size(), 0);
  const json document = json::parse(Example("allocate_reply.json"));
  EXPECT_THAT(MissingLeaves(document["created"][0].dump(), response.created(0), GetParam()),
              IsEmpty());
}

TEST_P(EdxExamplesTest, LicensesArriveWhole) {
  const auto reply = Decoded<edx::AssignLicensesReply>("licenses_assign_reply", GetParam());
  Routed<v1::AssignLicensesRequest> call{{"acme", {"p1"}}, {}};
  call.request.add_learner_emails("ABC@example.com");
  call.request.add_learner_emails("xyz@example.com");
  call.request.set_view(v1::VIEW_FULL);
  const auto response = ToAssignResponse(reply, call);
  const json document = json::parse(Example("licenses_assign_reply.json"));
  ASSERT_EQ(response.results_size(), 2);
  for (int i = 0; i < response.results_size(); ++i) {
    EXPECT_THAT(MissingLeaves(document["license_assignments"][i].dump(),
                              response.results(i).license(), GetParam()),
                IsEmpty());
  }
  EXPECT_EQ(response.assigned_count(), document["num_successful_assignments"]);
  EXPECT_EQ(response.already_assigned_count(), document["num_already_associated"]);
}

TEST_P(EdxExamplesTest, JobOfBulkEnrollmentArrives) {
  EXPECT_EQ(Decoded<edx::BulkEnrollReply>("bulk_enroll_reply", GetParam()).job_id(), "<UUID4>");
}

INSTANTIATE_TEST_SUITE_P(JsonAndXml, EdxExamplesTest,
                         ::testing::Values(Written::kJson, Written::kXml), [](const auto& info) {
                           return info.param == Written::kJson ? "Json" : "Xml";
                         });

template <typename Record, typename Map>
void ExpectSameFromBoth(const std::string& name, Map map) {
  const auto from_json = map(Decoded<Record>(name, Written::kJson));
  const auto from_xml = map(Decoded<Record>(name, Written::kXml));
  MessageDifferencer differencer;
  std::string difference;
  differencer.ReportDifferencesToString(&difference);
  EXPECT_TRUE(differencer.Compare(from_json, from_xml)) << name << "\n" << difference;
}

TEST(EdxExamplesInBothFormatsTest, XmlMakesTheSameDomainRecordsAsJson) {
  ExpectSameFromBoth<edx::Course>(
      "course", [](auto record) { return ToCourse(record, kScope, v1::VIEW_BASIC); });
  ExpectSameFromBoth<edx::CourseRun>(
      "course_run", [](auto record) { return ToCourseRun(record, kScope, v1::VIEW_BASIC); });
  ExpectSameFromBoth<edx::Program>(
      "program", [](auto record) { return ToProgram(record, kScope, v1::VIEW_BASIC); });
  ExpectSameFromBoth<edx::SubscriptionPage>("subscriptions", [](auto page) {
    return ToSubscriptionPlan(page.results(0), "acme", v1::VIEW_BASIC);
  });
  ExpectSameFromBoth<edx::AllocateAssignmentsReply>("allocate_reply", [](auto reply) {
    return ToAllocateResponse(reply, "acme", v1::VIEW_BASIC);
  });
}

}  // namespace
}  // namespace edugate::adapters
