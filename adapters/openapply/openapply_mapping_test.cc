#include "adapters/openapply/openapply_mapping.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "adapters/testing/adapter_fixture.h"
#include "adapters/testing/leaf_coverage.h"
#include "adapters/testing/mapping_coverage.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "runtime/codec/dates.h"
#include "runtime/codec/decoder.h"

namespace edugate::adapters {
namespace {

namespace oa = provider::openapply::v3;
using nlohmann::json;
using ::testing::ElementsAreArray;
using testing::FileText;
using ::testing::IsEmpty;
using testing::MissingLeaves;
using ::testing::SizeIs;
using testing::Written;

oa::Reenrollment Decoded(const std::string& text,
                         const std::string& content_type = "application/json") {
  oa::Reenrollment record;
  const absl::Status status = codec::Decode(content_type, text, {}, &record);
  EXPECT_TRUE(status.ok()) << status;
  return record;
}

v1::Enrollment Mapped(const std::string& text, v1::View view = v1::VIEW_BASIC) {
  return ToEnrollment(Decoded(text), "lincoln", view);
}

json Example(const std::string& file) {
  return json::parse(FileText(absl::StrCat("adapters/openapply/testdata/", file)));
}

TEST(OpenApplyMappingTest, TheDocumentsRecordInTheDomainsTerms) {
  const v1::Enrollment out =
      Mapped(Example("update_reenrollment_reply.json")["reenrollment"].dump());
  EXPECT_EQ(out.name(), "connections/lincoln/enrollments/59");
  EXPECT_EQ(out.provider(), "openapply");
  EXPECT_EQ(out.provider_id(), "59");
  EXPECT_EQ(out.kind(), v1::ENROLLMENT_KIND_SCHOOL_YEAR);
  EXPECT_EQ(out.status(), v1::ENROLLMENT_STATUS_CONFIRMED);
  EXPECT_EQ(out.provider_status(), "Confirmed");
  EXPECT_EQ(codec::FormatRfc3339(out.status_time()), "2015-09-07T02:13:29Z");
  EXPECT_EQ(out.learner().provider_id(), "11");
  EXPECT_EQ(out.learner().student_number(), "10");
  EXPECT_EQ(out.learner().provider_status(), "Enrolled");
  EXPECT_FALSE(out.learner().has_provider_status_level());
  ASSERT_THAT(out.learner().identifiers(), SizeIs(3));
  EXPECT_EQ(out.learner().identifiers(1).type(), "application_id");
  EXPECT_EQ(out.learner().identifiers(1).value(), "00000010");
  EXPECT_EQ(out.academic_session().school_year(), 2019);
  EXPECT_EQ(out.grade_level(), "9");
  EXPECT_EQ(out.funding().fee().value(), "550.0");
  EXPECT_TRUE(out.active());
  EXPECT_FALSE(out.deadline_ignored());
  EXPECT_EQ(out.form_id(), "59");
  EXPECT_EQ(out.acceptance_date().year(), 2014);
  EXPECT_EQ(out.acceptance_date().month(), 3);
  EXPECT_EQ(out.acceptance_date().day(), 13);
  EXPECT_FALSE(out.deleted());
  EXPECT_FALSE(out.has_delete_time());
  EXPECT_FALSE(out.has_course());
  EXPECT_FALSE(out.has_provider_record());
}

TEST(OpenApplyMappingTest, EveryLabelHasItsStatusAndSchoolsOwnAreUnknown) {
  const std::pair<const char*, v1::EnrollmentStatus> labels[] = {
      {"Not Sent", v1::ENROLLMENT_STATUS_NOT_SENT},
      {"Pending", v1::ENROLLMENT_STATUS_PENDING},
      {"Undecided", v1::ENROLLMENT_STATUS_UNDECIDED},
      {"Confirmed", v1::ENROLLMENT_STATUS_CONFIRMED},
      {"Declined", v1::ENROLLMENT_STATUS_DECLINED},
  };
  for (const auto& [label, status] : labels) {
    EXPECT_EQ(OpenApplyStatus(label), status) << label;
    EXPECT_EQ(OpenApplyStatus(absl::AsciiStrToLower(label)), status) << label;
    EXPECT_EQ(OpenApplyStatus(absl::AsciiStrToUpper(label)), status) << label;
    EXPECT_EQ(OpenApplyLabel(status), label);
  }
  EXPECT_EQ(OpenApplyStatus(""), v1::ENROLLMENT_STATUS_UNSPECIFIED);
  for (const char* own :
       {"77", "Coming back!", "Pending ", "Enrolled", "\xE7\xA2\xBA\xE5\xAE\x9A"}) {
    EXPECT_EQ(OpenApplyStatus(own), v1::ENROLLMENT_STATUS_UNKNOWN) << own;
    const v1::Enrollment out = Mapped(absl::StrCat(R"({"status": {"name": ")", own, "\"}}"));
    EXPECT_EQ(out.status(), v1::ENROLLMENT_STATUS_UNKNOWN);
    EXPECT_EQ(out.provider_status(), own);
  }
}

TEST(OpenApplyMappingTest, AStatusWithoutALabelOfOpenApplysHasNone) {
  int labels = 0;
  for (int number = 0; number < v1::EnrollmentStatus_ARRAYSIZE; ++number) {
    const auto status = static_cast<v1::EnrollmentStatus>(number);
    if (OpenApplyLabel(status).empty()) continue;
    ++labels;
    EXPECT_EQ(OpenApplyStatus(OpenApplyLabel(status)), status);
  }
  EXPECT_EQ(labels, 5);
  EXPECT_EQ(OpenApplyLabel(v1::ENROLLMENT_STATUS_UNSPECIFIED), "");
  EXPECT_EQ(OpenApplyLabel(v1::ENROLLMENT_STATUS_UNKNOWN), "");
}

TEST(OpenApplyMappingTest, NullsAndMissingFieldsAreAbsent) {
  for (const char* text :
       {R"({"id": 59})",
        R"({"id": 59, "created_at": null, "updated_at": null, "deleted_at": null, "form": null,
            "student": null, "status": null, "year": null, "grade": null, "active": null,
            "acceptance_date": null, "fee": null, "ignored_deadline": null})",
        R"({"id": 59, "fee": {"amount": null}, "form": {"id": null}, "status": {"name": null}})"}) {
    v1::Enrollment expected;
    expected.set_name("connections/lincoln/enrollments/59");
    expected.set_provider("openapply");
    expected.set_provider_id("59");
    expected.set_kind(v1::ENROLLMENT_KIND_SCHOOL_YEAR);
    EXPECT_EQ(Mapped(text).DebugString(), expected.DebugString()) << text;
  }
}

TEST(OpenApplyMappingTest, WhatIsFalseOrZeroOrEmptyIsThere) {
  const v1::Enrollment out =
      Mapped(R"({"id": 0, "active": false, "ignored_deadline": false, "grade": 0,
                 "fee": {"amount": "0.0"}, "student": {"custom_id": ""}})");
  EXPECT_EQ(out.provider_id(), "0");
  EXPECT_TRUE(out.has_active());
  EXPECT_FALSE(out.active());
  EXPECT_TRUE(out.has_deadline_ignored());
  EXPECT_EQ(out.grade_level(), "0");
  EXPECT_EQ(out.funding().fee().value(), "0.0");
  EXPECT_TRUE(out.learner().has_student_number());
}

TEST(OpenApplyMappingTest, AnEmptyIdIsNoIdentifier) {
  const v1::Enrollment out =
      Mapped(R"({"student": {"custom_id": "", "application_id": "", "serial_number": 0}})");
  ASSERT_THAT(out.learner().identifiers(), SizeIs(1));
  EXPECT_EQ(out.learner().identifiers(0).type(), "serial_number");
  EXPECT_EQ(out.learner().identifiers(0).value(), "0");
}

TEST(OpenApplyMappingTest, NumbersAndTextsStandForEachOther) {
  const v1::Enrollment out =
      Mapped(R"({"id": "59", "year": "2019", "grade": "K", "fee": {"amount": 1234567.89},
                 "student": {"id": "11", "custom_id": 10, "serial_number": "12"},
                 "form": {"id": "5"}})");
  EXPECT_EQ(out.provider_id(), "59");
  EXPECT_EQ(out.academic_session().school_year(), 2019);
  EXPECT_EQ(out.grade_level(), "K");
  EXPECT_EQ(out.funding().fee().value(), "1234567.89");
  EXPECT_EQ(out.learner().provider_id(), "11");
  EXPECT_EQ(out.learner().student_number(), "10");
  EXPECT_EQ(out.form_id(), "5");
}

TEST(OpenApplyMappingTest, InstantsAndDatesAreReadAsTheyAreWritten) {
  const v1::Enrollment out =
      Mapped(R"({"created_at": "2016-06-21T17:51:52.000+08:00", "updated_at": "2016-06-21",
                 "deleted_at": "2016-06-21T09:51:52.5Z",
                 "acceptance_date": "2016-06-21T23:59:59.000-08:00"})");
  EXPECT_EQ(codec::FormatRfc3339(out.create_time()), "2016-06-21T09:51:52Z");
  EXPECT_TRUE(out.deleted());
  EXPECT_EQ(codec::FormatRfc3339(out.delete_time()), "2016-06-21T09:51:52.500Z");
  EXPECT_EQ(out.acceptance_date().day(), 21);
}

TEST(OpenApplyMappingTest, ATextThatIsNoDateStaysInTheProvidersRecord) {
  const v1::Enrollment out = Mapped(
      R"({"id": 1, "created_at": "yesterday", "acceptance_date": "soon", "fee": {"amount": "much"}})",
      v1::VIEW_FULL);
  EXPECT_FALSE(out.has_create_time());
  EXPECT_FALSE(out.has_acceptance_date());
  EXPECT_FALSE(out.has_funding());
  EXPECT_FALSE(Mapped(R"({"id": 1, "fee": {"amount": ""}})").has_funding());
  oa::Reenrollment record;
  ASSERT_TRUE(out.provider_record().UnpackTo(&record));
  EXPECT_EQ(record.created_at(), "yesterday");
  EXPECT_EQ(record.fee().amount(), "much");
}

TEST(OpenApplyMappingTest, WhatTheSchemaDoesNotKnowIsInTheFullViewOnly) {
  const std::string text = R"({"id": 1, "year": "next", "student": {"bus": {"line": 4}}})";
  const v1::Enrollment full = Mapped(text, v1::VIEW_FULL);
  ASSERT_THAT(full.unknown_fields(), SizeIs(2));
  EXPECT_EQ(full.unknown_fields(0).path(), "year");
  EXPECT_EQ(full.unknown_fields(0).json(), "\"next\"");
  EXPECT_TRUE(full.unknown_fields(0).ill_fitting());
  EXPECT_EQ(full.unknown_fields(1).path(), "student.bus");
  EXPECT_FALSE(full.unknown_fields(1).ill_fitting());
  oa::Reenrollment record;
  ASSERT_TRUE(full.provider_record().UnpackTo(&record));
  EXPECT_THAT(record.unknown_fields(), IsEmpty());

  const v1::Enrollment basic = Mapped(text);
  EXPECT_THAT(basic.unknown_fields(), IsEmpty());
  EXPECT_FALSE(basic.has_provider_record());
}

TEST(OpenApplyMappingTest, EveryFieldReachesTheDomainButThoseThatAreListed) {
  const auto unmapped =
      testing::UnmappedFields(oa::Reenrollment(), [](const google::protobuf::Message& record) {
        return ToEnrollment(static_cast<const oa::Reenrollment&>(record), "lincoln", v1::VIEW_BASIC)
            .SerializeAsString();
      });
  EXPECT_THAT(unmapped,
              ElementsAreArray(testing::ListedFields(
                  FileText("adapters/openapply/testdata/unmapped_fields.txt"), "Reenrollment")))
      << absl::StrJoin(unmapped, "\n");
}

TEST(OpenApplyMappingTest, EveryValueOfTheDocumentsExamplesArrives) {
  std::vector<json> records = Example("reenrollments_reply.json")["reenrollments"];
  records.push_back(Example("student_reenrollments_reply.json")["reenrollments"][0]);
  records.push_back(Example("update_reenrollment_reply.json")["reenrollment"]);
  ASSERT_THAT(records, SizeIs(4));
  for (const json& record : records) {
    const v1::Enrollment out = Mapped(record.dump(), v1::VIEW_FULL);
    EXPECT_THAT(MissingLeaves(record.dump(), out, Written::kJson), IsEmpty());
    EXPECT_THAT(out.unknown_fields(), IsEmpty());
  }
}

}  // namespace
}  // namespace edugate::adapters
