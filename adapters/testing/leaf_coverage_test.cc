#include "adapters/testing/leaf_coverage.h"

#include "edugate/provider/openapply/v3/openapply.pb.h"
#include "edugate/v1/enrollment.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace edugate::adapters::testing {
namespace {

using provider::openapply::v3::Reenrollment;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::Enrollment Holding(const Reenrollment& record) {
  v1::Enrollment enrollment;
  enrollment.mutable_provider_record()->PackFrom(record);
  return enrollment;
}

TEST(LeafCoverageTest, FindsEveryValueOfACompleteRecord) {
  Reenrollment record;
  record.set_id(59);
  record.mutable_fee()->set_amount("550.0");
  EXPECT_THAT(MissingLeaves(R"({"id": 59, "deleted_at": null, "fee": {"amount": 550.0}})",
                            Holding(record), Written::kJson),
              IsEmpty());
}

TEST(LeafCoverageTest, NamesAValueThatIsMissingOrOther) {
  Reenrollment record;
  record.set_id(60);
  EXPECT_THAT(
      MissingLeaves(R"({"id": 59, "fee": {"amount": "550.0"}})", Holding(record), Written::kJson),
      ElementsAre("fee.amount", "id"));
}

TEST(LeafCoverageTest, FindsAnUnknownFieldAtItsPlace) {
  v1::Enrollment enrollment = Holding(Reenrollment());
  v1::UnknownField& unknown = *enrollment.add_unknown_fields();
  unknown.set_path("student.bus");
  unknown.set_json(R"({"line": 4})");
  EXPECT_THAT(MissingLeaves(R"({"student": {"bus": {"line": 4}}})", enrollment, Written::kJson),
              IsEmpty());
}

TEST(LeafCoverageTest, LetsXmlLoseAnEmptyTextAndJsonNot) {
  const v1::Enrollment enrollment = Holding(Reenrollment());
  constexpr char kDocument[] = R"({"created_at": ""})";
  EXPECT_THAT(MissingLeaves(kDocument, enrollment, Written::kXml), IsEmpty());
  EXPECT_THAT(MissingLeaves(kDocument, enrollment, Written::kJson), ElementsAre("created_at"));
}

TEST(LeafCoverageTest, FindsNothingWithoutAProviderRecord) {
  EXPECT_EQ(MissingLeaves("{}", v1::Enrollment(), Written::kJson).size(), 1u);
}

}  // namespace
}  // namespace edugate::adapters::testing
