#include "app/base_url.h"

#include "gtest/gtest.h"

namespace edugate::app {
namespace {

TEST(BaseUrlTest, TakesHttpsAndLoopback) {
  for (const char* url :
       {"https://api.edx.org", "https://api.edx.org/", "https://lms.example.net/api/2.0",
        "https://lms.example.net:8443/x", "http://127.0.0.1:8080", "http://127.9.9.9",
        "http://localhost:1/openapply", "http://[::1]:8080/x", "https://[2001:db8::1]"}) {
    EXPECT_TRUE(IsBaseUrl(url)) << url;
  }
}

TEST(BaseUrlTest, RefusesTheRest) {
  for (const char* url : {"",
                          "api.edx.org",
                          "ftp://api.edx.org",
                          "file:///etc/passwd",
                          "https://",
                          "https:///x",
                          "https://:443",
                          "https://user:pass@api.edx.org",
                          "https://api.edx.org?x=1",
                          "https://api.edx.org/#x",
                          "https://api edx.org",
                          "https://api.edx.org\r\nX: 1",
                          "https://api.edx.org\\@evil.example",
                          "https://api.edx.org:port",
                          "https://api.edx.org:0",
                          "https://api.edx.org:70000",
                          "https://[::1",
                          "https://caf\xc3\xa9.example",
                          "http://example.net",
                          "http://127.evil.example",
                          "http://127.0.0.1.evil.example",
                          "http://localhost.evil.example",
                          "http://2130706433",
                          "http://0x7f000001",
                          "http://[::2]"}) {
    EXPECT_FALSE(IsBaseUrl(url)) << url;
  }
}

TEST(LoopbackUrlTest, IsOfAnAddressAndNotOfANameThatLooksLikeOne) {
  EXPECT_TRUE(IsLoopbackUrl("http://127.0.0.1:80/x"));
  EXPECT_TRUE(IsLoopbackUrl("https://localhost"));
  EXPECT_TRUE(IsLoopbackUrl("http://[::1]:80"));
  EXPECT_FALSE(IsLoopbackUrl("http://127.evil.example"));
  EXPECT_FALSE(IsLoopbackUrl("https://api.edx.org"));
  EXPECT_FALSE(IsLoopbackUrl(""));
}

}  // namespace
}  // namespace edugate::app
