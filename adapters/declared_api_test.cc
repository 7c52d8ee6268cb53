#include "adapters/declared_api.h"

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "edugate/provider/class_enrollment/v2/class_enrollment.pb.h"
#include "edugate/provider/edx_enterprise/v1/edx_enterprise.pb.h"
#include "edugate/provider/measureone/v2/measureone.pb.h"
#include "edugate/provider/measureone/v3/measureone.pb.h"
#include "edugate/provider/openapply/v3/openapply.pb.h"
#include "gtest/gtest.h"

namespace edugate::adapters {
namespace {

struct Declared {
  const google::protobuf::FileDescriptor* file;
  const char* service;
};

// Every provider API that is declared below proto/edugate/provider.
std::vector<Declared> AllDeclared() {
  return {
      {provider::openapply::v3::Reenrollment::descriptor()->file(),
       "edugate.provider.openapply.v3.OpenApplyV3"},
      {provider::class_enrollment::v2::ClassEnrollment::descriptor()->file(),
       "edugate.provider.class_enrollment.v2.ClassEnrollmentV2"},
      {provider::measureone::v2::GetTranscriptRequest::descriptor()->file(),
       "edugate.provider.measureone.v2.MeasureOneV2"},
      {provider::measureone::v3::GetEnrollmentStatusRequest::descriptor()->file(),
       "edugate.provider.measureone.v3.MeasureOneV3"},
      {provider::edx_enterprise::v1::ErrorBody::descriptor()->file(),
       "edugate.provider.edx_enterprise.v1.EdxEnterpriseV1"},
  };
}

TEST(DeclaredApiTest, EveryProvidersDeclarationCompiles) {
  for (const Declared& each : AllDeclared()) {
    SCOPED_TRACE(each.service);
    const auto* service = each.file->pool()->FindServiceByName(each.service);
    ASSERT_NE(service, nullptr);
    const auto api = rest::Api::Compile({service});
    ASSERT_TRUE(api.ok()) << api.status();
    EXPECT_EQ(api->operations().size(), static_cast<size_t>(service->method_count()));
  }
}

TEST(DeclaredApiTest, NoServiceOfAProviderIsForgottenHere) {
  std::set<std::string> known;
  for (const Declared& each : AllDeclared()) known.insert(each.service);
  const std::regex package("package ([\\w.]+);");
  const std::regex service("\nservice (\\w+) ");
  std::set<std::string> found;
  for (const auto& file : std::filesystem::recursive_directory_iterator(
           EDUGATE_SOURCE_DIR "/proto/edugate/provider")) {
    if (file.path().extension() != ".proto") continue;
    std::stringstream content;
    content << std::ifstream(file.path()).rdbuf();
    const std::string text = content.str();
    std::smatch in;
    ASSERT_TRUE(std::regex_search(text, in, package)) << file.path();
    for (std::sregex_iterator at(text.begin(), text.end(), service), end; at != end; ++at) {
      found.insert(in[1].str() + "." + (*at)[1].str());
    }
  }
  EXPECT_EQ(found, known);
}

TEST(DeclaredApiTest, AnOperationIsFoundByItsName) {
  const Declared openapply = AllDeclared()[0];
  const auto api = CompileDeclaration({openapply.service}, openapply.file);
  EXPECT_EQ(OperationOf(*api, "ListReenrollments").name(), "OpenApplyV3.ListReenrollments");
}

using DeclaredApiDeathTest = ::testing::Test;

TEST(DeclaredApiDeathTest, WhatIsNotDeclaredEndsTheProgramWithItsName) {
  const Declared openapply = AllDeclared()[0];
  EXPECT_DEATH(CompileDeclaration({"edugate.provider.nobody.v1.Nobody"}, openapply.file),
               "edugate.provider.nobody.v1.Nobody: is not declared");
  EXPECT_DEATH(
      OperationOf(*CompileDeclaration({openapply.service}, openapply.file), "DeleteEverything"),
      "DeleteEverything: is not declared");
}

}  // namespace
}  // namespace edugate::adapters
