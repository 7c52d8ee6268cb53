#include "runtime/http/fake_http_client.h"

#include <string>
#include <utility>

#include "gtest/gtest-spi.h"
#include "gtest/gtest.h"
#include "runtime/async/test_loop.h"

namespace edugate::http {
namespace {

Request Get(std::string url) {
  Request request;
  request.method = "GET";
  request.url = std::move(url);
  return request;
}

class TextSink final : public BodySink {
 public:
  Flow Write(absl::string_view chunk) override {
    text.append(chunk.data(), chunk.size());
    return Flow::kContinue;
  }
  std::string text;
};

TEST(FakeHttpClientTest, AnswersByItsScriptInOrderAndRemembers) {
  async::TestLoop loop;
  async::CallContext call(loop, async::kNever);
  FakeHttpClient client;
  client.Expect("GET", "https://h/1", Answer(200, "one"));
  client.Expect("GET", "https://h/2", NoAnswer(Failure::kReset, true));
  Request first = Get("https://h/1");
  first.headers = {{"X-Api-Key", "k"}};
  const Request second = Get("https://h/2");
  EXPECT_EQ(loop.RunToCompletion(client.Send(call, first)).response.body, "one");
  EXPECT_EQ(client.left(), 1u);
  EXPECT_EQ(loop.RunToCompletion(client.Send(call, second)).failure, Failure::kReset);
  ASSERT_EQ(client.requests().size(), 2u);
  EXPECT_EQ(client.requests()[0].header("x-api-key"), "k");
}

void SendUnexpected() {
  async::TestLoop loop;
  async::CallContext call(loop, async::kNever);
  FakeHttpClient client;
  const Request request = Get("https://h/1");
  const Exchange exchange = loop.RunToCompletion(client.Send(call, request));
  EXPECT_EQ(exchange.failure, Failure::kLocal);
}

void LeaveUnused() {
  FakeHttpClient client;
  client.Expect("GET", "https://h/never", Answer(200, ""));
}

void SendMismatch() {
  async::TestLoop loop;
  async::CallContext call(loop, async::kNever);
  FakeHttpClient client;
  client.Expect("GET", "https://h/1", Answer(200, "")).matches = [](const SeenRequest& seen) {
    return seen.header("X-Api-Key") == "k";
  };
  const Request request = Get("https://h/1");
  static_cast<void>(loop.RunToCompletion(client.Send(call, request)));
}

TEST(FakeHttpClientTest, AnUnexpectedRequestFailsTheTest) {
  EXPECT_NONFATAL_FAILURE(SendUnexpected(), "asked for GET https://h/1");
}

TEST(FakeHttpClientTest, AScriptThatIsNotUsedUpFailsTheTest) {
  EXPECT_NONFATAL_FAILURE(LeaveUnused(), "never asked for GET https://h/never");
}

TEST(FakeHttpClientTest, ARequestThatDoesNotMatchFailsTheTest) {
  EXPECT_NONFATAL_FAILURE(SendMismatch(), "do not match");
}

TEST(FakeHttpClientTest, ADelayTakesTheLoopsTimeAndTheDeadlineEndsIt) {
  async::TestLoop loop;
  FakeHttpClient client;
  client.Expect("GET", "https://h/1", Answer(200, "")).delay = absl::Seconds(5);
  client.Expect("GET", "https://h/1", Answer(200, "")).delay = absl::Seconds(5);
  const Request request = Get("https://h/1");
  async::CallContext patient(loop, async::kNever);
  const async::MonotonicTime start = loop.Now();
  EXPECT_TRUE(loop.RunToCompletion(client.Send(patient, request)).ok());
  EXPECT_EQ(loop.Now() - start, std::chrono::seconds(5));
  async::CallContext hasty(loop, async::After(loop.Now(), absl::Seconds(1)));
  const Exchange late = loop.RunToCompletion(client.Send(hasty, request));
  EXPECT_EQ(late.failure, Failure::kDeadline);
  EXPECT_TRUE(late.request_sent);
}

TEST(FakeHttpClientTest, GivesBodiesToSinks) {
  async::TestLoop loop;
  async::CallContext call(loop, async::kNever);
  FakeHttpClient client;
  const std::string body(10000, 'x');
  client.Expect("GET", "https://h/1", Answer(200, body));
  TextSink sink;
  Request request = Get("https://h/1");
  request.sink = &sink;
  const Exchange exchange = loop.RunToCompletion(client.Send(call, request));
  EXPECT_TRUE(exchange.ok());
  EXPECT_EQ(exchange.response.body, "");
  EXPECT_EQ(sink.text, body);
}

}  // namespace
}  // namespace edugate::http
