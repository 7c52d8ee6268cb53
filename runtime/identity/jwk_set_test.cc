#include "runtime/identity/jwk_set.h"

#include "gtest/gtest.h"
#include "runtime/identity/test_key.h"

namespace edugate::identity {
namespace {

struct Case {
  Algorithm algorithm;
  const char* name;
};

class AlgorithmTest : public ::testing::TestWithParam<Case> {};

TEST_P(AlgorithmTest, TakesASignatureOfItsKeyAndNoOther) {
  const Algorithm algorithm = GetParam().algorithm;
  const TestKey key(KeyTypeFor(algorithm));
  const TestKey other(KeyTypeFor(algorithm));
  const auto set = JwkSet::Parse(KeySet({key.Jwk("a")}));
  ASSERT_TRUE(set.ok()) << set.status();
  const auto candidates = set->Candidates(algorithm, "a");
  ASSERT_EQ(candidates.size(), 1u);
  const std::string signature = key.Sign(algorithm, "text");
  EXPECT_TRUE(candidates[0]->Verify(algorithm, "text", signature));
  EXPECT_FALSE(candidates[0]->Verify(algorithm, "texT", signature));
  EXPECT_FALSE(candidates[0]->Verify(algorithm, "text", other.Sign(algorithm, "text")));
  EXPECT_FALSE(candidates[0]->Verify(algorithm, "text", signature.substr(1)));
  EXPECT_FALSE(candidates[0]->Verify(algorithm, "text", ""));
  std::string changed = signature;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  EXPECT_FALSE(candidates[0]->Verify(algorithm, "text", changed));
}

INSTANTIATE_TEST_SUITE_P(
    All, AlgorithmTest,
    ::testing::Values(Case{Algorithm::kRs256, "RS256"}, Case{Algorithm::kRs384, "RS384"},
                      Case{Algorithm::kRs512, "RS512"}, Case{Algorithm::kPs256, "PS256"},
                      Case{Algorithm::kEs256, "ES256"}, Case{Algorithm::kEs384, "ES384"},
                      Case{Algorithm::kEdDsa, "EdDSA"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(JwkSetTest, AKeyChecksTheAlgorithmsOfItsTypeOnly) {
  const TestKey rsa(KeyType::kRsa);
  const TestKey small(KeyType::kP256);
  const auto set = JwkSet::Parse(KeySet({rsa.Jwk("r"), small.Jwk("s")}));
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->Candidates(Algorithm::kRs256, "r").size(), 1u);
  EXPECT_EQ(set->Candidates(Algorithm::kEs256, "r").size(), 0u);
  EXPECT_EQ(set->Candidates(Algorithm::kEs384, "s").size(), 0u);
  EXPECT_EQ(set->Candidates(Algorithm::kRs256, "").size(), 1u);
}

TEST(JwkSetTest, AKeyWithAnAlgorithmOfItsOwnChecksThatOneOnly) {
  const TestKey rsa(KeyType::kRsa);
  const auto set = JwkSet::Parse(KeySet({rsa.Jwk("r", R"("alg":"PS256")")}));
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->Candidates(Algorithm::kRs256, "r").size(), 0u);
  EXPECT_EQ(set->Candidates(Algorithm::kPs256, "r").size(), 1u);
}

TEST(JwkSetTest, PassesOverWhatCannotCheckSignatures) {
  const TestKey good(KeyType::kP256);
  const TestKey weak(KeyType::kRsa, 1024);
  const auto set = JwkSet::Parse(
      KeySet({R"({"kty":"oct","k":"c2VjcmV0"})", R"({"kty":"new"})", "7", weak.Jwk("weak"),
              good.Jwk("e", R"("use":"enc")"), good.Jwk("o", R"("key_ops":["sign"])"),
              R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})",
              R"({"kty":"OKP","crv":"X25519","x":"AA"})", good.Jwk("good", R"("use":"sig")")}));
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->size(), 1u);
  EXPECT_EQ(set->Candidates(Algorithm::kEs256, "good").size(), 1u);
}

TEST(JwkSetTest, APointOffTheCurveIsNoKey) {
  const std::string zeros(43, 'A');
  EXPECT_FALSE(JwkSet::Parse(KeySet({R"({"kty":"EC","crv":"P-256","x":")" + zeros + R"(","y":")" +
                                     zeros + R"("})"}))
                   .ok());
}

TEST(JwkSetTest, RefusesWhatIsNoSetAndASetWithoutAKey) {
  for (const char* text : {"", "{}", "[]", R"({"keys":7})", R"({"keys":[]})", "{\"keys\":["}) {
    EXPECT_FALSE(JwkSet::Parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace edugate::identity
