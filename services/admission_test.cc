#include "services/admission.h"

#include <grpcpp/test/server_context_test_spouse.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "runtime/async/test_loop.h"
#include "runtime/errors/errors.h"
#include "runtime/identity/test_key.h"

namespace edugate::services {
namespace {

using Names = std::vector<std::string>;

class AdmissionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = absl::StrCat(::testing::TempDir(), "/admission-jwks-", getpid());
    std::ofstream(path_) << identity::KeySet({key_.Jwk("a")});
    auto tokens = identity::JwtVerifier::Open(
        {.jwks_file = path_, .issuer = "issuer", .audience = "edugate"}, &async::SystemClock());
    ASSERT_TRUE(tokens.ok()) << tokens.status();
    tokens_ = *std::move(tokens);
  }
  void TearDown() override { std::remove(path_.c_str()); }

  std::string Token(absl::string_view caller) const {
    return key_.Token(
        identity::Algorithm::kEdDsa, R"({"alg":"EdDSA"})",
        absl::StrCat(R"({"iss":"issuer","aud":"edugate","exp":4102444800,"sub":")", caller, "\"}"));
  }

  static void ExpectUnknown(const absl::StatusOr<Names>& names) {
    EXPECT_EQ(errors::ReasonOf(names.status()), v1::ERROR_REASON_CALLER_UNAUTHENTICATED);
    EXPECT_TRUE(absl::IsUnauthenticated(names.status()));
  }

  const identity::TestKey key_{identity::KeyType::kEd25519};
  std::string path_;
  std::shared_ptr<identity::JwtVerifier> tokens_;
};

TEST_F(AdmissionTest, ATokenNamesItsCaller) {
  for (const char* scheme : {"Bearer ", "bearer "}) {
    const auto names =
        NamesOf({.authorization = {absl::StrCat(scheme, Token("portal"))}}, tokens_.get());
    ASSERT_TRUE(names.ok()) << names.status();
    EXPECT_EQ(*names, Names{"jwt:portal"});
  }
}

TEST_F(AdmissionTest, ATokenComesBeforeACertificateAndIsNotReplacedByIt) {
  EXPECT_EQ(*NamesOf({.authorization = {"Bearer " + Token("portal")}, .common_name = "mesh"},
                     tokens_.get()),
            Names{"jwt:portal"});
  ExpectUnknown(NamesOf({.authorization = {"Bearer x.y.z"}, .common_name = "mesh"}, tokens_.get()));
  ExpectUnknown(NamesOf({.authorization = {"Bearer " + Token("portal")}}, nullptr));
}

TEST_F(AdmissionTest, NothingOfABadTokenIsInTheError) {
  std::string token = Token("canary-person");
  token.back() = token.back() == 'A' ? 'B' : 'A';
  const auto names = NamesOf({.authorization = {"Bearer " + token}}, tokens_.get());
  ExpectUnknown(names);
  const std::string wire = errors::ToRpcStatus(names.status()).DebugString();
  EXPECT_FALSE(absl::StrContains(wire, "canary"));
  EXPECT_FALSE(absl::StrContains(wire, token.substr(0, 12)));
}

TEST_F(AdmissionTest, OtherAuthorizationIsRefused) {
  ExpectUnknown(NamesOf({.authorization = {"Basic dTpw"}}, tokens_.get()));
  ExpectUnknown(NamesOf({.authorization = {""}}, tokens_.get()));
  ExpectUnknown(
      NamesOf({.authorization = {"Bearer " + Token("a"), "Bearer " + Token("b")}}, tokens_.get()));
  ExpectUnknown(NamesOf({}, tokens_.get()));
}

TEST_F(AdmissionTest, ACertificateIsKnownByItsAlternativeNamesOrElseByItsCommonName) {
  EXPECT_EQ(
      *NamesOf(
          {.uris = {"spiffe://a/portal"}, .dns_names = {"portal.example"}, .common_name = "portal"},
          nullptr),
      (Names{"cert:spiffe://a/portal", "cert:portal.example"}));
  EXPECT_EQ(*NamesOf({.common_name = "portal"}, nullptr), Names{"cert:portal"});
  ExpectUnknown(NamesOf({.common_name = "a person's name"}, nullptr));
}

TEST_F(AdmissionTest, APurposeIsAShortLineOfAscii) {
  EXPECT_EQ(*PurposeOf({}), "");
  EXPECT_EQ(*PurposeOf({"transcript request 7"}), "transcript request 7");
  EXPECT_EQ(*PurposeOf({std::string(200, 'x')}), std::string(200, 'x'));
  for (const std::string& bad : {std::string(201, 'x'), std::string("a\r\nb"),
                                 std::string("a\0b", 3), std::string("\x80")}) {
    EXPECT_EQ(errors::ReasonOf(PurposeOf({bad}).status()), v1::ERROR_REASON_ARGUMENT_INVALID);
  }
  EXPECT_FALSE(PurposeOf({"a", "b"}).ok());
}

class CallersFooting final : public ServiceFooting {
 public:
  explicit CallersFooting(std::shared_ptr<const Callers> callers) {
    parts_.callers = std::move(callers);
  }
};

TEST_F(AdmissionTest, ACallDoesWhatItDoesUnderTheConfigurationThatItsRightsAreOf) {
  const auto callers = [this](const std::string& connection) {
    GrantRule rule;
    rule.grant.connections = {connection};
    rule.callers = {"jwt:portal"};
    rule.methods = {"*"};
    return std::make_shared<const CallersFooting>(
        std::make_shared<const Callers>(std::vector<GrantRule>{rule}, tokens_));
  };
  const auto before = callers("lincoln");
  CurrentFooting current;
  current.Set(before);
  const Admission admission(current);
  grpc::ServerContext context;
  grpc::testing::ServerContextTestSpouse spouse(&context);
  spouse.AddClientMetadata("authorization", "Bearer " + Token("portal"));
  async::TestLoop loop;
  async::CallContext call(loop, async::kNever);
  ASSERT_TRUE(admission.Admit(context, "EnrollmentService.GetEnrollment", call).ok());
  // Loaded again before the call's coroutine runs.
  current.Set(callers("acme"));
  EXPECT_TRUE(MayUse(call, "lincoln"));
  EXPECT_EQ(&PartsOfCall(current)(call), &before->parts());

  async::CallContext next(loop, async::kNever);
  ASSERT_TRUE(admission.Admit(context, "EnrollmentService.GetEnrollment", next).ok());
  EXPECT_FALSE(MayUse(next, "lincoln"));
  EXPECT_TRUE(MayUse(next, "acme"));
}

TEST_F(AdmissionTest, WithoutCallersEverybodyIsAdmitted) {
  CurrentFooting current;
  current.Set(std::make_shared<const CallersFooting>(nullptr));
  grpc::ServerContext context;
  async::TestLoop loop;
  async::CallContext call(loop, async::kNever);
  EXPECT_TRUE(Admission(current).Admit(context, "EnrollmentService.GetEnrollment", call).ok());
  EXPECT_TRUE(MayUse(call, "lincoln"));
  EXPECT_EQ(call.caller(), "");
}

}  // namespace
}  // namespace edugate::services
