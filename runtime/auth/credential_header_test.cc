#include "runtime/auth/credential_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace edugate::auth {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(CredentialHeaderTest, FindsAHeaderByItsName) {
  http::Request request;
  request.headers = {{"authorization", "Bearer new"}, {"Accept", "a"}};
  EXPECT_EQ(HeaderOf(request, "aUthorization"), "Bearer new");
  EXPECT_EQ(HeaderOf(request, "accept"), "a");
  EXPECT_EQ(HeaderOf(request, "Host"), "");
}

TEST(CredentialHeaderTest, MakesBasicCredentials) {
  // The example of RFC 7617, section 2.
  EXPECT_EQ(BasicCredentials("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST(CredentialHeaderTest, RefusesWhatWouldMakeAnotherHeader) {
  for (const std::string& text :
       {std::string("s3cr3t\r\nX-Injected: 1"), std::string("s3cr3t\n"),
        std::string("s3cr3t\0x", 8), std::string("s3cr3t\x7f"), std::string("s3cr3t\xc3\xa4"),
        std::string("s3cr3t\t"), std::string(" s3cr3t"), std::string("s3cr3t "), std::string(),
        std::string(kMaxCredentialBytes + 1, 's')}) {
    for (const absl::Status& status : {CheckToken(text), CheckHeaderValue(text)}) {
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
      EXPECT_THAT(std::string(status.message()), Not(HasSubstr("s3cr3t")));
    }
  }
  EXPECT_TRUE(CheckToken("abc.DEF-123_~+/=").ok());
  EXPECT_FALSE(CheckToken("a b").ok());
  EXPECT_TRUE(CheckHeaderValue("a b").ok());
  EXPECT_TRUE(CheckHeaderValue(std::string(kMaxCredentialBytes, 'x')).ok());
}

TEST(CredentialHeaderTest, ABasicUserHasNoColonAndNeitherPartAControlCharacter) {
  EXPECT_FALSE(CheckBasicUser("a:b").ok());
  EXPECT_FALSE(CheckBasicUser("a\n").ok());
  EXPECT_FALSE(CheckBasicPassword("a\r").ok());
  EXPECT_TRUE(CheckBasicUser("j\xc3\xb6rg").ok());
  EXPECT_TRUE(CheckBasicPassword("a: b").ok());
}

TEST(CredentialHeaderTest, AHeaderNameIsATokenAndNotTheTransports) {
  for (const char* good : {"api_key", "X-Api-Key", "Authorization"}) {
    EXPECT_TRUE(CheckHeaderName(good).ok()) << good;
  }
  for (const char* bad : {"", "a b", "a:", "a\r\n", "\xc3\xa4", "host", "Content-Length",
                          "transfer-encoding", "Connection", "Keep-Alive", "proxy-connection",
                          "User-Agent", "If-None-Match", "traceparent", "Tracestate"}) {
    EXPECT_FALSE(CheckHeaderName(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace edugate::auth
