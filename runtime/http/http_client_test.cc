#include "runtime/http/http_client.h"

#include "gtest/gtest.h"

namespace edugate::http {
namespace {

TEST(RequestTest, AHeaderThatIsSetTakesThePlaceOfItsPredecessor) {
  Request request;
  request.headers = {{"Accept", "text/html"}, {"X-Other", "1"}};
  request.SetHeader("accept", "application/json");
  request.SetHeader("X-New", "2");
  ASSERT_EQ(request.headers.size(), 3u);
  EXPECT_EQ(request.headers[0].name, "Accept");
  EXPECT_EQ(request.headers[0].value, "application/json");
  EXPECT_EQ(request.headers[1].value, "1");
  EXPECT_EQ(request.headers[2].name, "X-New");
  EXPECT_EQ(request.headers[2].value, "2");
}

TEST(RequestTest, AHeaderThatIsSetTakesThePlaceOfEveryOneOfItsName) {
  Request request;
  request.headers = {{"authorization", "Bearer old"}, {"Accept", "a"}, {"AUTHORIZATION", "x"}};
  request.SetHeader("Authorization", "Bearer new");
  ASSERT_EQ(request.headers.size(), 2u);
  EXPECT_EQ(request.headers[0].value, "Bearer new");
  EXPECT_EQ(request.headers[1].value, "a");
}

}  // namespace
}  // namespace edugate::http
