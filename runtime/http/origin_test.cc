#include "runtime/http/origin.h"

#include "gtest/gtest.h"

namespace edugate::http {
namespace {

TEST(OriginTest, IsSchemeHostAndPortOfAUrl) {
  EXPECT_EQ(Origin::Of("https://a.example/x?y=1")->text(), "https://a.example");
  EXPECT_EQ(Origin::Of("https://a.example:8443")->text(), "https://a.example:8443");
  EXPECT_EQ(Origin::Of("https://[::1]:1/x")->text(), "https://[::1]:1");
}

TEST(OriginTest, WhatHasNoHostOrAUserOrAnotherSchemeIsNone) {
  for (const char* url : {"", "/x", "a.example", "file:///etc/passwd", "ftp://a.example/",
                          "https://", "https:///x", "https://user@a.example/", "https://[::1/x"}) {
    EXPECT_FALSE(Origin::Of(url).has_value()) << url;
  }
}

TEST(OriginTest, HoldsItsOwnUrlsAlone) {
  const Origin origin = *Origin::Of("https://a.example");
  for (const char* url : {"https://a.example", "https://a.example/", "https://a.example/x",
                          "https://a.example?x=1", "HTTPS://A.example/"}) {
    EXPECT_TRUE(origin.Holds(url)) << url;
  }
  for (const char* url :
       {"http://a.example/", "https://a.example.evil.test/", "https://a.example:444/",
        "https://a.example@evil.test/", "https://a.examples/", "https://b.example/",
        "https://a.example\\@evil.test/", "https://a.example#@evil.test/"}) {
    EXPECT_FALSE(origin.Holds(url)) << url;
  }
}

TEST(OriginTest, KnowsThisMachineByItsUsualNames) {
  for (const char* url : {"http://localhost:1/", "http://127.0.0.1", "http://127.9.9.9/x",
                          "http://[::1]:8080/", "http://LOCALHOST"}) {
    EXPECT_TRUE(Origin::Of(url)->loopback()) << url;
  }
  for (const char* url : {"http://127.0.0.1.evil.test/", "http://localhost.evil.test/",
                          "http://2130706433/", "http://10.0.0.1/", "http://127.1/"}) {
    EXPECT_FALSE(Origin::Of(url)->loopback()) << url;
  }
}

}  // namespace
}  // namespace edugate::http
