#include "runtime/http/http2_refusal.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace edugate::http {
namespace {

bool IsRefused(std::initializer_list<const char*> texts) {
  Http2Refusal refusal;
  for (const char* const text : texts) refusal.OnText(text);
  return refusal.refused();
}

constexpr char kStreamOne[] = "Using Stream ID: 1 (easy handle 0x55d0c8a3e2a0)\n";

TEST(Http2RefusalTest, ARefusedStreamWasNotLookedAt) {
  EXPECT_TRUE(IsRefused({kStreamOne, "REFUSED_STREAM, retrying a fresh connect\n"}));
}

TEST(Http2RefusalTest, AGoAwayRefusesTheStreamsAboveItsLast) {
  EXPECT_TRUE(IsRefused({kStreamOne, "recveived GOAWAY, error=0, last_stream=0\n"}));
  EXPECT_TRUE(IsRefused({kStreamOne, "received GOAWAY, error=0, last_stream=0\n"}));
  EXPECT_TRUE(IsRefused(
      {"Using Stream ID: 11 (easy handle 0x1)\n", "recveived GOAWAY, error=2, last_stream=9\n"}));
  EXPECT_FALSE(IsRefused({kStreamOne, "recveived GOAWAY, error=0, last_stream=1\n"}));
  EXPECT_FALSE(IsRefused({kStreamOne, "recveived GOAWAY, error=0, last_stream=2147483647\n"}));
}

TEST(Http2RefusalTest, TheLastGoAwayOfAShutdownCounts) {
  EXPECT_TRUE(IsRefused({kStreamOne, "recveived GOAWAY, error=0, last_stream=2147483647\n",
                         "recveived GOAWAY, error=0, last_stream=0\n"}));
}

TEST(Http2RefusalTest, WithoutAStreamNothingWasRefused) {
  EXPECT_FALSE(IsRefused({"recveived GOAWAY, error=0, last_stream=0\n"}));
  EXPECT_FALSE(IsRefused({"Using Stream ID: none\n", "received GOAWAY, last_stream=0\n"}));
}

TEST(Http2RefusalTest, OtherWordsSayNothing) {
  EXPECT_FALSE(IsRefused({}));
  EXPECT_FALSE(IsRefused({kStreamOne, "", "Connection died, retrying a fresh connect\n",
                          " subject: CN=REFUSED_STREAM, x\n", "REFUSED_STREAM",
                          "HTTP/2 stream 1 was not closed cleanly: INTERNAL_ERROR (err 2)\n",
                          "recveived GOAWAY, error=0\n", "recveived GOAWAY, last_stream=\n",
                          "recveived GOAWAY, last_stream=-1\n",
                          "recveived GOAWAY, last_stream=99999999999\n"}));
}

}  // namespace
}  // namespace edugate::http
