// Every field of every provider record reaches the domain, but for those that
// testdata/unmapped_fields.txt lists with a reason.
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "adapters/edx_enterprise/edx_assignment_mapping.h"
#include "adapters/edx_enterprise/edx_catalog_mapping.h"
#include "adapters/edx_enterprise/edx_enrollment_mapping.h"
#include "adapters/edx_enterprise/edx_license_mapping.h"
#include "adapters/testing/mapping_coverage.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace edugate::adapters {
namespace {

namespace edx = provider::edx_enterprise::v1;
using google::protobuf::Message;
using ::testing::ElementsAreArray;
using testing::ListedFields;
using testing::MappingCoverageOptions;
using testing::UnmappedFields;

constexpr CatalogScope kScope{"acme", "c1"};
constexpr char kPackage[] = "edugate.provider.edx_enterprise.v1.";

std::vector<std::string> Listed(const std::string& message) {
  std::ifstream file(EDUGATE_SOURCE_DIR "/adapters/edx_enterprise/testdata/unmapped_fields.txt");
  std::ostringstream text;
  text << file.rdbuf();
  return ListedFields(text.str(), message);
}

// What the catalog services put into fields whose shape they leave open.
MappingCoverageOptions Options(const std::vector<std::string>& tested_elsewhere = {}) {
  MappingCoverageOptions options;
  for (const std::string& message : tested_elsewhere) {
    options.tested_elsewhere.insert(kPackage + message);
  }
  options.json_shapes = {R"({"name":"n%","slug":"s%","description":"d%"})",
                         R"([{"currency":"USD","min":%,"max":%,"total":%}])"};
  return options;
}

// Expects that what is left out of `Record` is what the list says of it.
template <typename Record, typename Map>
void ExpectAsListed(const MappingCoverageOptions& options, Map map) {
  const std::string& message = Record::descriptor()->name();
  const std::vector<std::string> unmapped = UnmappedFields(
      Record(),
      [&map](const Message& record) {
        return map(static_cast<const Record&>(record)).SerializeAsString();
      },
      options);
  EXPECT_THAT(unmapped, ElementsAreArray(Listed(message)))
      << "left out:\n"
      << message << "." << absl::StrJoin(unmapped, absl::StrCat("\n", message, "."));
}

TEST(EdxMappingCoverageTest, CatalogsReachTheDomain) {
  ExpectAsListed<edx::Catalog>(Options(),
                               [](auto& r) { return ToCatalog(r, "acme", v1::VIEW_BASIC); });
}

TEST(EdxMappingCoverageTest, CoursesReachTheDomain) {
  ExpectAsListed<edx::Course>(Options({"CourseRun", "NestedProgram", "SizedImages"}),
                              [](auto& r) { return ToCourse(r, kScope, v1::VIEW_BASIC); });
}

TEST(EdxMappingCoverageTest, CourseRunsReachTheDomain) {
  ExpectAsListed<edx::CourseRun>(Options(),
                                 [](auto& r) { return ToCourseRun(r, kScope, v1::VIEW_BASIC); });
}

TEST(EdxMappingCoverageTest, ProgramsReachTheDomain) {
  ExpectAsListed<edx::Program>(Options({"Course", "NestedProgram", "Person"}),
                               [](auto& r) { return ToProgram(r, kScope, v1::VIEW_BASIC); });
}

TEST(EdxMappingCoverageTest, EnrollmentsReachTheDomain) {
  ExpectAsListed<edx::LearnerEnrollment>(
      Options(), [](auto& r) { return ToEnrollment(r, "acme", v1::VIEW_BASIC); });
}

TEST(EdxMappingCoverageTest, SubscriptionPlansReachTheDomain) {
  ExpectAsListed<edx::SubscriptionPlan>(
      Options(), [](auto& r) { return ToSubscriptionPlan(r, "acme", v1::VIEW_BASIC); });
}

TEST(EdxMappingCoverageTest, AssignmentsReachTheDomain) {
  ExpectAsListed<edx::Assignment>(Options(),
                                  [](auto& r) { return ToAssignment(r, "acme", v1::VIEW_BASIC); });
}

TEST(EdxMappingCoverageTest, RepliesAboutLicensesReachTheDomain) {
  ExpectAsListed<edx::AssignLicensesReply>(
      Options(), [](auto& r) { return ToAssignResponse(r, {{"acme", {"p1"}}, {}}); });
  ExpectAsListed<edx::RevokeLicensesReply>(
      Options(), [](auto& r) { return ToRevokeResponse(r, false, {{"acme", {"p1"}}, {}}); });
}

// An item of a list is mapped as the course, course run or program that it is, by its bytes.
TEST(EdxMappingCoverageTest, ContentItemsHaveTheFieldsOfTheirKinds) {
  for (const google::protobuf::Descriptor* kind :
       {edx::Course::descriptor(), edx::CourseRun::descriptor(), edx::Program::descriptor()}) {
    for (int i = 0; i < kind->field_count(); ++i) {
      const auto* field = kind->field(i);
      const auto* item = edx::ContentItem::descriptor()->FindFieldByNumber(field->number());
      ASSERT_NE(item, nullptr) << field->full_name();
      EXPECT_EQ(item->name(), field->name());
      EXPECT_EQ(item->type(), field->type());
      EXPECT_EQ(item->label(), field->label());
      EXPECT_EQ(item->message_type(), field->message_type());
    }
  }
}

}  // namespace
}  // namespace edugate::adapters
