#include "app/capabilities_document.h"

#include <fstream>
#include <iterator>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace edugate::app {
namespace {

TEST(CapabilitiesDocumentTest, TheCommittedPageIsCurrent) {
  std::ifstream file(EDUGATE_SOURCE_DIR "/docs/capabilities.md", std::ios::binary);
  ASSERT_TRUE(file.good());
  const std::string committed(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(committed, CapabilitiesDocument())
      << "run: build/edugate capabilities > docs/capabilities.md";
}

TEST(CapabilitiesDocumentTest, EveryProviderDeclaresItsNativeMethods) {
  const std::string page = CapabilitiesDocument();
  for (const char* text : {"edugate.provider.openapply.v3.OpenApplyV3.ListReenrollments",
                           "`GET /api/v3/reenrollments`", "`provider_status` = string",
                           "EnrollmentService.UpdateEnrollment | writes"}) {
    EXPECT_THAT(page, ::testing::HasSubstr(text));
  }
}

}  // namespace
}  // namespace edugate::app
