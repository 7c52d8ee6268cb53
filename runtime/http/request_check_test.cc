#include "runtime/http/request_check.h"

#include <string>

#include "gtest/gtest.h"

namespace edugate::http {
namespace {

Request Get(std::string url) {
  Request request;
  request.method = "GET";
  request.url = std::move(url);
  return request;
}

Request WithHeader(std::string name, std::string value) {
  Request request = Get("https://api.example.net/");
  request.headers.push_back(Header{std::move(name), std::move(value)});
  return request;
}

TEST(RequestCheckTest, LetsAnOrdinaryRequestPass) {
  Request request = WithHeader("X-Api-Key", "abc DEF\t!~");
  request.headers.push_back(Header{"If-Match", ""});
  EXPECT_EQ(RefusalOf(request, false), "");
}

TEST(RequestCheckTest, RefusesValuesThatWouldBeMoreThanOneHeader) {
  for (const std::string& value :
       {std::string("a\r\nX-Injected: 1"), std::string("a\nb"), std::string("a\rb"),
        std::string("a\0b", 3), std::string("caf\xc3\xa9"), std::string("a\x7f"),
        std::string("\x01")}) {
    const absl::string_view refusal = RefusalOf(WithHeader("X-Note", value), false);
    EXPECT_EQ(refusal, "a header's value has a character that is not allowed");
  }
}

TEST(RequestCheckTest, RefusesNamesThatAreNotTokens) {
  for (const char* name : {"", "X Note", "X:Note", "X\r\nY", "X-Not\xc3\xa9", "@h"}) {
    EXPECT_EQ(RefusalOf(WithHeader(name, "1"), false), "a header's name is not a token") << name;
  }
}

TEST(RequestCheckTest, RefusesHeadersThatFrameTheMessage) {
  for (const char* name : {"Host", "content-length", "Transfer-Encoding", "CONNECTION", "Expect"}) {
    EXPECT_EQ(RefusalOf(WithHeader(name, "1"), false), "a header is the client's own to set")
        << name;
  }
}

TEST(RequestCheckTest, RefusesMethodsThatAreNotTokens) {
  Request request = Get("https://api.example.net/");
  for (const char* method : {"", "GET /x HTTP/1.1\r\nA:", "GE T"}) {
    request.method = method;
    EXPECT_EQ(RefusalOf(request, false), "the method is not a token") << method;
  }
}

TEST(RequestCheckTest, RefusesOtherSchemesAndPlainHttpUnlessAllowed) {
  for (const char* url : {"file:///etc/passwd", "ftp://h/", "gopher://h/", "//h/", "h/", ""}) {
    EXPECT_EQ(RefusalOf(Get(url), true), "the URL's scheme is not https") << url;
  }
  EXPECT_EQ(RefusalOf(Get("http://h/"), false), "plain http is not allowed");
  EXPECT_EQ(RefusalOf(Get("http://h/"), true), "");
}

TEST(RequestCheckTest, RefusesUrlsWithRawCharacters) {
  for (const char* url : {"https://h/a b", "https://h/\r\nX: 1", "https://h/\xc3\xa9"}) {
    EXPECT_EQ(RefusalOf(Get(url), false), "the URL has a character that must be percent-encoded");
  }
}

}  // namespace
}  // namespace edugate::http
