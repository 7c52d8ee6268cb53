#include "runtime/identity/jwt.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "runtime/identity/base64url.h"

namespace edugate::identity {
namespace {

std::string Token(absl::string_view header, absl::string_view claims) {
  return absl::StrCat(EncodeBase64Url(header), ".", EncodeBase64Url(claims), ".AAAA");
}

constexpr char kHeader[] = R"({"alg":"ES256","kid":"a"})";

TEST(JwtTest, IsTakenApart) {
  const std::string token = Token(
      kHeader, R"({"iss":"i","aud":["x","y"],"exp":1800000000.5,"nbf":1700000000,"sub":"portal"})");
  const auto jwt = ReadJwt(token, "sub");
  ASSERT_TRUE(jwt.has_value());
  EXPECT_EQ(jwt->algorithm, Algorithm::kEs256);
  EXPECT_EQ(jwt->key_id, "a");
  EXPECT_EQ(jwt->issuer, "i");
  EXPECT_EQ(jwt->audience, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(jwt->expiry, absl::FromUnixMillis(1'800'000'000'500));
  EXPECT_EQ(jwt->not_before, absl::FromUnixSeconds(1'700'000'000));
  EXPECT_EQ(jwt->caller, "portal");
  EXPECT_EQ(absl::StrCat(jwt->signed_text, ".AAAA"), token);
}

TEST(JwtTest, TheCallersClaimIsTheConfiguredOne) {
  const std::string token = Token(kHeader, R"({"sub":"u","azp":"portal"})");
  EXPECT_EQ(ReadJwt(token, "azp")->caller, "portal");
}

TEST(JwtTest, ANameThatCannotStandInALogIsNone) {
  for (const char* name : {"", "a b", "a\\nb", "\\u00e9"}) {
    const std::string token = Token(kHeader, absl::StrCat(R"({"sub":")", name, "\"}"));
    ASSERT_TRUE(ReadJwt(token, "sub").has_value()) << name;
    EXPECT_EQ(ReadJwt(token, "sub")->caller, "") << name;
  }
}

TEST(JwtTest, RefusesAlgorithmsWithoutAKeyPair) {
  for (const char* algorithm : {"none", "None", "HS256", "HS512", "RS1", "ES256K", "PS512", ""}) {
    EXPECT_FALSE(
        ReadJwt(Token(absl::StrCat(R"({"alg":")", algorithm, "\"}"), "{}"), "sub").has_value())
        << algorithm;
  }
  EXPECT_FALSE(ReadJwt(Token("{}", "{}"), "sub").has_value());
  EXPECT_FALSE(ReadJwt(Token(R"({"alg":["ES256"]})", "{}"), "sub").has_value());
}

TEST(JwtTest, RefusesWhatIsNotWellFormed) {
  const std::string good = Token(kHeader, "{}");
  ASSERT_TRUE(ReadJwt(good, "sub").has_value());
  EXPECT_FALSE(ReadJwt("", "sub").has_value());
  EXPECT_FALSE(ReadJwt("a.b", "sub").has_value());
  EXPECT_FALSE(ReadJwt(good + ".AAAA", "sub").has_value());
  EXPECT_FALSE(ReadJwt(good.substr(0, good.rfind('.') + 1), "sub").has_value()) << "no signature";
  EXPECT_FALSE(ReadJwt(good + "=", "sub").has_value());
  EXPECT_FALSE(ReadJwt(Token("[]", "{}"), "sub").has_value());
  EXPECT_FALSE(ReadJwt(Token(kHeader, "[]"), "sub").has_value());
  EXPECT_FALSE(ReadJwt(Token(kHeader, R"({"exp":"soon"})"), "sub").has_value());
  EXPECT_FALSE(ReadJwt(Token(kHeader, R"({"exp":1e300})"), "sub").has_value());
  EXPECT_FALSE(ReadJwt(Token(kHeader, R"({"nbf":-1})"), "sub").has_value());
  EXPECT_FALSE(ReadJwt(Token(kHeader, R"({"aud":[7]})"), "sub").has_value());
  EXPECT_FALSE(ReadJwt(Token(kHeader, R"({"sub":7})"), "sub").has_value());
}

TEST(JwtTest, RefusesAnExtensionThatMustBeUnderstood) {
  EXPECT_FALSE(ReadJwt(Token(R"({"alg":"ES256","crit":["b64"],"b64":false})", "{}"), "sub"));
}

TEST(JwtTest, RefusesANameThatStandsTwice) {
  EXPECT_FALSE(ReadJwt(Token(R"({"alg":"ES256","alg":"RS256"})", "{}"), "sub").has_value());
  EXPECT_FALSE(ReadJwt(Token(kHeader, R"({"sub":"a","sub":"b"})"), "sub").has_value());
  EXPECT_TRUE(ReadJwt(Token(kHeader, R"({"sub":"a","x":{"sub":"b"}})"), "sub").has_value());
}

TEST(JwtTest, RefusesALongToken) {
  const std::string token =
      Token(kHeader, absl::StrCat(R"({"x":")", std::string(kMaxJwtBytes, 'x'), "\"}"));
  EXPECT_FALSE(ReadJwt(token, "sub").has_value());
}

}  // namespace
}  // namespace edugate::identity
