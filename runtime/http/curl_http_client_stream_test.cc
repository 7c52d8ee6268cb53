// Streaming bodies, in both directions, through receivers and senders that pause.
#include <algorithm>
#include <atomic>
#include <functional>
#include <latch>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/event_loop.h"
#include "runtime/http/client_fixture.h"
#include "runtime/http/curl_http_client.h"
#include "runtime/http/scripted_server.h"

namespace edugate::http {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kLarge = int64_t{48} << 20;

class CallTimer final : public async::Timer {
 public:
  CallTimer(async::EventLoop& loop, std::function<void()> function)
      : Timer(loop), function_(std::move(function)) {}

 private:
  void OnTimer() override { function_(); }
  std::function<void()> function_;
};

// Takes every other piece that it is shown and pauses at the others, for a turn of the loop.
class SlowSink final : public BodySink {
 public:
  explicit SlowSink(async::EventLoop& loop) : timer_(loop, [this] { Resume(); }) {}

  void Begin(const Response& head) override { status_ = head.status; }

  Flow Write(absl::string_view chunk) override {
    EXPECT_FALSE(inside_);
    inside_ = true;
    largest_ = std::max(largest_, chunk.size());
    if (before_write) before_write();
    pause_ = !pause_;
    if (pause_) {
      timer_.Start(timer_.loop().Now());
    } else {
      taken_ += static_cast<int64_t>(chunk.size());
    }
    inside_ = false;
    return pause_ ? Flow::kPause : Flow::kContinue;
  }

  std::function<void()> before_write;
  int status_ = 0;
  std::atomic<int64_t> taken_ = 0;
  std::size_t largest_ = 0;

 private:
  CallTimer timer_;
  bool pause_ = false;
  bool inside_ = false;
};

class FixedSink final : public BodySink {
 public:
  explicit FixedSink(Flow flow) : flow_(flow) {}
  void Begin(const Response&) override { ++begun_; }
  Flow Write(absl::string_view chunk) override {
    ++writes_;
    seen_.append(chunk.data(), chunk.size());
    return flow_;
  }
  int begun_ = 0;
  int writes_ = 0;
  std::string seen_;

 private:
  const Flow flow_;
};

// Gives `size` bytes, pausing before each piece for a turn of the loop.
class SlowSource final : public BodySource {
 public:
  SlowSource(async::EventLoop& loop, int64_t size, std::optional<int64_t> announced)
      : timer_(loop, [this] { Resume(); }), left_(size), announced_(announced) {}

  Piece Read(char* buffer, std::size_t capacity) override {
    pause_ = !pause_;
    if (pause_) {
      timer_.Start(timer_.loop().Now());
      return {Piece::Kind::kPause};
    }
    if (abort_at_end && left_ == 0) return {Piece::Kind::kAbort};
    if (left_ == 0) return {Piece::Kind::kEnd};
    const std::size_t size = std::min<std::size_t>(capacity, static_cast<std::size_t>(left_));
    std::fill(buffer, buffer + size, 'y');
    left_ -= static_cast<int64_t>(size);
    return {Piece::Kind::kBytes, size};
  }
  std::optional<int64_t> length() const override { return announced_; }

  bool abort_at_end = false;

 private:
  CallTimer timer_;
  int64_t left_;
  const std::optional<int64_t> announced_;
  bool pause_ = false;
};

class CurlHttpClientStreamTest : public ClientTest {};

TEST_F(CurlHttpClientStreamTest, ASlowReceiverHoldsTheServerBack) {
  std::atomic<int64_t> sent = 0;
  ScriptedServer server([&](ScriptedConnection& connection) {
    connection.ReadRequest();
    connection.Send(absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: ", kLarge, "\r\n\r\n"));
    const std::string piece(64 << 10, 'x');
    for (int64_t left = kLarge; left > 0; left -= static_cast<int64_t>(piece.size())) {
      if (!connection.Send(piece)) return;
      sent += static_cast<int64_t>(piece.size());
    }
  });
  SlowSink sink(loop_);
  int64_t most = 0;
  sink.before_write = [&] { most = std::max<int64_t>(most, sent - sink.taken_); };
  Request request = MakeRequest("GET", server.Url("/files"));
  request.sink = &sink;
  request.max_response_bytes = kLarge;
  const Exchange exchange = Send(request);
  ASSERT_TRUE(exchange.ok()) << exchange.detail;
  EXPECT_EQ(sink.status_, 200);
  EXPECT_EQ(sink.taken_, kLarge);
  EXPECT_EQ(exchange.response.body, "");
  EXPECT_LE(sink.largest_, std::size_t{64} << 10);
  // What is under way is in the sockets' buffers, not in the process.
  EXPECT_LT(most, int64_t{24} << 20);
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_THAT(server.requests()[0], Not(HasSubstr("Accept-Encoding")));
}

TEST_F(CurlHttpClientStreamTest, TheLimitHoldsForStreamsToo) {
  ScriptedServer server(
      ScriptedServer::Once(absl::StrCat("HTTP/1.1 200 OK\r\n\r\n", std::string(2 << 20, 'x'))));
  SlowSink sink(loop_);
  Request request = MakeRequest("GET", server.Url("/"));
  request.sink = &sink;
  request.max_response_bytes = 1 << 20;
  const Exchange exchange = Send(request);
  EXPECT_EQ(exchange.failure, Failure::kTooLarge);
  EXPECT_LE(sink.taken_, 1 << 20);
}

TEST_F(CurlHttpClientStreamTest, AnErrorsBodyDoesNotGoToTheSink) {
  ScriptedServer server(
      ScriptedServer::Always("HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot there"));
  FixedSink sink(Flow::kContinue);
  Request request = MakeRequest("GET", server.Url("/"));
  request.sink = &sink;
  const Exchange exchange = Send(request);
  ASSERT_TRUE(exchange.ok());
  EXPECT_EQ(exchange.response.body, "not there");
  EXPECT_EQ(sink.begun_, 0);
  EXPECT_EQ(sink.writes_, 0);
}

TEST_F(CurlHttpClientStreamTest, AReceiverMayGiveUp) {
  ScriptedServer server(std::vector<ScriptedServer::Script>{
      ScriptedServer::Once(ScriptedServer::Ok(std::string(1 << 20, 'x'))),
      ScriptedServer::Always(ScriptedServer::Ok("{}"))});
  FixedSink sink(Flow::kAbort);
  Request request = MakeRequest("GET", server.Url("/"));
  request.sink = &sink;
  const Exchange exchange = Send(request);
  EXPECT_EQ(exchange.failure, Failure::kCancelled);
  EXPECT_EQ(sink.begun_, 1);
  EXPECT_EQ(sink.writes_, 1);
  EXPECT_TRUE(Get(server.Url("/")).ok());
}

// Pauses at the first piece, for a while, and gives up when it comes again.
class LateQuitter final : public BodySink {
 public:
  explicit LateQuitter(async::EventLoop& loop) : timer_(loop, [this] { Resume(); }) {}

  Flow Write(absl::string_view) override {
    if (writes_++ > 0) return Flow::kAbort;
    timer_.Start(async::After(timer_.loop().Now(), absl::Milliseconds(20)));
    return Flow::kPause;
  }
  int writes_ = 0;

 private:
  CallTimer timer_;
};

TEST_F(CurlHttpClientStreamTest, AReceiverMayGiveUpWhatItPausedAt) {
  ScriptedServer server([](ScriptedConnection& connection) {
    connection.ReadRequest();
    connection.Send(ScriptedServer::Ok(std::string(1000, 'x')));
    connection.WaitForEnd();
  });
  // No timer of libcurl's own looks at the transfer again.
  CurlOptions options = LoopbackOptions();
  options.stall_bytes_per_second = 0;
  options.connect_timeout = absl::Hours(1);
  CurlHttpClient client(loop_, options);
  LateQuitter sink(loop_);
  Request request = MakeRequest("GET", server.Url("/"));
  request.sink = &sink;
  const Exchange exchange = SendWith(client, request, absl::Seconds(20));
  EXPECT_EQ(exchange.failure, Failure::kCancelled) << exchange.detail;
  EXPECT_EQ(sink.writes_, 2);
}

TEST_F(CurlHttpClientStreamTest, ATransferThatStaysPausedEndsAtTheDeadline) {
  ScriptedServer server(ScriptedServer::Once(ScriptedServer::Ok(std::string(1 << 20, 'x'))));
  FixedSink sink(Flow::kPause);
  Request request = MakeRequest("GET", server.Url("/"));
  request.sink = &sink;
  const Exchange exchange = Send(request, absl::Milliseconds(100));
  EXPECT_EQ(exchange.failure, Failure::kDeadline);
  EXPECT_LE(sink.writes_, 1);
}

TEST_F(CurlHttpClientStreamTest, APausedTransferIsNotDisturbedByArrivingData) {
  // While the receiver pauses, the loop sleeps though the socket is readable.
  std::latch all_sent(1);
  ScriptedServer server([&](ScriptedConnection& connection) {
    connection.ReadRequest();
    connection.Send(ScriptedServer::Ok(std::string(100 << 10, 'x')));
    all_sent.count_down();
    connection.WaitForEnd();
  });
  FixedSink sink(Flow::kPause);
  Request request = MakeRequest("GET", server.Url("/"));
  request.sink = &sink;
  async::CallContext call(loop_, async::kNever);
  Exchange exchange;
  bool done = false;
  const auto send = [](CurlHttpClient& client, async::CallContext& call, const Request& request,
                       Exchange& exchange, bool& done) -> async::Task<void> {
    exchange = co_await client.Send(call, request);
    done = true;
  };
  loop_.Spawn(send(client_, call, request, exchange, done));
  while (sink.writes_ == 0) loop_.RunTurn(async::kNever);
  all_sent.wait();
  int busy_turns = 0;
  for (int i = 0; i < 20; ++i) {
    const auto soon = async::After(loop_.clock().MonotonicNow(), absl::Milliseconds(2));
    if (loop_.RunTurn(soon)) ++busy_turns;
  }
  EXPECT_LE(busy_turns, 3);
  call.Cancel();
  while (!done) loop_.RunTurn(async::kNever);
  EXPECT_EQ(exchange.failure, Failure::kCancelled);
}

TEST_F(CurlHttpClientStreamTest, AReceiverMayCancelItsOwnCall) {
  ScriptedServer server(ScriptedServer::Once(ScriptedServer::Ok(std::string(1 << 20, 'x'))));
  async::CallContext call(loop_, async::kNever);
  SlowSink sink(loop_);
  sink.before_write = [&call] { call.Cancel(); };
  Request request = MakeRequest("GET", server.Url("/"));
  request.sink = &sink;
  const Exchange exchange = async::BlockOn(loop_, client_.Send(call, request));
  EXPECT_EQ(exchange.failure, Failure::kCancelled);
}

TEST_F(CurlHttpClientStreamTest, ASenderThatPausesIsSentInChunks) {
  ScriptedServer server(ScriptedServer::Always(ScriptedServer::Ok("{}")));
  SlowSource source(loop_, 4 << 20, std::nullopt);
  Request request = MakeRequest("POST", server.Url("/upload"));
  request.source = &source;
  const Exchange exchange = Send(request);
  ASSERT_TRUE(exchange.ok()) << exchange.detail;
  ASSERT_EQ(server.requests().size(), 1u);
  const std::string seen = server.requests()[0];
  EXPECT_THAT(seen.substr(0, 300), HasSubstr("POST /upload HTTP/1.1\r\n"));
  EXPECT_THAT(seen.substr(0, 300), HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 'y'), 4 << 20);
  // The handle that sent it sends an ordinary request next.
  ASSERT_TRUE(Get(server.Url("/")).ok());
  EXPECT_THAT(server.requests()[1], Not(HasSubstr("Transfer-Encoding")));
}

TEST_F(CurlHttpClientStreamTest, ASenderThatKnowsItsLengthAnnouncesIt) {
  ScriptedServer server(ScriptedServer::Always(ScriptedServer::Ok("{}")));
  SlowSource source(loop_, 1 << 20, 1 << 20);
  Request request = MakeRequest("PUT", server.Url("/upload"));
  request.source = &source;
  const Exchange exchange = Send(request);
  ASSERT_TRUE(exchange.ok()) << exchange.detail;
  const std::string seen = server.requests()[0];
  EXPECT_THAT(seen.substr(0, 300), HasSubstr("PUT /upload HTTP/1.1\r\n"));
  EXPECT_THAT(seen.substr(0, 300), HasSubstr("Content-Length: 1048576\r\n"));
  EXPECT_THAT(seen, EndsWith(std::string(100, 'y')));
}

TEST_F(CurlHttpClientStreamTest, ASenderMayGiveUp) {
  ScriptedServer server(ScriptedServer::Always(ScriptedServer::Ok("{}")));
  SlowSource source(loop_, 1 << 20, std::nullopt);
  source.abort_at_end = true;
  Request request = MakeRequest("POST", server.Url("/upload"));
  request.source = &source;
  const Exchange exchange = Send(request);
  EXPECT_EQ(exchange.failure, Failure::kCancelled) << exchange.detail;
  EXPECT_TRUE(exchange.request_sent);
  EXPECT_EQ(server.requests().size(), 0u);
}

TEST_F(CurlHttpClientStreamTest, AStreamedBodyIsNeverSentTwice) {
  ScriptedServer server(
      std::vector<ScriptedServer::Script>{[](ScriptedConnection& connection) {
                                            connection.ReadRequest();
                                            connection.Answer("{}");
                                            connection.ReadRequest();
                                            connection.Reset();
                                          },
                                          ScriptedServer::Always(ScriptedServer::Ok("{}"))});
  ASSERT_TRUE(Get(server.Url("/")).ok());
  SlowSource source(loop_, 1000, 1000);
  Request request = MakeRequest("PUT", server.Url("/upload"));
  request.source = &source;
  request.replayable = true;
  const Exchange exchange = Send(request);
  EXPECT_EQ(exchange.failure, Failure::kReset) << exchange.detail;
  EXPECT_TRUE(exchange.request_sent);
  EXPECT_EQ(server.connections(), 1);
}

}  // namespace
}  // namespace edugate::http
