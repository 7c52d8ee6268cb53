#include "adapters/edx_enterprise/edx_values.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace edugate::adapters {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(EdxValuesTest, ReadsATextOfOpenShape) {
  EXPECT_EQ(TextOfJson(R"("plain")", {"name"}), "plain");
  EXPECT_EQ(TextOfJson("12.50", {"name"}), "12.5");
  EXPECT_EQ(TextOfJson(R"({"title": "T", "description": "D"})", {"title", "description"}), "T\nD");
  EXPECT_EQ(TextOfJson(R"({"other": "x"})", {"name"}), "");
  EXPECT_EQ(TextOfJson("null", {"name"}), "");
  EXPECT_EQ(TextOfJson("", {"name"}), "");
}

TEST(EdxValuesTest, ReadsAListOfOpenShape) {
  EXPECT_THAT(TextsOfJson(R"(["a", {"name": "b"}, "", null])", {"name"}), ElementsAre("a", "b"));
  EXPECT_THAT(TextsOfJson(R"("<p>only</p>")", {"name"}), ElementsAre("<p>only</p>"));
  EXPECT_THAT(TextsOfJson("[]", {"name"}), IsEmpty());
  EXPECT_THAT(TextsOfJson("null", {"name"}), IsEmpty());
}

TEST(EdxValuesTest, KnowsModesAndKeepsNewOnesAsOther) {
  EXPECT_EQ(EdxEnrollmentMode("audit"), v1::ENROLLMENT_MODE_AUDIT);
  EXPECT_EQ(EdxEnrollmentMode("no-id-professional"), v1::ENROLLMENT_MODE_PROFESSIONAL);
  EXPECT_EQ(EdxEnrollmentMode("unpaid-executive-education"),
            v1::ENROLLMENT_MODE_EXECUTIVE_EDUCATION);
  EXPECT_EQ(EdxEnrollmentMode("unheard-of"), v1::ENROLLMENT_MODE_OTHER);
  EXPECT_EQ(EdxEnrollmentMode(""), v1::ENROLLMENT_MODE_UNSPECIFIED);
}

TEST(EdxValuesTest, TakesThePaceWithAHyphenOrAnUnderscore) {
  EXPECT_EQ(EdxPacing("instructor_paced"), v1::PACING_INSTRUCTOR_PACED);
  EXPECT_EQ(EdxPacing("self-paced"), v1::PACING_SELF_PACED);
  EXPECT_EQ(EdxPacing("at random"), v1::PACING_UNKNOWN);
  EXPECT_EQ(EdxPacing(""), v1::PACING_UNSPECIFIED);
}

TEST(EdxValuesTest, KeepsAddressesInLowerCase) {
  EXPECT_EQ(EdxEmail(" Ann@Example.COM "), "ann@example.com");
}

}  // namespace
}  // namespace edugate::adapters
