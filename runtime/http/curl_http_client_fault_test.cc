// What the client makes of servers that break, lie or attack. After each fault the next good
// request succeeds.
#include <zlib.h>

#include <functional>
#include <latch>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/block_on.h"
#include "runtime/async/when_all.h"
#include "runtime/http/client_fixture.h"
#include "runtime/http/curl_http_client.h"
#include "runtime/http/scripted_server.h"

namespace edugate::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Ok(const std::string& headers, const std::string& body) {
  return absl::StrCat("HTTP/1.1 200 OK\r\n", headers, "\r\n", body);
}

ScriptedServer::Script SendForever(std::string first, std::string again) {
  return [=](ScriptedConnection& connection) {
    connection.ReadRequest();
    connection.Send(first);
    // Far beyond every limit, and yet an end.
    for (std::size_t sent = 0; sent < (std::size_t{400} << 20); sent += again.size()) {
      if (!connection.Send(again)) return;
    }
  };
}

ScriptedServer::Script SendThenReset(std::string bytes) {
  return [=](ScriptedConnection& connection) {
    connection.ReadRequest();
    connection.Send(bytes);
    connection.Reset();
  };
}

struct Fault {
  std::string name;
  Failure failure;
  bool response_started;
  ScriptedServer::Script script;
};

std::ostream& operator<<(std::ostream& out, const Fault& fault) { return out << fault.name; }

std::vector<Fault> Faults() {
  std::string continues;
  for (int i = 0; i < 2000; ++i) continues += "HTTP/1.1 100 Continue\r\n\r\n";
  const std::string bomb = Gzip(std::string(64 << 20, ' '));
  return {
      {"ResetBeforeTheFirstByte", Failure::kReset, false, SendThenReset("")},
      {"CloseBeforeTheFirstByte", Failure::kReset, false, ScriptedServer::Once("")},
      {"CloseWithinTheHeaders", Failure::kTruncated, true,
       ScriptedServer::Once("HTTP/1.1 200 OK\r\nContent-Le")},
      {"ResetWithinTheBody", Failure::kReset, true,
       [](ScriptedConnection& connection) {
         connection.ReadRequest();
         connection.Send(Ok("Content-Length: 1000000\r\n", "{\"a\":"));
         connection.Reset();
       }},
      {"ContentLengthCutShort", Failure::kTruncated, true,
       ScriptedServer::Once(Ok("Content-Length: 100\r\n", "{\"a\":"))},
      {"ChunksWithoutAnEnd", Failure::kTruncated, true,
       ScriptedServer::Once(Ok("Transfer-Encoding: chunked\r\n", "5\r\n{\"a\":\r\n"))},
      {"ChunksThatAreNone", Failure::kProtocol, true,
       ScriptedServer::Once(Ok("Transfer-Encoding: chunked\r\n", "zz\r\n{\"a\":\r\n"))},
      {"EndlessChunks", Failure::kTooLarge, true,
       SendForever(Ok("Transfer-Encoding: chunked\r\n", ""),
                   absl::StrCat("4000\r\n", std::string(0x4000, 'x'), "\r\n"))},
      {"TooLargeAContentLength", Failure::kTooLarge, true,
       ScriptedServer::Once(Ok("Content-Length: 9000000\r\n", "x"))},
      {"AGzipBombWithALength", Failure::kTooLarge, true,
       ScriptedServer::Once(Ok(
           absl::StrCat("Content-Encoding: gzip\r\nContent-Length: ", bomb.size(), "\r\n"), bomb))},
      {"AGzipBombInChunks", Failure::kTooLarge, true,
       ScriptedServer::Once(
           Ok("Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
              absl::StrCat(absl::Hex(bomb.size()), "\r\n", bomb, "\r\n0\r\n\r\n")))},
      {"BadGzip", Failure::kBadEncoding, true,
       ScriptedServer::Once(
           Ok("Content-Encoding: gzip\r\nContent-Length: 20\r\n", "this is not gzipped!"))},
      {"GzipInGzip", Failure::kBadEncoding, true,
       ScriptedServer::Once(Ok("Content-Encoding: gzip, gzip\r\nContent-Length: 4\r\n", "abcd"))},
      {"AnEncodingThatWasNotOffered", Failure::kBadEncoding, true,
       ScriptedServer::Once(Ok("Content-Encoding: br\r\nContent-Length: 4\r\n", "abcd"))},
      {"EndlessHeaders", Failure::kTooLarge, true,
       SendForever("HTTP/1.1 200 OK\r\n", "X-Fill: " + std::string(1000, 'x') + "\r\n")},
      {"AHugeHeader", Failure::kTooLarge, true,
       ScriptedServer::Once(Ok("X-Fill: " + std::string(300 << 10, 'x') + "\r\n", ""))},
      {"TwoContentLengths", Failure::kProtocol, true,
       ScriptedServer::Once(Ok("Content-Length: 2\r\nContent-Length: 3\r\n", "{} "))},
      {"ANegativeContentLength", Failure::kProtocol, true,
       ScriptedServer::Once(Ok("Content-Length: -5\r\n", "{}"))},
      {"NotHttp", Failure::kProtocol, false, ScriptedServer::Once("220 mail ESMTP ready\r\n")},
      {"AStatusThatIsNone", Failure::kProtocol, true,
       ScriptedServer::Once("HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n")},
      {"AFloodOfContinues", Failure::kTooLarge, true, SendForever("", continues)},
  };
}

class FaultTest : public ClientTest, public ::testing::WithParamInterface<Fault> {};

TEST_P(FaultTest, IsToldApartAndLeavesTheClientWell) {
  const Fault& fault = GetParam();
  ScriptedServer server(std::vector<ScriptedServer::Script>{
      fault.script, ScriptedServer::Always(ScriptedServer::Ok("{}"))});
  Request request = MakeRequest("GET", server.Url("/canary-path?canary=query"));
  request.headers = {{"Authorization", "Bearer canary-token"}};
  request.replayable = true;
  const Exchange exchange = Send(request);
  EXPECT_EQ(std::string(FailureName(exchange.failure)), std::string(FailureName(fault.failure)))
      << exchange.detail;
  EXPECT_TRUE(exchange.request_sent);
  EXPECT_EQ(exchange.response_started, fault.response_started);
  EXPECT_EQ(exchange.response.body, "");
  EXPECT_NE(exchange.detail, "");
  EXPECT_THAT(exchange.detail, Not(HasSubstr("canary")));
  EXPECT_EQ(server.connections(), 1) << "the request was sent twice";
  const Exchange next = Send(request);
  EXPECT_TRUE(next.ok()) << next.detail;
  EXPECT_EQ(server.connections(), 2);
}

INSTANTIATE_TEST_SUITE_P(, FaultTest, ::testing::ValuesIn(Faults()),
                         [](const auto& test) { return test.param.name; });

class CurlHttpClientFaultTest : public ClientTest {};

TEST_F(CurlHttpClientFaultTest, AnHonestGzipIsUndone) {
  std::string text;
  for (int i = 0; i < 20000; ++i) absl::StrAppend(&text, "{\"id\":", i * 7919, "},");
  const std::string packed = Gzip(text);
  ScriptedServer server(ScriptedServer::Always(Ok(
      absl::StrCat("Content-Encoding: gzip\r\nContent-Length: ", packed.size(), "\r\n"), packed)));
  const Exchange exchange = Get(server.Url("/"));
  ASSERT_TRUE(exchange.ok()) << exchange.detail;
  EXPECT_EQ(exchange.response.body, text);
}

TEST_F(CurlHttpClientFaultTest, ABodyThatEndsWithTheConnectionIsMarked) {
  ScriptedServer server(std::vector<ScriptedServer::Script>{
      ScriptedServer::Once(Ok("Content-Type: text/csv\r\n", "a,b\n1,2\n")),
      ScriptedServer::Always(ScriptedServer::Ok("{}"))});
  const Exchange cut = Get(server.Url("/"));
  ASSERT_TRUE(cut.ok()) << cut.detail;
  EXPECT_TRUE(cut.response.unframed);
  EXPECT_EQ(cut.response.body, "a,b\n1,2\n");
  const Exchange whole = Get(server.Url("/"));
  EXPECT_FALSE(whole.response.unframed);
}

class ImpatientClientTest : public ClientTest {
 protected:
  static CurlOptions Options() {
    CurlOptions options = LoopbackOptions();
    options.stall_time = absl::Seconds(1);
    return options;
  }
  ImpatientClientTest() : ClientTest(Options()) {}
};

TEST_F(ImpatientClientTest, AServerThatStallsWithinTheBodyTimesOut) {
  ScriptedServer server([](ScriptedConnection& connection) {
    connection.ReadRequest();
    connection.Send(Ok("Content-Length: 100\r\n", "{"));
    connection.WaitForEnd();
  });
  const Exchange exchange = Get(server.Url("/"));
  EXPECT_EQ(exchange.failure, Failure::kTimeout) << exchange.detail;
  EXPECT_TRUE(exchange.request_sent);
  EXPECT_TRUE(exchange.response_started);
}

TEST_F(ImpatientClientTest, AServerThatNeverAnswersTimesOut) {
  ScriptedServer server([](ScriptedConnection& connection) { connection.WaitForEnd(); });
  const Exchange exchange = Get(server.Url("/"));
  EXPECT_EQ(exchange.failure, Failure::kTimeout) << exchange.detail;
  EXPECT_TRUE(exchange.request_sent);
  EXPECT_FALSE(exchange.response_started);
}

constexpr int64_t kMostArriving = int64_t{1} << 20;

CurlOptions NarrowOptions() {
  CurlOptions options = LoopbackOptions();
  options.max_arriving_bytes = kMostArriving;
  return options;
}

class NarrowClientTest : public ClientTest {
 protected:
  NarrowClientTest() : ClientTest(NarrowOptions()) {}

  async::Task<std::vector<Exchange>> SendBoth(async::CallContext& call, const Request& one,
                                              const Request& other) {
    std::vector<async::Task<Exchange>> tasks;
    tasks.push_back(client_.Send(call, one));
    tasks.push_back(client_.Send(call, other));
    auto exchanges = co_await async::WhenAll(std::move(tasks));
    co_return exchanges;
  }
};

TEST_F(NarrowClientTest, AnAnswerThatTakesAllTheRoomEndsAndTheOthersDoNot) {
  std::latch ended(1);
  ScriptedServer greedy([&ended](ScriptedConnection& connection) {
    connection.ReadRequest();
    connection.Send(Ok("Content-Length: 2000000\r\n", std::string(2'000'000, 'x')));
    connection.WaitForEnd();
    ended.count_down();
  });
  // Its body comes when the other's connection is closed.
  ScriptedServer patient([&ended](ScriptedConnection& connection) {
    connection.ReadRequest();
    connection.Send(Ok(absl::StrCat("Content-Length: ", kMostArriving, "\r\n"), ""));
    ended.wait();
    connection.Send(std::string(kMostArriving, 'y'));
  });
  const Request too_much = MakeRequest("GET", greedy.Url("/"));
  const Request enough = MakeRequest("GET", patient.Url("/"));
  async::CallContext call(loop_, async::After(loop_.clock().MonotonicNow(), absl::Seconds(60)));
  const std::vector<Exchange> exchanges = async::BlockOn(loop_, SendBoth(call, too_much, enough));
  EXPECT_EQ(std::string(FailureName(exchanges[0].failure)), "no_room");
  EXPECT_EQ(exchanges[0].response.body, "");
  ASSERT_TRUE(exchanges[1].ok()) << exchanges[1].detail;
  EXPECT_EQ(exchanges[1].response.body.size(), static_cast<std::size_t>(kMostArriving));
}

}  // namespace
}  // namespace edugate::http
