#include "runtime/http/curl_header_lines.h"

#include <curl/curl.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace edugate::http {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> LinesOf(const Request& request) {
  CurlHeaderLines lines(request, "edugate");
  std::vector<std::string> found;
  for (const curl_slist* line = lines.list(); line != nullptr; line = line->next) {
    found.emplace_back(line->data);
  }
  return found;
}

Request Of(std::string method) {
  Request request;
  request.method = std::move(method);
  request.url = "https://api.example.net/";
  return request;
}

class IgnoringSink final : public BodySink {
 public:
  Flow Write(absl::string_view) override { return Flow::kContinue; }
};

TEST(CurlHeaderLinesTest, AreTheClientsFirstAndThenTheRequestsInItsOrder) {
  Request request = Of("GET");
  request.headers = {{"X-B", "two  words"}, {"Accept", "text/csv"}, {"X-B", "1"}};
  EXPECT_THAT(LinesOf(request), ElementsAre("User-Agent: edugate", "Accept-Encoding: gzip",
                                            "X-B: two  words", "Accept: text/csv", "X-B: 1"));
}

TEST(CurlHeaderLinesTest, AnEmptyValueIsSpelledSoThatItIsSent) {
  Request request = Of("GET");
  request.headers = {{"X-Empty", ""}};
  EXPECT_THAT(LinesOf(request),
              ElementsAre("User-Agent: edugate", "Accept-Encoding: gzip", "X-Empty;"));
}

TEST(CurlHeaderLinesTest, TheRequestsOwnAgentStandsAlone) {
  Request request = Of("GET");
  request.headers = {{"user-agent", "other"}};
  EXPECT_THAT(LinesOf(request), ElementsAre("Accept-Encoding: gzip", "user-agent: other"));
}

TEST(CurlHeaderLinesTest, BesideASinkNoCompressionIsOffered) {
  IgnoringSink sink;
  Request request = Of("GET");
  request.sink = &sink;
  EXPECT_THAT(LinesOf(request), ElementsAre("User-Agent: edugate"));
}

TEST(CurlHeaderLinesTest, WithABodyLibcurlsOwnLinesAreTakenAway) {
  Request request = Of("DELETE");
  request.has_body = true;
  for (const char* method : {"DELETE", "POST", "PUT", "PATCH"}) {
    request.method = method;
    EXPECT_THAT(LinesOf(request), ElementsAre("User-Agent: edugate", "Accept-Encoding: gzip",
                                              "Expect:", "Content-Type:"));
    request.has_body = false;  // An empty one, which the other methods have all the same.
  }
  request.headers = {{"content-type", "application/json"}};
  EXPECT_THAT(LinesOf(request), ElementsAre("User-Agent: edugate", "Accept-Encoding: gzip",
                                            "Expect:", "content-type: application/json"));
}

TEST(CurlHeaderLinesTest, ManyLongLinesAreAllWhole) {
  Request request = Of("POST");
  for (int i = 0; i < 200; ++i) {
    request.headers.push_back(
        Header{"X-" + std::to_string(i), std::string(static_cast<std::size_t>(i), 'v')});
  }
  const std::vector<std::string> lines = LinesOf(request);
  ASSERT_EQ(lines.size(), 204u);
  EXPECT_EQ(lines[4], "X-0;");
  for (std::size_t i = 1; i < 200; ++i) {
    EXPECT_EQ(lines[4 + i], "X-" + std::to_string(i) + ": " + std::string(i, 'v'));
  }
}

}  // namespace
}  // namespace edugate::http
