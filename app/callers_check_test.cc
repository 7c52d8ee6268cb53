#include "app/callers_check.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "app/callers.h"
#include "app/config_check.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace edugate::app {
namespace {

using ::testing::HasSubstr;

constexpr char kKeys[] =
    R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";

class CallersCheckTest : public ::testing::Test {
 protected:
  CallersCheckTest() {
    std::ofstream(path_) << kKeys;
    config_.add_connections()->set_id("lincoln");
    v1::JwtConfig& jwt = *config_.mutable_callers()->mutable_jwt();
    jwt.set_jwks_file(path_);
    jwt.set_issuer("issuer");
    jwt.set_audience("edugate");
    v1::GrantConfig& grant = *config_.mutable_callers()->add_grants();
    grant.add_callers("jwt:portal");
    grant.add_methods("EnrollmentService.ListEnrollments");
    grant.add_connections("lincoln");
  }
  ~CallersCheckTest() override { std::remove(path_.c_str()); }

  v1::GrantConfig& grant() { return *config_.mutable_callers()->mutable_grants(0); }

  std::map<std::string, std::string> Mistakes() const {
    std::map<std::string, std::string> mistakes;
    CheckCallers(config_, [&](const std::string& key, absl::string_view what) {
      mistakes[key] = std::string(what);
    });
    return mistakes;
  }

  void ExpectMistake(const std::string& key, const char* says) const {
    const auto mistakes = Mistakes();
    ASSERT_EQ(mistakes.count(key), 1u) << key;
    EXPECT_THAT(mistakes.at(key), HasSubstr(says));
    EXPECT_EQ(mistakes.size(), 1u);
  }

  const std::string path_ = absl::StrCat(::testing::TempDir(), "/callers-jwks-", getpid());
  v1::Config config_;
};

TEST_F(CallersCheckTest, AGoodOneHasNoMistakeAndNeitherHasNone) {
  grant().add_callers("*");
  grant().add_methods("*");
  grant().add_methods("CatalogService.*");
  grant().add_methods("edugate.provider.openapply.v3.OpenApplyV3.*");
  grant().add_methods("edugate.provider.openapply.v3.OpenApplyV3.ListReenrollments");
  grant().add_connections("*");
  grant().add_hidden_fields("Learner.email");
  EXPECT_TRUE(Mistakes().empty()) << Mistakes().begin()->first << Mistakes().begin()->second;
  EXPECT_TRUE(MakeCallers(config_, async::SystemClock()).ok());
  config_.clear_callers();
  EXPECT_TRUE(Mistakes().empty());
  EXPECT_EQ(*MakeCallers(config_, async::SystemClock()), nullptr);
}

TEST_F(CallersCheckTest, AKeySetMustBeUsable) {
  std::ofstream(path_) << "{}";
  ExpectMistake("callers.jwt.jwks_file", "no JSON Web Key Set");
  EXPECT_FALSE(MakeCallers(config_, async::SystemClock()).ok());
  config_.mutable_callers()->mutable_jwt()->set_jwks_file(path_ + ".missing");
  EXPECT_EQ(Mistakes().count("callers.jwt.jwks_file"), 1u);
}

TEST_F(CallersCheckTest, IssuerAndAudienceAreRequired) {
  config_.mutable_callers()->mutable_jwt()->clear_issuer();
  ExpectMistake("callers.jwt.issuer", "missing");
  config_.mutable_callers()->mutable_jwt()->set_issuer("issuer");
  config_.mutable_callers()->mutable_jwt()->clear_audience();
  ExpectMistake("callers.jwt.audience", "missing");
  config_.mutable_callers()->mutable_jwt()->set_audience("edugate");
  config_.mutable_callers()->mutable_jwt()->mutable_clock_skew()->set_seconds(301);
  ExpectMistake("callers.jwt.clock_skew", "0 to 5m");
}

TEST_F(CallersCheckTest, ACallerMustBeOneThatCanBeKnown) {
  grant().set_callers(0, "portal");
  ExpectMistake("callers.grants[0].callers[0]", "jwt:NAME, cert:NAME or *");
  grant().set_callers(0, "jwt:");
  ExpectMistake("callers.grants[0].callers[0]", "jwt:NAME, cert:NAME or *");
  grant().set_callers(0, "cert:portal");
  ExpectMistake("callers.grants[0].callers[0]", "client_ca_file");
  config_.mutable_server()->mutable_tls()->set_client_ca_file("clients.crt");
  EXPECT_TRUE(Mistakes().empty());
  config_.mutable_callers()->clear_jwt();
  EXPECT_TRUE(Mistakes().empty());
  grant().set_callers(0, "jwt:portal");
  ExpectMistake("callers.grants[0].callers[0]", "callers.jwt");
}

TEST_F(CallersCheckTest, WhereNobodyCanBeKnownItSaysSo) {
  config_.mutable_callers()->clear_jwt();
  grant().set_callers(0, "*");
  ExpectMistake("callers", "nobody can be known");
}

TEST_F(CallersCheckTest, MethodsAndConnectionsMustExist) {
  for (const char* method :
       {"EnrollmentService.DropEnrollments", "Enrollments.*", "EnrollmentService", "",
        "edugate.v1.EnrollmentService.ListEnrollments", "edugate.provider.openapply.v3.None.*",
        "edugate.provider.*"}) {
    grant().set_methods(0, method);
    ExpectMistake("callers.grants[0].methods[0]", "no such method");
  }
  grant().set_methods(0, "*");
  grant().set_connections(0, "lincon");
  ExpectMistake("callers.grants[0].connections[0]", "no such connection");
  grant().set_connections(0, "*");
  grant().add_hidden_fields("Learner.mail");
  ExpectMistake("callers.grants[0].hidden_fields[0]", "no such field");
}

TEST_F(CallersCheckTest, AGrantNamesCallersMethodsAndConnections) {
  grant().clear_callers();
  ExpectMistake("callers.grants[0].callers", "at least one");
  grant().add_callers("*");
  grant().clear_methods();
  ExpectMistake("callers.grants[0].methods", "at least one");
  grant().add_methods("*");
  grant().clear_connections();
  ExpectMistake("callers.grants[0].connections", "at least one");
  config_.mutable_callers()->clear_grants();
  ExpectMistake("callers.grants", "at least one");
}

TEST_F(CallersCheckTest, AnEmptyListOfVisibleClassesDoesNotShowEverything) {
  const auto load = [this](const char* visible) {
    return LoadConfigText(absl::StrCat("server: { listen: \"127.0.0.1:0\" }\n"
                                       "connections:\n"
                                       "  - id: lincoln\n"
                                       "    provider: openapply\n"
                                       "    base_url: https://lincoln.openapply.com\n"
                                       "    auth: { bearer: { value: x } }\n"
                                       "callers:\n"
                                       "  jwt: { jwks_file: ",
                                       path_,
                                       ", issuer: i, audience: a }\n"
                                       "  grants:\n"
                                       "    - callers: [ \"*\" ]\n"
                                       "      methods: [ \"*\" ]\n"
                                       "      connections: [ \"*\" ]\n",
                                       visible),
                          "file")
        .status();
  };
  EXPECT_TRUE(load("").ok()) << load("");
  EXPECT_TRUE(load("      visible: [ unspecified ]\n").ok());
  EXPECT_THAT(std::string(load("      visible: []\n").message()),
              HasSubstr("file:13: callers.grants[0].visible: is empty"));
}

}  // namespace
}  // namespace edugate::app
