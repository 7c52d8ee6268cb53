#include "runtime/http/curl_http_client.h"

#include <atomic>
#include <latch>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/loop_pool.h"
#include "runtime/async/when_all.h"
#include "runtime/http/client_fixture.h"
#include "runtime/http/scripted_server.h"

namespace edugate::http {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class CurlHttpClientTest : public ClientTest {};

TEST_F(CurlHttpClientTest, GivesStatusHeadersAndBody) {
  ScriptedServer server(ScriptedServer::Always(
      "HTTP/1.1 203 Fine\r\nContent-Type: text/plain\r\nX-Two: a\r\nX-Two: b\r\n"
      "Content-Length: 5\r\n\r\nhello"));
  const Exchange exchange = Get(server.Url("/a/b?c=d"));
  ASSERT_TRUE(exchange.ok()) << exchange.detail;
  EXPECT_EQ(exchange.response.status, 203);
  EXPECT_EQ(exchange.response.body, "hello");
  EXPECT_EQ(exchange.response.header("x-two"), "a");
  EXPECT_EQ(exchange.response.headers.size(), 4u);
  EXPECT_TRUE(exchange.request_sent);
  EXPECT_TRUE(exchange.response_started);
  EXPECT_FALSE(exchange.reused_connection);
}

TEST_F(CurlHttpClientTest, SendsExactlyWhatItWasGiven) {
  ScriptedServer server(ScriptedServer::Always(ScriptedServer::Ok("{}")));
  Request request = MakeRequest("GET", server.Url("/x/../y/%2e%2e/%2F?q=a%20b"));
  request.headers = {{"X-Api-Key", "k1 k2"}, {"X-Empty", ""}, {"Accept", "text/csv"}};
  ASSERT_TRUE(Send(request).ok());
  EXPECT_THAT(server.requests(), ElementsAre(absl::StrCat(
                                     "GET /x/../y/%2e%2e/%2F?q=a%20b HTTP/1.1\r\n"
                                     "Host: 127.0.0.1:",
                                     server.port(),
                                     "\r\nUser-Agent: edugate\r\nAccept-Encoding: gzip\r\n"
                                     "X-Api-Key: k1 k2\r\nX-Empty:\r\nAccept: text/csv\r\n\r\n")));
}

TEST_F(CurlHttpClientTest, SendsBodiesAndLeavesNothingOfThemForTheNextRequest) {
  ScriptedServer server([](ScriptedConnection& connection) {
    while (auto request = connection.ReadRequest()) {
      const bool head = request->compare(0, 4, "HEAD") == 0;
      connection.Send(head ? "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
                           : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    }
  });
  Request post = MakeRequest("POST", server.Url("/post"));
  post.has_body = true;
  post.body = std::string("{\"a\":\0 1}", 9);
  post.headers = {{"Content-Type", "application/json"}};
  Request put = MakeRequest("PUT", server.Url("/put"));
  put.has_body = true;
  put.body = std::string(2 << 20, 'x');
  Request remove = MakeRequest("DELETE", server.Url("/delete"));
  Request empty = MakeRequest("POST", server.Url("/empty"));
  Request head = MakeRequest("HEAD", server.Url("/head"));
  Request get = MakeRequest("GET", server.Url("/get"));
  for (const Request* request : {&post, &put, &remove, &empty, &head, &get}) {
    const Exchange exchange = Send(*request);
    EXPECT_TRUE(exchange.ok()) << request->method << ": " << exchange.detail;
  }
  const std::vector<std::string> seen = server.requests();
  ASSERT_EQ(seen.size(), 6u);
  EXPECT_EQ(server.connections(), 1);
  EXPECT_THAT(seen[0], StartsWith("POST /post HTTP/1.1\r\n"));
  EXPECT_THAT(seen[0], HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(seen[0], EndsWith("\r\n\r\n" + post.body));
  EXPECT_THAT(seen[1], StartsWith("PUT /put HTTP/1.1\r\n"));
  EXPECT_THAT(seen[1], HasSubstr("Content-Length: 2097152\r\n"));
  EXPECT_THAT(seen[1].substr(0, 500), Not(HasSubstr("Expect")));
  EXPECT_THAT(seen[1].substr(0, 500), Not(HasSubstr("Content-Type")));
  EXPECT_THAT(seen[1], EndsWith("xxxx"));
  EXPECT_THAT(seen[2], StartsWith("DELETE /delete HTTP/1.1\r\n"));
  EXPECT_THAT(seen[2], Not(HasSubstr("Content-Length")));
  EXPECT_THAT(seen[3], HasSubstr("Content-Length: 0\r\n"));
  EXPECT_THAT(seen[4], StartsWith("HEAD /head HTTP/1.1\r\n"));
  EXPECT_THAT(seen[5], StartsWith("GET /get HTTP/1.1\r\n"));
  EXPECT_THAT(seen[5], Not(HasSubstr("Content-")));
}

TEST_F(CurlHttpClientTest, KeepsItsConnections) {
  ScriptedServer server(ScriptedServer::Always(ScriptedServer::Ok("{}")));
  for (int i = 0; i < 5; ++i) {
    const Exchange exchange = Get(server.Url("/"));
    ASSERT_TRUE(exchange.ok()) << exchange.detail;
    EXPECT_EQ(exchange.reused_connection, i > 0);
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(CurlHttpClientTest, AnErrorIsAnAnswerAndARedirectIsNotFollowed) {
  ScriptedServer other(ScriptedServer::Always(ScriptedServer::Ok("secrets")));
  ScriptedServer server(std::vector<ScriptedServer::Script>{
      ScriptedServer::Once("HTTP/1.1 503 Busy\r\nRetry-After: 2\r\nConnection: close\r\n"
                           "Content-Length: 4\r\n\r\nbusy"),
      ScriptedServer::Once(absl::StrCat("HTTP/1.1 302 Found\r\nLocation: ", other.Url("/"),
                                        "\r\nContent-Length: 0\r\n\r\n"))});
  Exchange exchange = Get(server.Url("/"));
  ASSERT_TRUE(exchange.ok());
  EXPECT_EQ(exchange.response.status, 503);
  EXPECT_EQ(exchange.response.body, "busy");
  exchange = Get(server.Url("/"));
  ASSERT_TRUE(exchange.ok()) << exchange.detail;
  EXPECT_EQ(exchange.response.status, 302);
  EXPECT_EQ(other.connections(), 0);
}

TEST_F(CurlHttpClientTest, CookiesAreNotKept) {
  ScriptedServer server(ScriptedServer::Always(
      "HTTP/1.1 200 OK\r\nSet-Cookie: session=1; Path=/\r\nContent-Length: 0\r\n\r\n"));
  ASSERT_TRUE(Get(server.Url("/")).ok());
  ASSERT_TRUE(Get(server.Url("/")).ok());
  ASSERT_EQ(server.requests().size(), 2u);
  EXPECT_THAT(server.requests()[1], Not(HasSubstr("Cookie")));
}

TEST_F(CurlHttpClientTest, AHeaderThatWouldBeTwoIsNotSent) {
  ScriptedServer server(ScriptedServer::Always(ScriptedServer::Ok("{}")));
  Request request = MakeRequest("GET", server.Url("/"));
  request.headers = {{"Authorization", "Bearer a\r\nX-Injected: 1"}};
  const Exchange exchange = Send(request);
  EXPECT_EQ(exchange.failure, Failure::kRequestRefused);
  EXPECT_FALSE(exchange.request_sent);
  EXPECT_THAT(exchange.detail, Not(HasSubstr("Bearer")));
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(CurlHttpClientTest, AUrlWithUserInformationIsNotSent) {
  ScriptedServer server(ScriptedServer::Always(ScriptedServer::Ok("{}")));
  const Exchange exchange = Get(absl::StrCat("http://api.example.net@127.0.0.1:", server.port()));
  EXPECT_EQ(exchange.failure, Failure::kRequestRefused);
  EXPECT_FALSE(exchange.request_sent);
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(CurlHttpClientTest, LoopbackNeedsPermissionHoweverItIsSpelled) {
  ScriptedServer server(ScriptedServer::Always(ScriptedServer::Ok("{}")));
  CurlHttpClient strict(loop_, CurlOptions());
  for (const char* host : {"127.0.0.1", "2130706433", "0177.0.0.1", "0x7f000001", "localhost",
                           "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0"}) {
    const std::string url = absl::StrCat("https://", host, ":", server.port(), "/");
    const Exchange exchange = SendWith(strict, MakeRequest("GET", url));
    EXPECT_EQ(exchange.failure, Failure::kConnect) << host;
    EXPECT_EQ(exchange.detail, "the host's address is not allowed") << host;
    EXPECT_FALSE(exchange.request_sent) << host;
  }
  const Exchange plain = SendWith(strict, MakeRequest("GET", server.Url("/")));
  EXPECT_EQ(plain.failure, Failure::kRequestRefused);
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(CurlHttpClientTest, PrivateAddressesNeedPermissionAndPlainHttpStaysOnThisMachine) {
  for (const char* url : {"https://169.254.169.254/", "https://10.0.0.1/", "http://10.0.0.1/",
                          "http://192.0.2.1/", "https://[fd00::1]/"}) {
    const Exchange exchange = Get(url);
    EXPECT_EQ(exchange.failure, Failure::kConnect) << url;
    EXPECT_EQ(exchange.detail, "the host's address is not allowed") << url;
  }
}

TEST_F(CurlHttpClientTest, PlainHttpLeavesThisMachineOnlyWhereThatIsMeant) {
  CurlOptions options;
  options.allow_plain_http = true;
  options.connect_timeout = absl::Milliseconds(50);
  CurlHttpClient to_collector(loop_, options);
  // Nobody is there, but it may be tried; a private address needs its own permission.
  const Exchange tried = SendWith(to_collector, MakeRequest("GET", "http://192.0.2.1/"));
  EXPECT_EQ(tried.failure, Failure::kConnect);
  EXPECT_NE(tried.detail, "the host's address is not allowed");
  const Exchange refused = SendWith(to_collector, MakeRequest("GET", "http://10.0.0.1/"));
  EXPECT_EQ(refused.detail, "the host's address is not allowed");
}

TEST_F(CurlHttpClientTest, RefusedConnectionsAndUnknownHostsSentNothing) {
  int port = 0;
  {
    ScriptedServer gone(ScriptedServer::Always(ScriptedServer::Ok("{}")));
    port = gone.port();
    // Leaves a handle whose last request was sent.
    ASSERT_TRUE(Get(gone.Url("/")).ok());
  }
  const Exchange refused = Get(absl::StrCat("http://127.0.0.1:", port, "/"));
  EXPECT_EQ(refused.failure, Failure::kConnect) << refused.detail;
  EXPECT_FALSE(refused.request_sent);
  CurlOptions options = LoopbackOptions();
  options.connect_timeout = absl::Milliseconds(500);
  CurlHttpClient hasty(loop_, options);
  const Exchange unknown = SendWith(hasty, MakeRequest("GET", "https://no-such-host.invalid/"));
  EXPECT_EQ(unknown.failure, Failure::kResolve) << unknown.detail;
  EXPECT_FALSE(unknown.request_sent);
}

TEST_F(CurlHttpClientTest, AServerThatDoesNotSpeakTlsIsATlsFailure) {
  ScriptedServer server([](ScriptedConnection& connection) {
    connection.ReadSome(1);
    connection.Send("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  const Exchange exchange = Get(absl::StrCat("https://127.0.0.1:", server.port(), "/"));
  EXPECT_EQ(exchange.failure, Failure::kTls) << exchange.detail;
  EXPECT_FALSE(exchange.request_sent);
}

TEST_F(CurlHttpClientTest, CancellationClosesTheConnection) {
  std::atomic<int> end = -1;
  async::CallContext call(loop_, async::kNever);
  Exchange exchange;
  {
    std::latch ended(1);
    ScriptedServer server([&](ScriptedConnection& connection) {
      if (!connection.ReadRequest().has_value()) return;
      loop_.Post([&call] { call.Cancel(); });
      end = static_cast<int>(connection.WaitForEnd());
      ended.count_down();
    });
    const Request request = MakeRequest("GET", server.Url("/"));
    exchange = async::BlockOn(loop_, client_.Send(call, request));
    ended.wait();
  }
  EXPECT_EQ(exchange.failure, Failure::kCancelled);
  EXPECT_TRUE(exchange.request_sent);
  EXPECT_FALSE(exchange.response_started);
  EXPECT_NE(end, static_cast<int>(ScriptedConnection::End::kOurs));
}

TEST_F(CurlHttpClientTest, TheDeadlineClosesTheConnection) {
  std::atomic<int> end = -1;
  std::latch ended(1);
  ScriptedServer server([&](ScriptedConnection& connection) {
    if (end.exchange(static_cast<int>(connection.WaitForEnd())) == -1) ended.count_down();
  });
  // On a machine that is late the deadline may pass before anybody is asked: then once more.
  Exchange exchange;
  do {
    exchange = Send(MakeRequest("GET", server.Url("/")), absl::Milliseconds(50));
    ASSERT_EQ(exchange.failure, Failure::kDeadline);
  } while (!exchange.request_sent);
  ended.wait();
  EXPECT_NE(end, static_cast<int>(ScriptedConnection::End::kOurs));
}

TEST_F(CurlHttpClientTest, ACallThatIsOverContactsNobody) {
  ScriptedServer server(ScriptedServer::Always(ScriptedServer::Ok("{}")));
  const Request request = MakeRequest("GET", server.Url("/"));
  EXPECT_EQ(Send(request, absl::ZeroDuration()).failure, Failure::kDeadline);
  async::CallContext call(loop_, async::kNever);
  call.Cancel();
  EXPECT_EQ(async::BlockOn(loop_, client_.Send(call, request)).failure, Failure::kCancelled);
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(CurlHttpClientTest, ACancellationBeforeTheFirstByteSentNothing) {
  ScriptedServer server(ScriptedServer::Always(ScriptedServer::Ok("{}")));
  // Leaves a handle whose last request was sent.
  ASSERT_TRUE(Get(server.Url("/")).ok());
  async::CallContext call(loop_, async::kNever);
  const Request request = MakeRequest("GET", server.Url("/"));
  // Runs between Send(), in the turn's posted work, and libcurl's part, at the turn's end.
  Exchange exchange;
  const auto send = [](CurlHttpClient& client, async::CallContext& call, const Request& request,
                       Exchange& exchange) -> async::Task<void> {
    exchange = co_await client.Send(call, request);
  };
  loop_.Spawn(send(client_, call, request, exchange));
  loop_.Post([&call] { call.Cancel(); });
  loop_.StopWhenIdle();
  loop_.Run();
  EXPECT_EQ(exchange.failure, Failure::kCancelled);
  EXPECT_FALSE(exchange.request_sent);
  ASSERT_TRUE(Get(server.Url("/last")).ok());
  ASSERT_EQ(server.requests().size(), 2u);
  EXPECT_THAT(server.requests()[1], StartsWith("GET /last "));
}

TEST_F(CurlHttpClientTest, AKeptConnectionThatTheServerClosesIsReplacedAndDoesNotSpin) {
  std::latch close(1);
  std::latch closed(1);
  ScriptedServer server(
      std::vector<ScriptedServer::Script>{[&](ScriptedConnection& connection) {
                                            connection.ReadRequest();
                                            connection.Answer("{}");
                                            close.wait();
                                            connection.Close();
                                            closed.count_down();
                                          },
                                          ScriptedServer::Always(ScriptedServer::Ok("{}"))});
  ASSERT_TRUE(Get(server.Url("/")).ok());
  close.count_down();
  closed.wait();
  // The FIN shows once; then the loop sleeps again.
  int turns_with_events = 0;
  for (int i = 0; i < 10; ++i) {
    const auto soon = async::After(loop_.clock().MonotonicNow(), absl::Milliseconds(5));
    if (loop_.RunTurn(soon)) ++turns_with_events;
  }
  EXPECT_LE(turns_with_events, 2);
  const Exchange exchange = Get(server.Url("/"));
  EXPECT_TRUE(exchange.ok()) << exchange.detail;
  EXPECT_FALSE(exchange.reused_connection);
  EXPECT_EQ(server.connections(), 2);
}

// Answers once, and resets the connection when the second request has come.
void AnswerOnceThenReset(ScriptedConnection& connection) {
  connection.ReadRequest();
  connection.Answer("{}");
  connection.ReadRequest();
  connection.Reset();
}

TEST_F(CurlHttpClientTest, AReplayableRequestSurvivesADeadKeptConnection) {
  ScriptedServer server(std::vector<ScriptedServer::Script>{
      AnswerOnceThenReset, ScriptedServer::Always(ScriptedServer::Ok("{}"))});
  Request request = MakeRequest("GET", server.Url("/"));
  request.replayable = true;
  ASSERT_TRUE(Send(request).ok());
  const Exchange exchange = Send(request);
  EXPECT_TRUE(exchange.ok()) << exchange.detail;
  EXPECT_EQ(server.requests().size(), 3u);
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(CurlHttpClientTest, AnotherRequestIsNotSentTwice) {
  ScriptedServer server(std::vector<ScriptedServer::Script>{
      AnswerOnceThenReset, ScriptedServer::Always(ScriptedServer::Ok("{}"))});
  Request request = MakeRequest("POST", server.Url("/"));
  request.has_body = true;
  request.body = "{}";
  ASSERT_TRUE(Send(request).ok());
  const Exchange exchange = Send(request);
  EXPECT_EQ(exchange.failure, Failure::kReset);
  EXPECT_TRUE(exchange.request_sent);
  EXPECT_FALSE(exchange.response_started);
  EXPECT_EQ(server.requests().size(), 2u);
  EXPECT_EQ(server.connections(), 1);
  const Exchange next = Send(request);
  EXPECT_TRUE(next.ok()) << next.detail;
}

async::Task<int> CountGood(CurlHttpClient& client, async::EventLoop& loop, std::string url,
                           int count) {
  int good = 0;
  for (int i = 0; i < count; ++i) {
    async::CallContext call(loop, async::After(loop.Now(), absl::Seconds(60)));
    const Request request = MakeRequest("GET", url);
    auto exchange = co_await client.Send(call, request);
    if (exchange.ok() && exchange.response.body == "{}") ++good;
  }
  co_return good;
}

async::Task<void> RunMany(CurlHttpClient& client, async::EventLoop& loop, std::string url,
                          std::atomic<int>& good, std::latch& done) {
  std::vector<async::Task<int>> tasks;
  for (int i = 0; i < 48; ++i) tasks.push_back(CountGood(client, loop, url, 10));
  auto counts = co_await async::WhenAll(std::move(tasks));
  for (const int count : counts) good += count;
  done.count_down();
}

TEST(CurlHttpClientPoolTest, EachLoopHasItsOwnBoundedConnections) {
  ScriptedServer server(ScriptedServer::Always(ScriptedServer::Ok("{}")));
  async::LoopPool pool(2);
  CurlOptions options = LoopbackOptions();
  options.max_connections_per_host = 16;
  std::atomic<int> good = 0;
  {
    CurlHttpClient client(pool, options);
    std::latch done(2);
    for (std::size_t i = 0; i < 2; ++i) {
      pool.loop(i).Spawn(RunMany(client, pool.loop(i), server.Url("/"), good, done));
    }
    done.wait();
    pool.Shutdown();
  }
  EXPECT_EQ(good, 2 * 48 * 10);
  EXPECT_LE(server.connections(), 2 * 16);
}

async::Task<void> SendForever(HttpClient& client, async::EventLoop& loop, std::string url) {
  async::CallContext call(loop, async::kNever);
  const Request request = MakeRequest("GET", url);
  auto exchange = co_await client.Send(call, request);
  static_cast<void>(exchange);
}

TEST(CurlHttpClientPoolTest, ShutdownEndsTransfersThatWait) {
  std::latch arrived(1);
  ScriptedServer server([&](ScriptedConnection& connection) {
    connection.ReadRequest();
    arrived.count_down();
    connection.WaitForEnd();
  });
  async::LoopPool pool(1);
  CurlHttpClient client(pool, LoopbackOptions());
  pool.loop(0).Spawn(SendForever(client, pool.loop(0), server.Url("/")));
  arrived.wait();
  pool.Shutdown(absl::Milliseconds(1));
  EXPECT_EQ(pool.loop(0).live_tasks(), 0u);
}

}  // namespace
}  // namespace edugate::http
