#include "adapters/testing/mapping_coverage.h"

#include "edugate/provider/openapply/v3/openapply.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace edugate::adapters::testing {
namespace {

using provider::openapply::v3::Reenrollment;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

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
