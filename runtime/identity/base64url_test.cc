#include "runtime/identity/base64url.h"

#include "gtest/gtest.h"

namespace edugate::identity {
namespace {

TEST(Base64UrlTest, ReadsWhatItWrites) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(DecodeBase64Url(EncodeBase64Url(bytes)), bytes) << i;
    bytes.push_back(static_cast<char>(i * 7));
  }
}

TEST(Base64UrlTest, ReadsTheExampleOfTheRfc) {
  EXPECT_EQ(DecodeBase64Url("A-z_4ME"), std::string("\x03\xec\xff\xe0\xc1"));
}

TEST(Base64UrlTest, RefusesWhatTwoReadersCouldReadDifferently) {
  EXPECT_FALSE(DecodeBase64Url("A-z_4ME=").has_value()) << "padding";
  EXPECT_FALSE(DecodeBase64Url("A-z_ 4ME").has_value()) << "white space";
  EXPECT_FALSE(DecodeBase64Url("A+z/4ME").has_value()) << "the other alphabet";
  EXPECT_FALSE(DecodeBase64Url("A-z_4MF").has_value()) << "bits that no byte uses";
  EXPECT_FALSE(DecodeBase64Url("A-z_4").has_value()) << "half a byte";
}

}  // namespace
}  // namespace edugate::identity
