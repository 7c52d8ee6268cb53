#include "runtime/http/response_reader.h"

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace edugate::http {
namespace {

constexpr ResponseLimits kLimits{64 << 10, 100};

class ResponseReaderTest : public ::testing::Test {
 protected:
  ResponseReaderTest() { request_.method = "GET"; }

  // False at the first line that is refused.
  bool Read(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
      if (!reader_.OnHeaderLine(line + "\r\n")) return false;
    }
    return reader_.OnHeaderLine("\r\n");
  }

  Request request_;
  ResponseReader reader_{request_, kLimits};
};

TEST_F(ResponseReaderTest, ReadsStatusAndHeaders) {
  ASSERT_TRUE(Read(
      {"HTTP/1.1 404 Not Found", "Content-Type: text/html ", "X-Empty:", "Content-Length: 3"}));
  EXPECT_TRUE(reader_.headers_complete());
  EXPECT_EQ(reader_.response().status, 404);
  EXPECT_EQ(reader_.response().header("content-TYPE"), "text/html");
  EXPECT_EQ(reader_.response().find_header("x-empty"), absl::string_view(""));
  EXPECT_FALSE(reader_.response().find_header("x-none").has_value());
  EXPECT_FALSE(reader_.response().unframed);
}

TEST_F(ResponseReaderTest, AnInterimAnswerIsForgotten) {
  ASSERT_TRUE(Read({"HTTP/1.1 103 Early Hints", "Link: x"}));
  EXPECT_FALSE(reader_.headers_complete());
  ASSERT_TRUE(Read({"HTTP/1.1 200 OK", "Content-Length: 0"}));
  EXPECT_EQ(reader_.response().status, 200);
  EXPECT_EQ(reader_.response().headers.size(), 1u);
}

TEST_F(ResponseReaderTest, TrailersAreLeftOut) {
  ASSERT_TRUE(Read({"HTTP/1.1 200 OK", "Transfer-Encoding: chunked"}));
  EXPECT_TRUE(reader_.OnHeaderLine("X-Trailer: 1\r\n"));
  EXPECT_FALSE(reader_.response().find_header("X-Trailer").has_value());
}

TEST_F(ResponseReaderTest, AFoldedLineContinuesTheOneBefore) {
  ASSERT_TRUE(Read({"HTTP/1.1 200 OK", "X-Note: one", "\t two", "Content-Length: 0"}));
  EXPECT_EQ(reader_.response().header("X-Note"), "one two");
}

TEST_F(ResponseReaderTest, TwoDifferentContentLengthsAreRefused) {
  EXPECT_FALSE(Read({"HTTP/1.1 200 OK", "Content-Length: 5", "Content-Length: 6"}));
  EXPECT_EQ(reader_.failure(), Failure::kProtocol);
}

TEST_F(ResponseReaderTest, TwoEqualContentLengthsAreNot) {
  EXPECT_TRUE(Read({"HTTP/1.1 200 OK", "Content-Length: 5", "Content-Length: 5"}));
}

TEST_F(ResponseReaderTest, AContentLengthThatIsNoNumberIsRefused) {
  for (const char* value : {"-1", "5, 6", "0x10", "99999999999999999999", "+5", "5 6"}) {
    ResponseReader reader(request_, kLimits);
    reader.OnHeaderLine("HTTP/1.1 200 OK\r\n");
    reader.OnHeaderLine(absl::StrCat("Content-Length: ", value, "\r\n"));
    EXPECT_FALSE(reader.OnHeaderLine("\r\n")) << value;
    EXPECT_EQ(reader.failure(), Failure::kProtocol) << value;
  }
}

TEST_F(ResponseReaderTest, ABodyThatEndsWithTheConnectionIsMarked) {
  ASSERT_TRUE(Read({"HTTP/1.1 200 OK", "Content-Type: text/csv"}));
  EXPECT_TRUE(reader_.response().unframed);
}

TEST_F(ResponseReaderTest, AnAnswerWithoutABodyNeedsNoFrame) {
  ASSERT_TRUE(Read({"HTTP/1.1 204 No Content"}));
  EXPECT_FALSE(reader_.response().unframed);
  ResponseReader http2(request_, kLimits);
  EXPECT_TRUE(http2.OnHeaderLine("HTTP/2 200 \r\n"));
  EXPECT_TRUE(http2.OnHeaderLine("\r\n"));
  EXPECT_FALSE(http2.response().unframed);
}

TEST_F(ResponseReaderTest, EncodingsThatWereNotOfferedAreRefused) {
  for (const char* value : {"br", "zstd", "gzip, gzip", "deflate", "compress"}) {
    ResponseReader reader(request_, kLimits);
    reader.OnHeaderLine("HTTP/1.1 200 OK\r\n");
    reader.OnHeaderLine(absl::StrCat("Content-Encoding: ", value, "\r\n"));
    EXPECT_FALSE(reader.OnHeaderLine("\r\n")) << value;
    EXPECT_EQ(reader.failure(), Failure::kBadEncoding) << value;
  }
  EXPECT_FALSE(Read({"HTTP/1.1 200 OK", "Content-Encoding: gzip", "Content-Encoding: gzip"}));
  EXPECT_EQ(reader_.failure(), Failure::kBadEncoding);
}

TEST_F(ResponseReaderTest, HeadersBeyondTheirLimitAreRefused) {
  ASSERT_TRUE(reader_.OnHeaderLine("HTTP/1.1 200 OK\r\n"));
  const std::string line = "X-Fill: " + std::string(1000, 'x') + "\r\n";
  int lines = 0;
  while (reader_.OnHeaderLine(line)) ++lines;
  EXPECT_EQ(reader_.failure(), Failure::kTooLarge);
  EXPECT_LT(lines, 66);
}

TEST_F(ResponseReaderTest, InterimAnswersCountAgainstTheSameLimit) {
  int answers = 0;
  while (Read({"HTTP/1.1 100 Continue"})) ++answers;
  EXPECT_EQ(reader_.failure(), Failure::kTooLarge);
  EXPECT_LT(answers, 3000);
}

TEST_F(ResponseReaderTest, AStatusThatIsNoneIsRefused) {
  for (const char* line : {"HTTP/1.1 2xx OK", "HTTP/1.1", "HTTP/1.1 000 OK", "HTTP/1.1 999 OK"}) {
    ResponseReader reader(request_, kLimits);
    EXPECT_FALSE(reader.OnHeaderLine(absl::StrCat(line, "\r\n"))) << line;
    EXPECT_EQ(reader.failure(), Failure::kProtocol) << line;
  }
}

TEST_F(ResponseReaderTest, ABodyBeyondItsLimitIsRefused) {
  request_.max_response_bytes = 10;
  ASSERT_TRUE(Read({"HTTP/1.1 200 OK", "Transfer-Encoding: chunked"}));
  Flow flow;
  EXPECT_TRUE(reader_.OnBody("1234567890", 10, &flow));
  EXPECT_FALSE(reader_.OnBody("1", 11, &flow));
  EXPECT_EQ(reader_.failure(), Failure::kTooLarge);
}

TEST_F(ResponseReaderTest, AnAnnouncedBodyBeyondItsLimitIsRefusedBeforeItComes) {
  request_.max_response_bytes = 10;
  EXPECT_FALSE(Read({"HTTP/1.1 200 OK", "Content-Length: 11"}));
  EXPECT_EQ(reader_.failure(), Failure::kTooLarge);
}

class TakeAll final : public BodySink {
 public:
  Flow Write(absl::string_view) override { return Flow::kContinue; }
};

TEST_F(ResponseReaderTest, ALimitForASinkIsNoneForABodyThatItDoesNotTake) {
  TakeAll sink;
  request_.sink = &sink;
  request_.max_response_bytes = int64_t{64} << 30;
  ResponseReader announced(request_, kLimits);
  EXPECT_TRUE(announced.OnHeaderLine("HTTP/1.1 500 Oops\r\n"));
  EXPECT_TRUE(announced.OnHeaderLine("Content-Length: 8388609\r\n"));
  EXPECT_FALSE(announced.OnHeaderLine("\r\n"));
  EXPECT_EQ(announced.failure(), Failure::kTooLarge);

  ASSERT_TRUE(Read({"HTTP/1.1 500 Oops", "Transfer-Encoding: chunked"}));
  const std::string piece(1 << 20, 'x');
  Flow flow;
  int pieces = 0;
  while (pieces < 100 && reader_.OnBody(piece, 0, &flow)) ++pieces;
  EXPECT_EQ(pieces, 8);
  EXPECT_EQ(reader_.failure(), Failure::kTooLarge);

  ResponseReader taken(request_, kLimits);
  EXPECT_TRUE(taken.OnHeaderLine("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(taken.OnHeaderLine("\r\n"));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(taken.OnBody(piece, 0, &flow));
}

TEST_F(ResponseReaderTest, ACompressedBodyThatGrowsTooMuchIsRefused) {
  ASSERT_TRUE(Read({"HTTP/1.1 200 OK", "Content-Encoding: gzip", "Content-Length: 1000"}));
  const std::string piece(16 << 10, 'x');
  Flow flow;
  int pieces = 0;
  while (reader_.OnBody(piece, 40000, &flow)) ++pieces;
  EXPECT_EQ(reader_.failure(), Failure::kTooLarge);
  // 100 times the 1,000 bytes that were announced, not the 40,000 that may have been received.
  EXPECT_EQ(pieces, 6);
}

class BudgetTest : public ::testing::Test {
 protected:
  // The head of an answer without a length, and as much of its body.
  bool Begin(ResponseReader& reader, std::size_t body_bytes) {
    Flow flow = Flow::kContinue;
    return reader.OnHeaderLine("HTTP/1.1 200 OK\r\n") && reader.OnHeaderLine("\r\n") &&
           reader.OnBody(std::string(body_bytes, 'x'), 0, &flow);
  }

  ReplyBudget budget_{1000};
  const ResponseLimits limits_{
      .max_header_bytes = 64 << 10, .max_decode_ratio = 100, .budget = &budget_};
  Request request_;
};

TEST_F(BudgetTest, ABodyBeyondWhatAllMayTakeTogetherIsRefusedAndTheOthersGoOn) {
  ResponseReader first(request_, limits_);
  ASSERT_TRUE(Begin(first, 600));
  {
    ResponseReader second(request_, limits_);
    ASSERT_FALSE(Begin(second, 401));
    EXPECT_EQ(second.failure(), Failure::kNoRoom);
    EXPECT_NE(second.detail(), "");
  }
  Flow flow = Flow::kContinue;
  EXPECT_TRUE(first.OnBody(std::string(400, 'x'), 0, &flow));
  EXPECT_EQ(first.response().body.size(), 1000u);
  EXPECT_EQ(budget_.taken(), 1000);
}

TEST_F(BudgetTest, AnAnswerThatIsRefusedMakesRoomAtOnce) {
  ResponseReader first(request_, limits_);
  ResponseReader second(request_, limits_);
  ASSERT_TRUE(Begin(first, 500));
  ASSERT_TRUE(Begin(second, 400));
  Flow flow = Flow::kContinue;
  EXPECT_FALSE(first.OnBody(std::string(200, 'x'), 0, &flow));
  EXPECT_EQ(budget_.taken(), 400);
  EXPECT_EQ(first.response().body, "");
  EXPECT_TRUE(second.OnBody(std::string(200, 'x'), 0, &flow));
}

TEST_F(BudgetTest, WhatAnAnswerTookIsThereAgainWhenItHasEndedOrBeginsAnew) {
  {
    ResponseReader reader(request_, limits_);
    ASSERT_TRUE(Begin(reader, 1000));
    reader.Restart();
    ASSERT_TRUE(Begin(reader, 700));
    EXPECT_EQ(budget_.taken(), 700);
  }
  EXPECT_EQ(budget_.taken(), 0);
}

TEST_F(BudgetTest, ABodyForASinkTakesNothing) {
  TakeAll sink;
  request_.sink = &sink;
  ResponseReader reader(request_, limits_);
  EXPECT_TRUE(Begin(reader, 5000));
  EXPECT_EQ(budget_.taken(), 0);
}

}  // namespace
}  // namespace edugate::http
