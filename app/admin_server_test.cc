#include "app/admin_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "runtime/telemetry/log.h"

namespace edugate::app {
namespace {

AdminServer::Pages PagesOf(bool ready) {
  return {.ready = [ready] { return ready; }, .metrics = [] { return std::string("metric 1\n"); }};
}

int PortOf(const AdminServer& server) {
  int port = 0;
  const std::string address = server.address();
  EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port)) << address;
  return port;
}

TEST(AdminServerTest, EndsAtOnceAlsoRightAfterItsStart) {
  for (int i = 0; i < 50; ++i) {
    auto server = AdminServer::Start("127.0.0.1:0", PagesOf(true));
    ASSERT_TRUE(server.ok()) << server.status();
  }
}

TEST(AdminServerTest, SharesItsPortWithNobody) {
  auto server = AdminServer::Start("127.0.0.1:0", PagesOf(true));
  ASSERT_TRUE(server.ok()) << server.status();
  const auto second = AdminServer::Start((*server)->address(), PagesOf(true));
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
}

// The socket of this process that listens on a port; -1 where there is none.
int SocketThatListensOn(int port) {
  constexpr int kMostDescriptors = 1024;
  for (int fd = 0; fd < kMostDescriptors; ++fd) {
    int listens = 0;
    socklen_t size = sizeof(listens);
    sockaddr_in address{};
    socklen_t address_size = sizeof(address);
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0 &&
        getsockname(fd, reinterpret_cast<sockaddr*>(&address), &address_size) == 0 &&
        ntohs(address.sin_port) == port) {
      return fd;
    }
  }
  return -1;
}

TEST(AdminServerTest, ListensAgainAfterAnErrorOfItsSocket) {
  auto server = AdminServer::Start("127.0.0.1:0", PagesOf(true));
  ASSERT_TRUE(server.ok()) << server.status();
  const int port = PortOf(**server);
  // accept() fails with it, as it does where the system has no files left.
  ASSERT_EQ(shutdown(SocketThatListensOn(port), SHUT_RDWR), 0);
  httplib::Client client("127.0.0.1", port);
  bool answered = false;
  for (int i = 0; i < 300 && !answered; ++i) {
    const auto answer = client.Get("/healthz");
    answered = answer && answer->status == 200;
    if (!answered) absl::SleepFor(absl::Milliseconds(100));
  }
  EXPECT_TRUE(answered);
}

TEST(AdminServerTest, AnswersProbesAndMetrics) {
  auto server = AdminServer::Start("127.0.0.1:0", PagesOf(true));
  ASSERT_TRUE(server.ok()) << server.status();
  httplib::Client client("127.0.0.1", PortOf(**server));
  EXPECT_EQ(client.Get("/healthz")->status, 200);
  EXPECT_EQ(client.Get("/readyz")->status, 200);
  EXPECT_EQ(client.Get("/metrics")->body, "metric 1\n");
  EXPECT_EQ(client.Get("/else")->status, 404);
}

TEST(AdminServerTest, IsAliveButNotReadyWhileNoCallsAreTaken) {
  auto server = AdminServer::Start("127.0.0.1:0", PagesOf(false));
  ASSERT_TRUE(server.ok()) << server.status();
  httplib::Client client("127.0.0.1", PortOf(**server));
  EXPECT_EQ(client.Get("/healthz")->status, 200);
  EXPECT_EQ(client.Get("/readyz")->status, 503);
}

TEST(AdminServerTest, PassesWebhooksOnWithTheirConnectionHeadersAndBody) {
  AdminServer::Pages pages = PagesOf(true);
  services::WebhookRequest seen;
  pages.webhook = [&seen](services::WebhookRequest request) {
    seen = std::move(request);
    return 401;
  };
  pages.max_webhook_bytes = 1024;
  auto server = AdminServer::Start("127.0.0.1:0", std::move(pages));
  ASSERT_TRUE(server.ok()) << server.status();
  httplib::Client client("127.0.0.1", PortOf(**server));
  const auto answer =
      client.Post("/webhooks/m1", {{"X-Sender", "me"}}, "{\"event\":1}", "application/json");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 401);
  EXPECT_EQ(seen.connection, "m1");
  EXPECT_EQ(seen.body, "{\"event\":1}");
  bool found = false;
  for (const auto& [name, value] : seen.headers)
    found = found || (name == "X-Sender" && value == "me");
  EXPECT_TRUE(found);
}

// A connection of its own.
int ConnectTo(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
  return fd;
}

// Sends `text` and then a byte whenever the socket stays quiet for a moment; returns when the
// server has closed the connection.
void DripUntilClosed(int port, const std::string& text) {
  const int fd = ConnectTo(port);
  ASSERT_EQ(send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  pollfd waited{.fd = fd, .events = POLLIN, .revents = 0};
  std::array<char, 512> answer;
  while (true) {
    if (poll(&waited, 1, 10) == 0) {
      send(fd, "x", 1, MSG_NOSIGNAL);
    } else if (recv(fd, answer.data(), answer.size(), 0) <= 0) {
      break;
    }
  }
  close(fd);
}

TEST(AdminServerTest, ARequestThatComesByteByByteIsNotAwaitedForEver) {
  AdminServer::Pages pages = PagesOf(true);
  pages.webhook = [](const services::WebhookRequest&) { return 200; };
  pages.max_webhook_bytes = 1 << 20;
  pages.arrival_time = absl::Milliseconds(200);
  auto server = AdminServer::Start("127.0.0.1:0", std::move(pages));
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string head = "POST /webhooks/m1 HTTP/1.1\r\nHost: edugate.test\r\n";
  DripUntilClosed(PortOf(**server), head + "X-Slow: ");
  DripUntilClosed(PortOf(**server), head + "Content-Length: 1000000\r\n\r\n");
  DripUntilClosed(PortOf(**server), "");
}

// Sends `head` and then `more`, again and again; whether the server closes the connection before it
// has had so many bytes.
bool ClosesWithin(int port, const std::string& head, const std::string& more, size_t bytes) {
  const int fd = ConnectTo(port);
  EXPECT_EQ(send(fd, head.data(), head.size(), MSG_NOSIGNAL), static_cast<ssize_t>(head.size()));
  size_t sent = 0;
  bool open = true;
  while (open && sent < bytes) {
    const size_t at = sent % more.size();
    const ssize_t went = send(fd, more.data() + at, more.size() - at, MSG_NOSIGNAL);
    open = went > 0;
    if (open) sent += static_cast<size_t>(went);
  }
  close(fd);
  return !open;
}

TEST(AdminServerTest, ARequestWithoutEndIsNotReadForEver) {
  AdminServer::Pages pages = PagesOf(true);
  pages.webhook = [](const services::WebhookRequest&) { return 200; };
  pages.max_webhook_bytes = 1 << 20;
  // What ends it is not the time.
  pages.arrival_time = absl::Minutes(10);
  auto server = AdminServer::Start("127.0.0.1:0", std::move(pages));
  ASSERT_TRUE(server.ok()) << server.status();
  constexpr size_t kBytes = size_t{64} << 20;
  const std::string first = "POST /webhooks/m1 HTTP/1.1\r\n";
  const std::string header = "X-More: " + std::string(1000, 'x') + "\r\n";
  EXPECT_TRUE(ClosesWithin(PortOf(**server), first, header, kBytes));
  EXPECT_TRUE(ClosesWithin(PortOf(**server), "GET /", std::string(1000, 'x'), kBytes));
  const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  const std::string chunked = "Transfer-Encoding: chunked\r\n\r\n";
  EXPECT_TRUE(ClosesWithin(PortOf(**server), first + chunked, chunk, kBytes));
  EXPECT_TRUE(ClosesWithin(PortOf(**server), "POST /else HTTP/1.1\r\n" + chunked, chunk, kBytes));
  EXPECT_TRUE(ClosesWithin(PortOf(**server), first + "\r\n", std::string(1000, 'x'), kBytes));
}

// Takes webhooks with this body and refuses all others; they have at most 1 KiB.
absl::StatusOr<std::unique_ptr<AdminServer>> StartThatTakesTheBody(const std::string& body) {
  AdminServer::Pages pages = PagesOf(true);
  pages.webhook = [body](const services::WebhookRequest& request) {
    return request.body == body ? 200 : 400;
  };
  pages.max_webhook_bytes = 1024;
  return AdminServer::Start("127.0.0.1:0", std::move(pages));
}

TEST(AdminServerTest, ABodyIsTakenAsItWasSent) {
  auto server = StartThatTakesTheBody("body");
  ASSERT_TRUE(server.ok()) << server.status();
  httplib::Client client("127.0.0.1", PortOf(**server));
  // Nothing inflates it, so that it need not be what it is said to be.
  for (const char* coding : {"gzip", "deflate", "br"}) {
    const httplib::Headers headers = {{"Content-Encoding", coding}};
    const auto answer = client.Post("/webhooks/m1", headers, "body", "application/json");
    ASSERT_TRUE(answer) << coding;
    EXPECT_EQ(answer->status, 200) << coding;
  }
  const auto chunked = client.Post(
      "/webhooks/m1",
      [](size_t, httplib::DataSink& sink) {
        sink.write("body", 4);
        sink.done();
        return true;
      },
      "application/json");
  ASSERT_TRUE(chunked);
  EXPECT_EQ(chunked->status, 200);
}

TEST(AdminServerTest, AKeptConnectionServesOneRequestAfterTheOther) {
  auto server = StartThatTakesTheBody("body");
  ASSERT_TRUE(server.ok()) << server.status();
  httplib::Client client("127.0.0.1", PortOf(**server));
  client.set_keep_alive(true);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(client.Get("/healthz")->status, 200);
    EXPECT_EQ(client.Post("/webhooks/m1", "body", "application/json")->status, 200);
  }
  EXPECT_EQ(client.Post("/webhooks/m1", std::string(100'000, 'x'), "text/plain")->status, 413);
}

// Reads what is answered until the server closes the connection.
void AwaitTheEnd(int fd) {
  std::array<char, 512> answer;
  while (recv(fd, answer.data(), answer.size(), 0) > 0) {
  }
  close(fd);
}

void SendAndAwaitTheEnd(int port, const std::string& text) {
  const int fd = ConnectTo(port);
  ASSERT_EQ(send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  AwaitTheEnd(fd);
}

TEST(AdminServerTest, WhatIsLeftOfARequestIsNoFurtherOne) {
  AdminServer::Pages pages = PagesOf(true);
  pages.webhook = [](const services::WebhookRequest&) { return 200; };
  auto server = AdminServer::Start("127.0.0.1:0", std::move(pages));
  ASSERT_TRUE(server.ok()) << server.status();
  const telemetry::LogLevel before = telemetry::CurrentLogLevel();
  telemetry::SetLogLevel(telemetry::LogLevel::kWarn);
  const std::string within =
      "PUT /log-level HTTP/1.1\r\nConnection: close\r\nContent-Length: 5\r\n\r\nerror";
  const std::string length = absl::StrCat("Content-Length: ", within.size(), "\r\n");
  const std::string post = "POST /webhooks/m1 HTTP/1.1\r\n";
  for (const std::string& head :
       {// Bodies that the library doesn't read.
        absl::StrCat("GET /webhooks/m1 HTTP/1.1\r\n", length),
        absl::StrCat(post, "Range: none\r\n", length),
        absl::StrCat(post, "Content-Type: multipart/form-data\r\n", length),
        // One that it gives up.
        absl::StrCat(post, "Transfer-Encoding: chunked\r\n\r\nno size")}) {
    SendAndAwaitTheEnd(PortOf(**server), absl::StrCat(head, "\r\n", within));
    EXPECT_EQ(telemetry::CurrentLogLevel(), telemetry::LogLevel::kWarn) << head;
    telemetry::SetLogLevel(telemetry::LogLevel::kWarn);
  }
  // Two requests are two.
  SendAndAwaitTheEnd(PortOf(**server), absl::StrCat(post, "Content-Length: 4\r\n\r\nbody", within));
  EXPECT_EQ(telemetry::CurrentLogLevel(), telemetry::LogLevel::kError);
  telemetry::SetLogLevel(before);
}

TEST(AdminServerTest, TellsOfWebhooksThatItRefusesItself) {
  AdminServer::Pages pages = PagesOf(true);
  pages.webhook = [](const services::WebhookRequest&) { return 413; };
  std::vector<std::string> refused;
  pages.webhook_refused = [&refused](const std::string& connection,
                                     services::WebhookAnswer answer) {
    refused.push_back(absl::StrCat(connection, " ", static_cast<int>(answer)));
  };
  pages.max_webhook_bytes = 1024;
  auto server = AdminServer::Start("127.0.0.1:0", std::move(pages));
  ASSERT_TRUE(server.ok()) << server.status();
  const int port = PortOf(**server);
  const auto post = [port](const std::string& path, const std::string& body) {
    httplib::Client client("127.0.0.1", port);
    const auto answer = client.Post(path.c_str(), body, "application/json");
    return answer ? answer->status : 0;
  };
  const std::string large(100'000, 'x');
  EXPECT_EQ(post("/webhooks/m1", large), 413);
  // These are nobody's webhooks, and what the receiver refuses it knows of.
  EXPECT_EQ(post("/else", large), 413);
  EXPECT_EQ(post("/webhooks/UPPER", large), 413);
  EXPECT_EQ(post("/webhooks/m1", "small"), 413);
  // A body that ends before the length that it was to have.
  const int fd = ConnectTo(port);
  const std::string part = "POST /webhooks/m2 HTTP/1.1\r\nContent-Length: 9\r\n\r\npart";
  ASSERT_EQ(send(fd, part.data(), part.size(), MSG_NOSIGNAL), static_cast<ssize_t>(part.size()));
  ASSERT_EQ(shutdown(fd, SHUT_WR), 0);
  AwaitTheEnd(fd);
  server->reset();
  EXPECT_THAT(refused, testing::ElementsAre("m1 413", "m2 400"));
}

TEST(AdminServerTest, TheLogLevelIsShownAndChanged) {
  auto server = AdminServer::Start("127.0.0.1:0", PagesOf(true));
  ASSERT_TRUE(server.ok()) << server.status();
  httplib::Client client("127.0.0.1", PortOf(**server));
  const telemetry::LogLevel before = telemetry::CurrentLogLevel();
  EXPECT_EQ(client.Put("/log-level", "error", "text/plain")->body, "{\"level\":\"error\"}\n");
  EXPECT_EQ(telemetry::CurrentLogLevel(), telemetry::LogLevel::kError);
  EXPECT_EQ(client.Post("/log-level", "{\"level\": \"warn\"}", "application/json")->status, 200);
  EXPECT_EQ(client.Get("/log-level")->body, "{\"level\":\"warn\"}\n");
  EXPECT_EQ(client.Put("/log-level", "loud", "text/plain")->status, 400);
  EXPECT_EQ(client.Put("/log-level", "", "text/plain")->status, 400);
  EXPECT_EQ(
      client.Post("/log-level", {{"Origin", "https://elsewhere.example"}}, "debug", "text/plain")
          ->status,
      403);
  EXPECT_EQ(telemetry::CurrentLogLevel(), telemetry::LogLevel::kWarn);
  telemetry::SetLogLevel(before);
}

TEST(AdminServerTest, TheStatusPageMayAskThisServerAndNothingElse) {
  AdminServer::Pages pages = PagesOf(true);
  pages.status = [] { return std::string("{\"ready\":true}"); };
  pages.config = [] { return std::string("server:\n"); };
  auto server = AdminServer::Start("127.0.0.1:0", std::move(pages));
  ASSERT_TRUE(server.ok()) << server.status();
  httplib::Client client("127.0.0.1", PortOf(**server));
  const auto page = client.Get("/");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->get_header_value("Content-Type"), "text/html; charset=utf-8");
  const std::string policy = page->get_header_value("Content-Security-Policy");
  EXPECT_THAT(policy, testing::HasSubstr("default-src 'none'"));
  const std::size_t at = policy.find("'nonce-") + 7;
  const std::string nonce = policy.substr(at, policy.find('\'', at) - at);
  EXPECT_EQ(nonce.size(), 32u);
  EXPECT_THAT(page->body, testing::HasSubstr("<script nonce=\"" + nonce + "\">"));
  EXPECT_THAT(page->body, testing::Not(testing::HasSubstr("__NONCE__")));
  for (const char* outside :
       {"src=\"http", "href=\"http", "//cdn", "@import", "url(http", "style=\"", "innerHTML"}) {
    EXPECT_THAT(page->body, testing::Not(testing::HasSubstr(outside))) << outside;
  }
  EXPECT_NE(client.Get("/")->get_header_value("Content-Security-Policy"), policy);
  EXPECT_EQ(client.Get("/status.json")->body, "{\"ready\":true}");
  EXPECT_EQ(client.Get("/config")->body, "server:\n");
}

TEST(AdminServerTest, AnAddressOfIpv6StandsInBrackets) {
  sockaddr_in6 loopback{};
  loopback.sin6_family = AF_INET6;
  loopback.sin6_addr = in6addr_loopback;
  const int probe = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool there = probe >= 0 && bind(probe, reinterpret_cast<const sockaddr*>(&loopback),
                                        sizeof(loopback)) == 0;
  if (probe >= 0) close(probe);
  auto server = AdminServer::Start("[::1]:0", PagesOf(true));
  if (!there) {
    EXPECT_EQ(server.status().code(), absl::StatusCode::kUnavailable) << "without IPv6";
    return;
  }
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ((*server)->address(), absl::StrCat("[::1]:", PortOf(**server)));
  httplib::Client client("::1", PortOf(**server));
  const auto answer = client.Get("/healthz");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
}

TEST(AdminServerTest, AnAddressThatCanNotBeListenedOnIsUnavailable) {
  EXPECT_EQ(AdminServer::Start("999.0.0.1:0", PagesOf(true)).status().code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace edugate::app
