#include "runtime/privacy/field_screen.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "edugate/provider/edx_enterprise/v1/learner.pb.h"
#include "edugate/provider/measureone/v2/measureone.pb.h"
#include "edugate/provider/measureone/v3/measureone.pb.h"
#include "edugate/provider/openapply/v3/openapply.pb.h"
#include "gmock/gmock.h"
#include "google/api/httpbody.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "runtime/privacy/classification.h"

namespace edugate::privacy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace edx = provider::edx_enterprise::v1;
namespace m3 = provider::measureone::v3;
namespace openapply = provider::openapply::v3;

ScreenRules Showing(std::set<v1::DataClass> visible) {
  visible.insert(v1::DATA_CLASS_UNSPECIFIED);
  return {.hides = [visible](const google::protobuf::FieldDescriptor& field) {
    return visible.count(ClassOf(field)) == 0;
  }};
}

openapply::ReenrollmentPage Page() {
  openapply::ReenrollmentPage page;
  for (int i = 0; i < 2; ++i) {
    openapply::Reenrollment& record = *page.add_reenrollments();
    record.set_id(i);
    record.set_year(2027);
    record.mutable_student()->set_custom_id("S-1");
    record.mutable_student()->set_status("Enrolled");
    record.mutable_status()->set_name("Pending");
  }
  return page;
}

TEST(FieldScreenTest, ClearsFieldsOfClassesThatAreNotVisible) {
  const FieldScreen screen(Showing({v1::DATA_CLASS_EDUCATION_RECORD}));
  openapply::ReenrollmentPage page = Page();
  std::vector<std::string> hidden;
  screen.Screen(page, &hidden);
  EXPECT_THAT(hidden, ElementsAre("reenrollments.student"));
  for (const openapply::Reenrollment& record : page.reenrollments()) {
    EXPECT_FALSE(record.has_student());
    EXPECT_EQ(record.status().name(), "Pending");
    EXPECT_EQ(record.year(), 2027);
  }
}

TEST(FieldScreenTest, LooksInsideOfWhatIsVisible) {
  const FieldScreen screen(Showing({v1::DATA_CLASS_IDENTITY}));
  openapply::ReenrollmentPage page = Page();
  std::vector<std::string> hidden;
  screen.Screen(page, &hidden);
  EXPECT_THAT(hidden, ElementsAre("reenrollments.student.status", "reenrollments.status"));
  EXPECT_EQ(page.reenrollments(0).student().custom_id(), "S-1");
}

TEST(FieldScreenTest, AFieldWithoutAValueIsNotNamed) {
  const FieldScreen screen(Showing({}));
  openapply::Reenrollment record;
  record.set_id(1);
  std::vector<std::string> hidden;
  screen.Screen(record, &hidden);
  EXPECT_THAT(hidden, IsEmpty());
  EXPECT_EQ(record.id(), 1);
}

TEST(FieldScreenTest, WhatAProviderSentBeyondItsSchemaIsHiddenWhole) {
  const FieldScreen screen(Showing({v1::DATA_CLASS_IDENTITY, v1::DATA_CLASS_EDUCATION_RECORD}));
  openapply::ReenrollmentPage page = Page();
  page.mutable_reenrollments(1)->add_unknown_fields()->set_json("\"x\"");
  std::vector<std::string> hidden;
  screen.Screen(page, &hidden);
  EXPECT_THAT(hidden, ElementsAre("reenrollments.unknown_fields"));
  EXPECT_EQ(page.reenrollments(1).unknown_fields_size(), 0);
  EXPECT_TRUE(page.reenrollments(1).has_student());
  m3::EnrollmentStatusReport report;
  report.set_metadata("{\"a\":1}");
  report.mutable_individual()->add_datasources()->set_string_value("x");
  hidden.clear();
  screen.Screen(report, &hidden);
  EXPECT_THAT(hidden, ElementsAre("individual.datasources", "metadata"));
  EXPECT_TRUE(report.has_individual());
}

TEST(FieldScreenTest, UnknownFieldsOfTheWireAreDropped) {
  const FieldScreen screen(Showing({}));
  openapply::Reenrollment record;
  record.GetReflection()->MutableUnknownFields(&record)->AddLengthDelimited(99, "x");
  std::vector<std::string> hidden;
  screen.Screen(record, &hidden);
  EXPECT_EQ(record.ByteSizeLong(), 0u);
}

TEST(FieldScreenTest, SingleFieldsCanBeHidden) {
  ScreenRules rules;
  rules.hides = [](const google::protobuf::FieldDescriptor& field) {
    return field.full_name() == "edugate.provider.openapply.v3.Student.custom_id";
  };
  const FieldScreen screen(rules);
  openapply::ReenrollmentPage page = Page();
  std::vector<std::string> hidden;
  screen.Screen(page, &hidden);
  EXPECT_THAT(hidden, ElementsAre("reenrollments.student.custom_id"));
  EXPECT_EQ(page.reenrollments(0).student().status(), "Enrolled");
}

ScreenRules Hiding(std::set<std::string> fields) {
  return {.hides = [fields = std::move(fields)](const google::protobuf::FieldDescriptor& field) {
    return fields.count(field.containing_type()->name() + "." + field.name()) > 0;
  }};
}

TEST(FieldScreenTest, OfSeveralViewsOneHasToShowAValueAndAllAroundIt) {
  // One hides the student, the other its number: neither shows the number.
  const FieldScreen screen(std::vector<ScreenRules>{
      Hiding({"Reenrollment.student", "Reenrollment.year"}), Hiding({"Student.custom_id"})});
  openapply::ReenrollmentPage page = Page();
  std::vector<std::string> hidden;
  screen.Screen(page, &hidden);
  EXPECT_THAT(hidden, ElementsAre("reenrollments.student.custom_id"));
  EXPECT_EQ(page.reenrollments(0).student().status(), "Enrolled");
  EXPECT_EQ(page.reenrollments(0).year(), 2027);
  const auto& type = *openapply::Reenrollment::descriptor();
  EXPECT_TRUE(screen.HidesPath(type, "student.custom_id"));
  EXPECT_FALSE(screen.HidesPath(type, "student.status"));
  EXPECT_FALSE(screen.HidesPath(type, "year"));
}

TEST(FieldScreenTest, AViewThatHidesWhatIsPackedShowsNothingOfIt) {
  ScreenRules closed = Hiding({});
  closed.hides_packed = true;
  const FieldScreen screen(std::vector<ScreenRules>{closed, Hiding({"Student.custom_id"})});
  google::rpc::Status record;
  record.add_details()->PackFrom(Page().reenrollments(0));
  std::vector<std::string> hidden;
  screen.Screen(record, &hidden);
  openapply::Reenrollment packed;
  ASSERT_TRUE(record.details(0).UnpackTo(&packed));
  EXPECT_FALSE(packed.student().has_custom_id());
  EXPECT_EQ(packed.student().status(), "Enrolled");
  EXPECT_THAT(hidden, ElementsAre("details.student.custom_id"));
}

TEST(FieldScreenTest, KnowsWhichTypesItTouches) {
  const FieldScreen screen(Showing({v1::DATA_CLASS_EDUCATION_RECORD}));
  EXPECT_TRUE(screen.Touches(*openapply::ReenrollmentPage::descriptor()));
  EXPECT_TRUE(screen.Touches(*openapply::Reenrollment::descriptor()));
  EXPECT_FALSE(screen.Touches(*openapply::PageMeta::descriptor()));
  EXPECT_FALSE(screen.Touches(*openapply::ReenrollmentStatus::descriptor()));
}

TEST(FieldScreenTest, PathsAreJudgedByEachStep) {
  const FieldScreen screen(Showing({v1::DATA_CLASS_EDUCATION_RECORD}));
  const auto& type = *openapply::Reenrollment::descriptor();
  EXPECT_FALSE(screen.HidesPath(type, "status.name"));
  EXPECT_FALSE(screen.HidesPath(type, "year"));
  EXPECT_TRUE(screen.HidesPath(type, "student"));
  EXPECT_TRUE(screen.HidesPath(type, "student.status"));
  EXPECT_TRUE(screen.HidesPath(type, "no_such_field"));
  EXPECT_TRUE(screen.HidesPath(type, "year.below"));
}

TEST(FieldScreenTest, FindsTheBytesThatAFileConsistsOf) {
  const FieldScreen nothing(Showing({}));
  EXPECT_EQ(nothing.HiddenBytesOf(*openapply::Reenrollment::descriptor()), nullptr);
  const FieldScreen all_bytes(
      ScreenRules{.hides = [](const google::protobuf::FieldDescriptor& field) {
        return field.name() == "data";
      }});
  const auto* data = all_bytes.HiddenBytesOf(*google::api::HttpBody::descriptor());
  ASSERT_NE(data, nullptr);
  EXPECT_EQ(data->name(), "data");
}

}  // namespace
}  // namespace edugate::privacy
