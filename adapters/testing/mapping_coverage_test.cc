#include "adapters/testing/mapping_coverage.h"

#include "edugate/provider/openapply/v3/openapply.pb.h"
#include "edugate/v1/enrollment.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace edugate::adapters::testing {
namespace {

using provider::openapply::v3::Reenrollment;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

const Reenrollment& AsReenrollment(const google::protobuf::Message& record) {
  return static_cast<const Reenrollment&>(record);
}

TEST(MappingCoverageTest, FindsNothingLeftOutByTheIdentity) {
  EXPECT_THAT(UnmappedFields(Reenrollment(),
                             [](const google::protobuf::Message& record) {
                               return record.SerializeAsString();
                             }),
              IsEmpty());
}

TEST(MappingCoverageTest, NamesAFieldThatIsLeftOut) {
  EXPECT_THAT(UnmappedFields(Reenrollment(),
                             [](const google::protobuf::Message& record) {
                               Reenrollment kept = AsReenrollment(record);
                               kept.mutable_student()->clear_status();
                               return kept.SerializeAsString();
                             }),
              ElementsAre("student.status"));
}

TEST(MappingCoverageTest, TakesAFieldThatCountsOnlyWithoutAnotherAsMapped) {
  const auto unmapped = UnmappedFields(Reenrollment(), [](const google::protobuf::Message& record) {
    const Reenrollment& from = AsReenrollment(record);
    return from.created_at().empty() ? from.updated_at() : from.created_at();
  });
  EXPECT_THAT(unmapped, Not(Contains("updated_at")));
  EXPECT_THAT(unmapped, Not(Contains("created_at")));
  EXPECT_THAT(unmapped, Contains("year"));
}

TEST(MappingCoverageTest, DoesNotTakeThatAFieldIsThereForItsValue) {
  EXPECT_THAT(UnmappedFields(Reenrollment(),
                             [](const google::protobuf::Message& record) {
                               Reenrollment kept = AsReenrollment(record);
                               if (kept.has_form()) kept.mutable_form()->clear_id();
                               return kept.SerializeAsString();
                             }),
              ElementsAre("form.id"));
}

TEST(MappingCoverageTest, DoesNotLookIntoWhatIsTestedElsewhere) {
  MappingCoverageOptions options;
  options.tested_elsewhere = {"edugate.provider.openapply.v3.Student"};
  EXPECT_THAT(UnmappedFields(
                  Reenrollment(),
                  [](const google::protobuf::Message& record) {
                    Reenrollment kept = AsReenrollment(record);
                    kept.clear_student();
                    return kept.SerializeAsString();
                  },
                  options),
              ElementsAre("student"));
}

TEST(MappedFieldsTest, NamesWhatAFieldFeedsAndWhatHoldsIt) {
  const auto mapped =
      MappedFields(Reenrollment(), v1::Enrollment(), [](const google::protobuf::Message& record) {
        const Reenrollment& from = AsReenrollment(record);
        v1::Enrollment to;
        to.set_grade_level(from.grade());
        to.mutable_learner()->set_student_number(from.student().custom_id());
        if (from.created_at().empty()) to.set_provider_status(from.updated_at());
        return to.SerializeAsString();
      });
  EXPECT_THAT(mapped, Contains(Pair("grade", ElementsAre("edugate.v1.Enrollment.grade_level"))));
  EXPECT_THAT(mapped, Contains(Pair("student.custom_id",
                                    ElementsAre("edugate.v1.Enrollment.learner",
                                                "edugate.v1.Learner.student_number"))));
  // What counts only where another field is empty.
  EXPECT_THAT(mapped,
              Contains(Pair("updated_at", ElementsAre("edugate.v1.Enrollment.provider_status"))));
  EXPECT_THAT(mapped, Not(Contains(Key("year"))));
}

TEST(MappingCoverageTest, ReadsTheListedFieldsOfAMessageThatHaveAReason) {
  constexpr char kList[] = R"(# what is left out
Student.works[].title: shown nowhere
Student.email:
Course.key: another message
)";
  EXPECT_THAT(ListedFields(kList, "Student"), ElementsAre("email:", "works[].title"));
}

}  // namespace
}  // namespace edugate::adapters::testing
