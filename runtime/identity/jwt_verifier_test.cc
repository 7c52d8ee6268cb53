#include "runtime/identity/jwt_verifier.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "runtime/async/clock.h"
#include "runtime/identity/test_key.h"

namespace edugate::identity {
namespace {

constexpr int64_t kNow = 1'800'000'000;

class TestClock final : public async::Clock {
 public:
  async::MonotonicTime MonotonicNow() const override { return monotonic_; }
  absl::Time WallNow() const override { return wall_; }
  void Advance(absl::Duration by) {
    wall_ += by;
    monotonic_ = async::After(monotonic_, by);
  }

 private:
  absl::Time wall_ = absl::FromUnixSeconds(kNow);
  async::MonotonicTime monotonic_{};
};

class JwtVerifierTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = absl::StrCat(::testing::TempDir(), "/jwks-", getpid(), "-",
                         ::testing::UnitTest::GetInstance()->current_test_info()->name());
    WriteKeys({key_.Jwk("a")});
    auto verifier = JwtVerifier::Open(
        {.jwks_file = path_, .issuer = "https://issuer.example", .audience = "edugate"}, &clock_);
    ASSERT_TRUE(verifier.ok()) << verifier.status();
    verifier_ = *std::move(verifier);
  }
  void TearDown() override { std::remove(path_.c_str()); }

  void WriteKeys(const std::vector<std::string>& jwks) {
    const std::string next = path_ + ".next";
    std::ofstream(next) << KeySet(jwks);
    std::rename(next.c_str(), path_.c_str());
  }

  static std::string Claims(int64_t expiry, absl::string_view more = "") {
    return absl::StrCat(R"({"iss":"https://issuer.example","aud":"edugate","sub":"portal","exp":)",
                        expiry, more, "}");
  }

  std::string Token(const std::string& claims) const {
    return key_.Token(Algorithm::kEs256, R"({"alg":"ES256","kid":"a"})", claims);
  }

  std::string Refusal(const std::string& token) {
    auto caller = verifier_->Verify(token);
    EXPECT_TRUE(absl::IsUnauthenticated(caller.status())) << caller.status();
    EXPECT_FALSE(absl::StrContains(caller.status().message(), "portal"));
    return std::string(caller.status().message());
  }

  const TestKey key_{KeyType::kP256};
  TestClock clock_;
  std::string path_;
  std::unique_ptr<JwtVerifier> verifier_;
};

TEST_F(JwtVerifierTest, NamesTheCallerOfAGoodToken) {
  auto caller = verifier_->Verify(Token(Claims(kNow + 60)));
  ASSERT_TRUE(caller.ok()) << caller.status();
  EXPECT_EQ(**caller, "portal");
}

TEST_F(JwtVerifierTest, AnExpiredTokenIsRefusedAlsoWhenItIsRemembered) {
  const std::string token = Token(Claims(kNow + 60));
  ASSERT_TRUE(verifier_->Verify(token).ok());
  clock_.Advance(absl::Seconds(89));  // the clocks may differ by 30 s
  EXPECT_TRUE(verifier_->Verify(token).ok());
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Refusal(token), "the token has expired");
}

TEST_F(JwtVerifierTest, RefusesWhatIsNotForItNow) {
  EXPECT_EQ(Refusal(Token(R"({"iss":"https://issuer.example","aud":"edugate","sub":"portal"})")),
            "the token never expires");
  EXPECT_EQ(Refusal(Token(Claims(kNow - 31))), "the token has expired");
  EXPECT_EQ(Refusal(Token(Claims(kNow + 60, absl::StrCat(R"(,"nbf":)", kNow + 31)))),
            "the token's time has not come");
  EXPECT_TRUE(
      verifier_->Verify(Token(Claims(kNow + 60, absl::StrCat(R"(,"nbf":)", kNow + 30)))).ok());
  EXPECT_EQ(Refusal(Token(R"({"iss":"other","aud":"edugate","sub":"portal","exp":1800000060})")),
            "the token's issuer is another");
  EXPECT_EQ(Refusal(Token(
                R"({"iss":"https://issuer.example","aud":["x"],"sub":"portal","exp":1800000060})")),
            "the token is for another audience");
  EXPECT_EQ(Refusal(Token(R"({"iss":"https://issuer.example","aud":"edugate","exp":1800000060})")),
            "the token names no caller");
}

TEST_F(JwtVerifierTest, RefusesASignatureOfAnotherKeyAndAChangedToken) {
  const TestKey other(KeyType::kP256);
  EXPECT_EQ(
      Refusal(other.Token(Algorithm::kEs256, R"({"alg":"ES256","kid":"a"})", Claims(kNow + 60))),
      "no key of the set has signed the token");
  EXPECT_EQ(
      Refusal(key_.Token(Algorithm::kEs256, R"({"alg":"ES256","kid":"b"})", Claims(kNow + 60))),
      "no key of the set has signed the token");
  std::string token = Token(Claims(kNow + 60));
  token[token.find('.') + 5] ^= 1;
  Refusal(token);
}

TEST_F(JwtVerifierTest, AnAlgorithmOfAnotherKeyTypeIsRefused) {
  // The classic confusion: the public key taken as the secret of an HMAC is not even readable; an
  // RSA algorithm finds no RSA key.
  EXPECT_EQ(
      Refusal(key_.Token(Algorithm::kEs256, R"({"alg":"HS256","kid":"a"})", Claims(kNow + 60))),
      "the token is no JSON Web Token that edugate takes");
  EXPECT_EQ(
      Refusal(key_.Token(Algorithm::kEs256, R"({"alg":"RS256","kid":"a"})", Claims(kNow + 60))),
      "no key of the set has signed the token");
}

TEST_F(JwtVerifierTest, ATokenThatNamesNoKeyIsTriedWithAll) {
  const TestKey other(KeyType::kP256);
  WriteKeys({other.Jwk("z"), key_.Jwk("")});
  clock_.Advance(absl::Seconds(2));
  EXPECT_TRUE(
      verifier_->Verify(key_.Token(Algorithm::kEs256, R"({"alg":"ES256"})", Claims(kNow + 60)))
          .ok());
}

TEST_F(JwtVerifierTest, FollowsItsFile) {
  const std::string token = Token(Claims(kNow + 600));
  ASSERT_TRUE(verifier_->Verify(token).ok());
  const TestKey next(KeyType::kEd25519);
  WriteKeys({next.Jwk("n")});
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(Refusal(token), "no key of the set has signed the token");
  EXPECT_TRUE(verifier_
                  ->Verify(next.Token(Algorithm::kEdDsa, R"({"alg":"EdDSA","kid":"n"})",
                                      Claims(kNow + 600)))
                  .ok());
}

TEST_F(JwtVerifierTest, KeepsTheLastGoodKeys) {
  const std::string token = Token(Claims(kNow + 600));
  std::ofstream(path_) << "not a key set";
  clock_.Advance(absl::Seconds(2));
  EXPECT_TRUE(verifier_->Verify(token).ok());
}

TEST_F(JwtVerifierTest, NeedsAKeySetToBegin) {
  std::ofstream(path_) << "{}";
  EXPECT_FALSE(JwtVerifier::Open({.jwks_file = path_}, &clock_).ok());
  EXPECT_FALSE(JwtVerifier::Open({.jwks_file = path_ + ".missing"}, &clock_).ok());
}

}  // namespace
}  // namespace edugate::identity
