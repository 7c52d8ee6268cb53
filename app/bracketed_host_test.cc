#include "app/bracketed_host.h"

#include <gtest/gtest.h>

namespace edugate::app {
namespace {

TEST(WithoutBracketsTest, OnlyAWholePairIsTakenAway) {
  EXPECT_EQ(WithoutBrackets("[::1]"), "::1");
  for (const char* host : {"", "[", "]", "[]", "[::1", "::1]", "localhost", "127.0.0.1"}) {
    EXPECT_EQ(WithoutBrackets(host), host);
  }
}

}  // namespace
}  // namespace edugate::app
