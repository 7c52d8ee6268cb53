// HTTP/2 as an endpoint asks for it: who shares a connection, and what a server's refusal says.
#include <openssl/ssl.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "runtime/async/when_all.h"
#include "runtime/http/client_fixture.h"
#include "runtime/http/curl_http_client.h"
#include "runtime/http/scripted_server.h"
#include "runtime/http/test_identity.h"

namespace edugate::http {
namespace {

// RFC 9113, sections 6 and 7.
constexpr int kData = 0;
constexpr int kHeaders = 1;
constexpr int kRstStream = 3;
constexpr int kSettings = 4;
constexpr int kPing = 6;
constexpr int kGoAway = 7;
constexpr int kAck = 1;
constexpr int kEndStream = 1;
constexpr int kEndHeaders = 4;
constexpr uint32_t kInternalError = 2;
constexpr uint32_t kRefusedStream = 7;

std::string Bytes(uint32_t value, int count) {
  std::string bytes;
  for (int i = count; i-- > 0;) bytes.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  return bytes;
}

std::string Frame(int type, int flags, uint32_t stream, const std::string& payload) {
  return absl::StrCat(Bytes(static_cast<uint32_t>(payload.size()), 3),
                      Bytes(static_cast<uint32_t>(type), 1), Bytes(static_cast<uint32_t>(flags), 1),
                      Bytes(stream, 4), payload);
}

// :status 200 and a literal content-type (RFC 7541, appendix A: 8 and 31).
std::string Head(uint32_t stream) {
  return Frame(kHeaders, kEndHeaders, stream,
               "\x88\x5f\x10"
               "application/json");
}

std::string Answer(uint32_t stream) {
  return Head(stream) + Frame(kData, kEndStream, stream, "{}");
}

std::string Reset(uint32_t stream, uint32_t error) {
  return Frame(kRstStream, 0, stream, Bytes(error, 4));
}

std::string GoAway(uint32_t last_stream) {
  return Frame(kGoAway, 0, 0, Bytes(last_stream, 4) + Bytes(0, 4));
}

// Has Http2Answers reset the stream when the client has taken what was sent before.
std::string ResetLater(uint32_t stream, uint32_t error) {
  return Frame(kPing, 0, 0, Bytes(stream, 4) + Bytes(error, 4));
}

// The frames that answer a request on the stream.
using Reply = std::function<std::string(uint32_t stream)>;

// The least of RFC 9113 that answers requests.
class Http2Answers {
 public:
  explicit Http2Answers(const Reply& reply) : reply_(reply) {}

  // What the server says at once.
  static std::string Greeting() { return Frame(kSettings, 0, 0, ""); }

  // The answer to what has come; keeps the rest of an unfinished frame.
  std::string Feed(const std::string& bytes) {
    constexpr std::size_t kPreface = 24;
    seen_ += bytes;
    if (!greeted_) {
      if (seen_.size() < kPreface) return "";
      seen_.erase(0, kPreface);
      greeted_ = true;
    }
    std::string answer;
    while (seen_.size() >= 9) {
      const auto byte = [this](std::size_t at) { return static_cast<unsigned char>(seen_[at]); };
      const std::size_t size = byte(0) << 16 | byte(1) << 8 | byte(2);
      if (seen_.size() < 9 + size) break;
      const int type = byte(3);
      const int flags = byte(4);
      const uint32_t stream =
          static_cast<uint32_t>(byte(5) & 0x7f) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8);
      if (type == kSettings && (flags & kAck) == 0) answer += Frame(kSettings, kAck, 0, "");
      const bool ends = (type == kHeaders || type == kData) && (flags & kEndStream) != 0;
      if (ends) answer += reply_(stream);
      if (type == kPing && (flags & kAck) != 0) {
        answer += Frame(kRstStream, 0, byte(12), seen_.substr(13, 4));
      }
      seen_.erase(0, 9 + size);
    }
    return answer;
  }

 private:
  const Reply& reply_;
  std::string seen_;
  bool greeted_ = false;
};

// Speaks HTTP/2 to those who offer it, and closes the connection of others.
ScriptedServer::Script ServeHttp2(const TestIdentity& identity, Reply reply = &Answer) {
  return [&identity, reply = std::move(reply)](ScriptedConnection& connection) {
    TestTlsConnection tls(identity, connection.fd(), TLS1_3_VERSION, "h2");
    if (!tls.open() || tls.protocol() != "h2" || !tls.Write(Http2Answers::Greeting())) return;
    Http2Answers answers(reply);
    while (true) {
      const std::string bytes = tls.Read();
      if (bytes.empty() || !tls.Write(answers.Feed(bytes))) return;
    }
  };
}

class Http2Test : public ClientTest {
 protected:
  Http2Test() : ClientTest(CurlOptions()) {}

  void Serve(Reply reply) {
    server_ = std::make_unique<ScriptedServer>(ServeHttp2(identity_, std::move(reply)));
    url_ = absl::StrCat("https://127.0.0.1:", server_->port(), "/x");
    endpoint_ = EndpointWith(true);
  }

  std::unique_ptr<HttpClient> EndpointWith(bool http2) {
    EndpointOptions options;
    options.origins = {url_};
    options.ca_file = identity_.SaveAs("http2.pem");
    options.http2 = http2;
    return client_.MakeEndpoint(options);
  }

  Request Write() const {
    Request request = MakeRequest("POST", url_);
    request.body = R"({"a":1})";
    request.has_body = true;
    return request;
  }

  Request Read() const {
    Request request = MakeRequest("GET", url_);
    request.replayable = true;
    return request;
  }

  Exchange SendTo(HttpClient& endpoint, const Request& request) {
    async::CallContext call(loop_, async::After(loop_.clock().MonotonicNow(), absl::Seconds(60)));
    return async::BlockOn(loop_, endpoint.Send(call, request));
  }
  Exchange Send(const Request& request) { return SendTo(*endpoint_, request); }

  // Both at once.
  std::vector<Exchange> SendBoth(const Request& one, const Request& other) {
    const auto both = [](HttpClient& client, async::CallContext& call, const Request& one,
                         const Request& other,
                         std::vector<Exchange>& exchanges) -> async::Task<void> {
      std::vector<async::Task<Exchange>> tasks;
      tasks.push_back(client.Send(call, one));
      tasks.push_back(client.Send(call, other));
      std::vector<Exchange> ended = co_await async::WhenAll(std::move(tasks));
      exchanges = std::move(ended);
    };
    std::vector<Exchange> exchanges;
    async::CallContext call(loop_, async::After(loop_.clock().MonotonicNow(), absl::Seconds(60)));
    async::BlockOn(loop_, both(*endpoint_, call, one, other, exchanges));
    return exchanges;
  }

  const TestIdentity identity_{"IP:127.0.0.1", 3600};
  std::string url_;
  std::unique_ptr<ScriptedServer> server_;
  std::unique_ptr<HttpClient> endpoint_;
};

TEST_F(Http2Test, ReadsShareAConnection) {
  Serve(&Answer);
  const std::vector<Exchange> both = SendBoth(Read(), Read());
  ASSERT_EQ(both.size(), 2u);
  for (const Exchange& exchange : both) {
    EXPECT_TRUE(exchange.ok()) << exchange.detail;
    EXPECT_EQ(exchange.response.status, 200);
    EXPECT_EQ(exchange.response.body, "{}");
    EXPECT_EQ(exchange.response.header("Content-Type"), "application/json");
    EXPECT_FALSE(exchange.response.unframed);
  }
  EXPECT_TRUE(Send(Read()).reused_connection);
  EXPECT_EQ(server_->connections(), 1);
}

TEST_F(Http2Test, IsNotOfferedWhereItIsNotAskedFor) {
  Serve(&Answer);
  endpoint_ = EndpointWith(false);
  EXPECT_FALSE(Send(Read()).ok());
}

TEST_F(Http2Test, AWriteHasAConnectionOfItsOwn) {
  Serve(&Answer);
  EXPECT_TRUE(Send(Read()).ok());
  for (int i = 0; i < 2; ++i) {
    const Exchange write = Send(Write());
    EXPECT_TRUE(write.ok()) << write.detail;
    EXPECT_TRUE(write.request_sent);
    EXPECT_FALSE(write.reused_connection);
  }
  EXPECT_EQ(server_->connections(), 3);
  EXPECT_TRUE(Send(Read()).reused_connection);
  for (const Exchange& exchange : SendBoth(Write(), Read())) EXPECT_TRUE(exchange.ok());
  for (const Exchange& exchange : SendBoth(Write(), Write())) EXPECT_TRUE(exchange.ok());
  EXPECT_EQ(server_->connections(), 6);
}

TEST_F(Http2Test, AReadDoesNotJoinAWritesConnection) {
  Serve(&Answer);
  for (const Exchange& exchange : SendBoth(Write(), Read())) EXPECT_TRUE(exchange.ok());
  EXPECT_EQ(server_->connections(), 2);
}

TEST_F(Http2Test, AWriteOnARefusedStreamWasNotSent) {
  Serve([](uint32_t stream) { return Reset(stream, kRefusedStream); });
  const Exchange exchange = Send(Write());
  EXPECT_EQ(exchange.failure, Failure::kReset);
  EXPECT_FALSE(exchange.request_sent);
  EXPECT_EQ(exchange.detail,
            "the server refused the HTTP/2 stream and did not look at the request");
  // libcurl would send it again by itself.
  EXPECT_EQ(server_->connections(), 1);
}

TEST_F(Http2Test, AWriteThatAGoAwayLeavesOutWasNotSent) {
  Serve([](uint32_t stream) { return GoAway(stream - 1); });
  const Exchange exchange = Send(Write());
  EXPECT_EQ(exchange.failure, Failure::kReset);
  EXPECT_FALSE(exchange.request_sent);
  EXPECT_EQ(server_->connections(), 1);
}

TEST_F(Http2Test, AWriteThatAGoAwayIncludesMayHaveBeenDone) {
  Serve([](uint32_t stream) { return GoAway(stream) + Reset(stream, kInternalError); });
  const Exchange exchange = Send(Write());
  EXPECT_FALSE(exchange.ok());
  EXPECT_TRUE(exchange.request_sent);
}

TEST_F(Http2Test, AWriteWhoseStreamWasResetMayHaveBeenDone) {
  Serve([](uint32_t stream) { return Reset(stream, kInternalError); });
  const Exchange exchange = Send(Write());
  EXPECT_EQ(exchange.failure, Failure::kReset);
  EXPECT_TRUE(exchange.request_sent);
}

TEST_F(Http2Test, AWriteThatIsRefusedAfterItsAnswerBeganMayHaveBeenDone) {
  Serve([](uint32_t stream) { return Head(stream) + ResetLater(stream, kRefusedStream); });
  const Exchange exchange = Send(Write());
  EXPECT_FALSE(exchange.ok());
  EXPECT_TRUE(exchange.request_sent);
  EXPECT_TRUE(exchange.response_started);
}

TEST_F(Http2Test, AnAnswerBesideAGoAwayIsTaken) {
  Serve([](uint32_t stream) { return GoAway(stream) + Answer(stream); });
  EXPECT_TRUE(Send(Write()).ok());
  EXPECT_TRUE(Send(Read()).ok());
}

}  // namespace
}  // namespace edugate::http
