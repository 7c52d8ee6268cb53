#include "runtime/rest/reply_keeping.h"

#include <gtest/gtest.h>

#include <set>

#include "runtime/rest/testdata/rest_test.pb.h"

namespace edugate::rest {
namespace {

http::Response With(int status, std::vector<http::Header> headers) {
  http::Response response;
  response.status = status;
  response.headers = std::move(headers);
  return response;
}

TEST(ReplyKeepingTest, KeysDifferInEveryPart) {
  http::Request request{.method = "GET", .url = "/a", .headers = {{"Accept", "x"}}, .body = "b"};
  std::set<std::string> keys = {CacheKey("me", "A.Get", request)};
  const auto differs = [&keys](const std::string& key) { return keys.insert(key).second; };
  EXPECT_TRUE(differs(CacheKey("you", "A.Get", request)));
  EXPECT_TRUE(differs(CacheKey("me", "A.List", request)));
  EXPECT_TRUE(differs(CacheKey("meA", ".Get", request)));
  http::Request other = request;
  other.url = "/b";
  EXPECT_TRUE(differs(CacheKey("me", "A.Get", other)));
  other = request;
  other.body = "c";
  EXPECT_TRUE(differs(CacheKey("me", "A.Get", other)));
  other = request;
  other.max_response_bytes = 1;
  EXPECT_TRUE(differs(CacheKey("me", "A.Get", other)));
  other = request;
  other.headers[0].value = "y";
  EXPECT_TRUE(differs(CacheKey("me", "A.Get", other)));
  other = request;
  other.headers.push_back({"version", "3"});
  EXPECT_TRUE(differs(CacheKey("me", "A.Get", other)));
  EXPECT_FALSE(differs(CacheKey("me", "A.Get", request)));
}

TEST(ReplyKeepingTest, APlainSuccessMayBeKeptWhereItIsNotForbidden) {
  EXPECT_TRUE(MayKeep(With(200, {})));
  EXPECT_TRUE(MayKeep(With(200, {{"Cache-Control", "private, max-age=0"}})));
  EXPECT_FALSE(MayKeep(With(200, {{"cache-control", "max-age=60, NO-STORE"}})));
  for (const int status : {201, 202, 204, 206, 304, 404}) EXPECT_FALSE(MayKeep(With(status, {})));
}

TEST(ReplyKeepingTest, AnEtagIsKeptAsItCameWhereItCanBeSentBack) {
  EXPECT_EQ(EtagOf(With(200, {{"etag", "W/\"a b\""}})), "W/\"a b\"");
  EXPECT_EQ(EtagOf(With(200, {})), "");
  EXPECT_EQ(EtagOf(With(200, {{"ETag", "\"a\r\nX: 1\""}})), "");
  EXPECT_EQ(EtagOf(With(200, {{"ETag", std::string(257, 'x')}})), "");
}

TEST(ReplyKeepingTest, WhatIsKeptIsACopy) {
  testing::Book book;
  book.set_title("Moby");
  const auto kept = Kept(book, "\"1\"");
  book.set_title("Dick");
  EXPECT_EQ(static_cast<const testing::Book&>(*kept->message).title(), "Moby");
  EXPECT_EQ(kept->etag, "\"1\"");
}

}  // namespace
}  // namespace edugate::rest
