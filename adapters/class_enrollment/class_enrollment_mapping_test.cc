#include "adapters/class_enrollment/class_enrollment_mapping.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "adapters/testing/adapter_fixture.h"
#include "adapters/testing/leaf_coverage.h"
#include "adapters/testing/mapping_coverage.h"
#include "edugate/provider/class_enrollment/v2/class_enrollment.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "runtime/codec/dates.h"
#include "runtime/codec/decoder.h"

namespace edugate::adapters {
namespace {

namespace ce = provider::class_enrollment::v2;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using testing::FileText;
using ::testing::IsEmpty;
using testing::MissingLeaves;
using ::testing::SizeIs;
using testing::Written;

ce::ClassEnrollment Decoded(const std::string& text) {
  ce::ClassEnrollment record;
  const absl::Status status = codec::Decode("application/json", text, {}, &record);
  EXPECT_TRUE(status.ok()) << status;
  return record;
}

v1::Enrollment Mapped(const std::string& text, v1::View view = v1::VIEW_BASIC) {
  return ToEnrollment(Decoded(text), "tms", view);
}

json ExampleRecord() {
  return json::parse(
      FileText("adapters/class_enrollment/testdata/get_class_enrollment_reply.json"))["Results"][0];
}

TEST(ClassEnrollmentMappingTest, TheDocumentsRecordInTheDomainsTerms) {
  const v1::Enrollment out = Mapped(ExampleRecord().dump());
  EXPECT_EQ(out.name(), "connections/tms/enrollments/10");
  EXPECT_EQ(out.provider(), "class_enrollment");
  EXPECT_EQ(out.provider_id(), "10");
  ASSERT_THAT(out.identifiers(), SizeIs(1));
  EXPECT_EQ(out.identifiers(0).type(), "external_id");
  EXPECT_EQ(out.identifiers(0).value(), "E3G5YZFREFEQ9371");
  EXPECT_EQ(out.kind(), v1::ENROLLMENT_KIND_COURSE);
  EXPECT_EQ(out.status(), v1::ENROLLMENT_STATUS_ENROLLED);
  EXPECT_EQ(out.provider_status(), "60");
  EXPECT_EQ(out.completion(), v1::COMPLETION_STATUS_UNKNOWN);
  EXPECT_EQ(out.provider_completion(), "0");
  EXPECT_EQ(out.learner().provider_id(), "897615");
  EXPECT_EQ(out.course().provider_id(), "4421");
  EXPECT_EQ(out.course().delivery_mode(), v1::DELIVERY_MODE_TO_BE_DETERMINED);
  EXPECT_EQ(out.course().provider_delivery_mode(), "0");
  EXPECT_EQ(out.course().classroom_id(), "3456");
  EXPECT_EQ(out.grade().numeric().value(), "10");
  EXPECT_EQ(out.progress().hours_spent().value(), "20");
  EXPECT_TRUE(out.has_late_cancel());
  EXPECT_FALSE(out.late_cancel());
  EXPECT_TRUE(out.has_retake());
  EXPECT_FALSE(out.retake());
  ASSERT_THAT(out.custom_fields(), SizeIs(3));
  EXPECT_EQ(out.custom_fields(0).field_id(), "5089");
  EXPECT_EQ(out.custom_fields(0).display_name(), "Unique Text");
  EXPECT_THAT(out.custom_fields(0).values(), ElementsAre("AXY12345"));
  EXPECT_THAT(out.custom_fields(1).values(), ElementsAre("44"));
  EXPECT_FALSE(out.has_provider_record());
}

// The field as a number and as text give the same.
template <typename Value, typename Get>
void ExpectValues(const char* field, const std::vector<std::pair<std::string, Value>>& table,
                  Value other, Get get) {
  for (const auto& [id, value] : table) {
    EXPECT_EQ(get(Mapped(absl::StrCat("{\"", field, "\": ", id, "}"))), value) << id;
    EXPECT_EQ(get(Mapped(absl::StrCat("{\"", field, "\": \"", id, "\"}"))), value) << id;
  }
  for (const char* unknown : {"77", "-1", "1", "60.5", "100"}) {
    EXPECT_EQ(get(Mapped(absl::StrCat("{\"", field, "\": ", unknown, "}"))), other) << unknown;
  }
  EXPECT_EQ(get(Mapped(absl::StrCat("{\"", field, "\": \"Enroll\"}"))), other);
  EXPECT_EQ(get(Mapped("{}")), static_cast<Value>(0));
  EXPECT_EQ(get(Mapped(absl::StrCat("{\"", field, "\": null}"))), static_cast<Value>(0));
  EXPECT_EQ(get(Mapped(absl::StrCat("{\"", field, "\": \"\"}"))), static_cast<Value>(0));
}

TEST(ClassEnrollmentMappingTest, EveryStatusIsKnownAndAnyOtherIsKept) {
  ExpectValues<v1::EnrollmentStatus>("EnrollmentStatusId",
                                     {{"0", v1::ENROLLMENT_STATUS_REQUESTED},
                                      {"10", v1::ENROLLMENT_STATUS_CANCELLED},
                                      {"20", v1::ENROLLMENT_STATUS_WAITLISTED},
                                      {"30", v1::ENROLLMENT_STATUS_APPROVED},
                                      {"40", v1::ENROLLMENT_STATUS_DENIED},
                                      {"50", v1::ENROLLMENT_STATUS_AUDITING},
                                      {"60", v1::ENROLLMENT_STATUS_ENROLLED}},
                                     v1::ENROLLMENT_STATUS_UNKNOWN,
                                     [](const v1::Enrollment& e) { return e.status(); });
  EXPECT_EQ(Mapped(R"({"EnrollmentStatusId": 77})").provider_status(), "77");
  EXPECT_EQ(Mapped(R"({"EnrollmentStatusId": "77"})").provider_status(), "77");
}

TEST(ClassEnrollmentMappingTest, EveryCompletionIsKnownAndAnyOtherIsKept) {
  ExpectValues<v1::CompletionStatus>("CompletionStatusId",
                                     {{"0", v1::COMPLETION_STATUS_UNKNOWN},
                                      {"10", v1::COMPLETION_STATUS_IN_PROGRESS},
                                      {"20", v1::COMPLETION_STATUS_COMPLETED},
                                      {"30", v1::COMPLETION_STATUS_INCOMPLETE},
                                      {"40", v1::COMPLETION_STATUS_NO_SHOW},
                                      {"50", v1::COMPLETION_STATUS_FAILED}},
                                     v1::COMPLETION_STATUS_UNKNOWN,
                                     [](const v1::Enrollment& e) { return e.completion(); });
  EXPECT_EQ(Mapped(R"({"CompletionStatusId": 77})").provider_completion(), "77");
}

TEST(ClassEnrollmentMappingTest, EveryLocationIsKnownAndAnyOtherIsKept) {
  ExpectValues<v1::DeliveryMode>(
      "LocationTypeId",
      {{"0", v1::DELIVERY_MODE_TO_BE_DETERMINED},
       {"10", v1::DELIVERY_MODE_FACE_TO_FACE},
       {"20", v1::DELIVERY_MODE_REMOTE_CLASSROOM},
       {"30", v1::DELIVERY_MODE_ONLINE}},
      v1::DELIVERY_MODE_OTHER, [](const v1::Enrollment& e) { return e.course().delivery_mode(); });
  EXPECT_EQ(Mapped(R"({"LocationTypeId": 77})").course().provider_delivery_mode(), "77");
}

TEST(ClassEnrollmentMappingTest, NullsAndMissingFieldsAreAbsent) {
  for (const char* text : {R"({"Id": 10})",
                           R"({"Id": 10, "ExternalId": null, "UserId": null, "ClassId": null,
            "EnrollmentStatusId": null, "CompletionStatusId": null, "LateCancel": null,
            "Retake": null, "LocationTypeId": null, "ClassroomId": null, "HoursSpent": null,
            "Grade": null, "CustomFields": null, "Created": null})"}) {
    v1::Enrollment expected;
    expected.set_name("connections/tms/enrollments/10");
    expected.set_provider("class_enrollment");
    expected.set_provider_id("10");
    expected.set_kind(v1::ENROLLMENT_KIND_COURSE);
    EXPECT_EQ(Mapped(text).DebugString(), expected.DebugString()) << text;
  }
}

TEST(ClassEnrollmentMappingTest, AnEmptyExternalIdIsNone) {
  EXPECT_THAT(Mapped(R"({"Id": 10, "ExternalId": ""})").identifiers(), IsEmpty());
}

TEST(ClassEnrollmentMappingTest, WhatIsNoNumberIsNoGradeAndNoProgress) {
  for (const char* text : {"", "Pass"}) {
    const v1::Enrollment out =
        Mapped(absl::StrCat(R"({"Grade": ")", text, R"(", "HoursSpent": ")", text, "\"}"));
    EXPECT_FALSE(out.has_grade()) << text;
    EXPECT_FALSE(out.has_progress()) << text;
  }
}

TEST(ClassEnrollmentMappingTest, IdsMayBeTextAndLarge) {
  const v1::Enrollment out =
      Mapped(R"({"Id": "4449999", "UserId": "9007199254740993", "ClassId": "7",
                 "ClassroomId": "8", "ExternalId": 5})");
  EXPECT_EQ(out.name(), "connections/tms/enrollments/4449999");
  EXPECT_EQ(out.learner().provider_id(), "9007199254740993");
  EXPECT_EQ(out.course().provider_id(), "7");
  EXPECT_EQ(out.course().classroom_id(), "8");
  EXPECT_EQ(out.identifiers(0).value(), "5");
}

TEST(ClassEnrollmentMappingTest, NumbersKeepTheirDigits) {
  const v1::Enrollment out =
      Mapped(R"({"Grade": 87.50, "HoursSpent": 1234567890123.25, "LateCancel": "True"})");
  EXPECT_EQ(out.grade().numeric().value(), "87.50");
  EXPECT_EQ(out.progress().hours_spent().value(), "1234567890123.25");
  EXPECT_TRUE(out.late_cancel());
}

std::vector<std::string> CustomValues(const std::string& json_text) {
  const v1::Enrollment out =
      Mapped(absl::StrCat(R"({"CustomFields": [{"Name": "Days", "TextValue": )", json_text, "}]}"));
  EXPECT_EQ(out.custom_fields_size(), 1);
  EXPECT_EQ(out.custom_fields(0).display_name(), "Days");
  return {out.custom_fields(0).values().begin(), out.custom_fields(0).values().end()};
}

TEST(ClassEnrollmentMappingTest, TabsSeparateTheValuesOfACustomField) {
  EXPECT_THAT(CustomValues(R"("Mo\tTu\tWe")"), ElementsAre("Mo", "Tu", "We"));
  EXPECT_THAT(CustomValues(R"("Mo, Tu; We")"), ElementsAre("Mo, Tu; We"));
  EXPECT_THAT(CustomValues(R"("Mo\t\tWe")"), ElementsAre("Mo", "", "We"));
  EXPECT_THAT(CustomValues("\"\""), ElementsAre(""));
  EXPECT_THAT(CustomValues("44"), ElementsAre("44"));
  EXPECT_THAT(CustomValues("null"), IsEmpty());
}

TEST(ClassEnrollmentMappingTest, OneCustomFieldMayStandWithoutAList) {
  const v1::Enrollment out =
      Mapped(R"({"CustomFields": {"Name": "Day", "TextValue": "Mo", "CustomFieldId": "5"}})");
  ASSERT_THAT(out.custom_fields(), SizeIs(1));
  EXPECT_EQ(out.custom_fields(0).field_id(), "5");
}

TEST(ClassEnrollmentMappingTest, WhatTheSchemaDoesNotKnowIsInTheFullViewOnly) {
  const std::string text = R"({"Id": 10, "Seat": {"Row": 4}, "Retake": "perhaps"})";
  const v1::Enrollment full = Mapped(text, v1::VIEW_FULL);
  ASSERT_THAT(full.unknown_fields(), SizeIs(2));
  EXPECT_EQ(full.unknown_fields(0).path(), "Seat");
  EXPECT_EQ(full.unknown_fields(1).path(), "Retake");
  EXPECT_TRUE(full.unknown_fields(1).ill_fitting());
  EXPECT_FALSE(full.has_retake());
  EXPECT_TRUE(full.has_provider_record());
  EXPECT_THAT(Mapped(text).unknown_fields(), IsEmpty());
}

TEST(ClassEnrollmentMappingTest, EveryFieldReachesTheDomainButThoseThatAreListed) {
  const auto unmapped =
      testing::UnmappedFields(ce::ClassEnrollment(), [](const google::protobuf::Message& record) {
        return ToEnrollment(static_cast<const ce::ClassEnrollment&>(record), "tms", v1::VIEW_BASIC)
            .SerializeAsString();
      });
  EXPECT_THAT(unmapped, ElementsAreArray(testing::ListedFields(
                            FileText("adapters/class_enrollment/testdata/unmapped_fields.txt"),
                            "ClassEnrollment")))
      << absl::StrJoin(unmapped, "\n");
}

TEST(ClassEnrollmentMappingTest, EveryValueOfTheDocumentsExamplesArrives) {
  json record = ExampleRecord();
  record["CustomFields"] =
      json::parse(FileText("adapters/class_enrollment/testdata/custom_fields.json"));
  const v1::Enrollment out = Mapped(record.dump(), v1::VIEW_FULL);
  EXPECT_THAT(MissingLeaves(record.dump(), out, Written::kJson), IsEmpty());
  EXPECT_THAT(out.unknown_fields(), IsEmpty());
}

}  // namespace
}  // namespace edugate::adapters
