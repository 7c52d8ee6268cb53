#include "runtime/store/redis_client.h"

#include <hiredis/hiredis.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "runtime/async/block_on.h"
#include "runtime/errors/errors.h"
#include "runtime/store/redis_server.h"
#include "runtime/store/temporary_folder.h"

namespace edugate::store {
namespace {

class RedisClientTest : public testing::Test {
 protected:
  absl::StatusOr<RedisValue> Ask(RedisClient& client, RedisCommand command) {
    RedisJob job;
    job.command = std::move(command);
    return async::BlockOn(loop_, client.Run(call_, std::move(job)));
  }

  TemporaryFolder folder_;
  async::EventLoop loop_;
  async::CallContext call_{loop_, async::kNever};
};

TEST_F(RedisClientTest, AnswersComeToThoseWhoAsked) {
  RedisServer server(folder_.path());
  RedisClient client(server.options());
  EXPECT_EQ(Ask(client, {"SET", "k", std::string("a\0b", 3)})->text, "OK");
  EXPECT_EQ(Ask(client, {"GET", "k"})->text, std::string("a\0b", 3));
  EXPECT_EQ(Ask(client, {"GET", "nothing"})->kind, RedisValue::Kind::kNil);
  EXPECT_EQ(Ask(client, {"STRLEN", "k"})->integer, 3);
  EXPECT_EQ(Ask(client, {"MGET", "k", "nothing"})->array.size(), 2u);
}

TEST_F(RedisClientTest, ARefusedCommandIsItsOwnErrorAndShowsNothing) {
  RedisServer server(folder_.path());
  RedisClient client(server.options());
  const absl::Status refused = Ask(client, {"EVAL", "return canary", "0"}).status();
  EXPECT_EQ(errors::ReasonOf(refused), v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_EQ(std::string(refused.message()).find("canary"), std::string::npos);
  EXPECT_TRUE(Ask(client, {"DBSIZE"}).ok());
}

TEST_F(RedisClientTest, APasswordIsAskedForWithEachConnection) {
  RedisServer server(folder_.path());
  server.Ask(
      {"ACL", "SETUSER", "edugate", "on", ">first password", "~edugate:*", "&edugate:*", "+@all"});
  std::atomic<bool> changed = false;
  RedisOptions options = server.options();
  options.username = "edugate";
  options.password = [&] { return changed ? "second password" : "first password"; };
  RedisClient client(options);
  EXPECT_TRUE(Ask(client, {"SET", "edugate:k", "v"}).ok());
  EXPECT_FALSE(Ask(client, {"GET", "another:k"}).ok());
  server.Ask({"ACL", "SETUSER", "edugate", "resetpass", ">second password"});
  server.Ask({"CLIENT", "KILL", "USER", "edugate"});
  changed = true;
  EXPECT_EQ(Ask(client, {"GET", "edugate:k"})->text, "v");
}

TEST_F(RedisClientTest, AWrongPasswordIsToldAsAnUnusableStore) {
  RedisServer server(folder_.path());
  server.Ask({"ACL", "SETUSER", "edugate", "on", ">right", "~*", "+@all"});
  RedisOptions options = server.options();
  options.username = "edugate";
  options.password = [] { return "canary"; };
  RedisClient client(options);
  // Also between two attempts to connect.
  for (int i = 0; i < 5; ++i) {
    const absl::Status refused = Ask(client, {"DBSIZE"}).status();
    EXPECT_EQ(errors::ReasonOf(refused), v1::ERROR_REASON_STORE_UNAVAILABLE);
    EXPECT_NE(std::string(refused.message()).find("WRONGPASS"), std::string::npos) << refused;
    EXPECT_EQ(std::string(refused.message()).find("canary"), std::string::npos);
  }
}

TEST_F(RedisClientTest, TlsIsSpokenToAServerOfTheAuthorityAlone) {
  const auto make = [&](const std::string& name) {
    const std::string command = absl::StrCat(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "
        "/CN=test -addext subjectAltName=IP:127.0.0.1 -keyout ",
        folder_.File(name), ".key -out ", folder_.File(name), ".pem 2>/dev/null");
    EXPECT_EQ(system(command.c_str()), 0);
  };
  make("server");
  make("stranger");
  RedisServer server(folder_.path());
  server.Ask({"CONFIG", "SET", "port", "0", "tls-port", absl::StrCat(server.port()),
              "tls-cert-file", folder_.File("server.pem"), "tls-key-file",
              folder_.File("server.key"), "tls-auth-clients", "no", "tls-ca-cert-file",
              folder_.File("server.pem")});
  RedisOptions options = server.options();
  options.address = server.tcp_address();
  options.tls = true;
  options.ca_file = folder_.File("server.pem");
  RedisClient good(options);
  EXPECT_EQ(Ask(good, {"SET", "k", std::string(100'000, 'x')})->text, "OK");
  EXPECT_EQ(Ask(good, {"STRLEN", "k"})->integer, 100'000);
  options.ca_file = folder_.File("stranger.pem");
  RedisClient wary(options);
  EXPECT_EQ(errors::ReasonOf(Ask(wary, {"DBSIZE"}).status()), v1::ERROR_REASON_STORE_UNAVAILABLE);
  options.tls = false;
  RedisClient plain(options);
  EXPECT_FALSE(Ask(plain, {"DBSIZE"}).ok());
}

TEST_F(RedisClientTest, WithoutAServerJobsAreRefusedAndItsReturnIsNoticed) {
  RedisServer server(folder_.path());
  std::atomic<int> lost = 0;
  std::atomic<int> found = 0;
  RedisClient::Limits limits;
  limits.on_change = [&](const absl::Status& state) { ++(state.ok() ? found : lost); };
  RedisClient client(server.options(), limits);
  EXPECT_TRUE(Ask(client, {"SET", "k", "v"}).ok());
  server.Kill();
  EXPECT_EQ(errors::ReasonOf(Ask(client, {"GET", "k"}).status()),
            v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_EQ(lost, 1);
  server.Start();
  // By itself: nobody asks.
  while (found == 0) absl::SleepFor(absl::Milliseconds(10));
  EXPECT_EQ(Ask(client, {"GET", "k"})->text, "v");
}

TEST_F(RedisClientTest, KnowsHowManyProcessesThereAre) {
  RedisServer server(folder_.path());
  RedisClient one(server.options());
  ASSERT_TRUE(Ask(one, {"DBSIZE"}).ok());
  EXPECT_EQ(one.processes(), 1);
  RedisClient two(server.options());
  ASSERT_TRUE(Ask(two, {"DBSIZE"}).ok());
  EXPECT_EQ(two.processes(), 2);
}

TEST_F(RedisClientTest, TooManyJobsAreRefused) {
  RedisServer server(folder_.path());
  RedisClient::Limits limits;
  limits.max_waiting_jobs = 0;
  RedisClient client(server.options(), limits);
  EXPECT_EQ(errors::ReasonOf(Ask(client, {"DBSIZE"}).status()), v1::ERROR_REASON_LOCAL_LIMIT);
}

// A loopback port where nobody accepts what comes: the system takes so many connections, and
// doesn't answer the next one.
class UnattendedPort {
 public:
  explicit UnattendedPort(int waiting) : listening_(socket(AF_INET, SOCK_STREAM, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    EXPECT_EQ(bind(listening_, address(), size), 0);
    EXPECT_EQ(listen(listening_, waiting), 0);
    EXPECT_EQ(getsockname(listening_, address(), &size), 0);
  }
  ~UnattendedPort() {
    for (const int fd : connections_) close(fd);
    close(listening_);
  }

  // Until it answers no more.
  void Fill() {
    for (bool taken = true; taken && connections_.size() < 100;) {
      connections_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
      connect(connections_.back(), address(), sizeof(address_));
      pollfd connected{.fd = connections_.back(), .events = POLLOUT, .revents = 0};
      taken = poll(&connected, 1, 200) > 0;
    }
  }

  int port() const { return ntohs(address_.sin_port); }

  addrinfo Info(addrinfo* next) {
    addrinfo info{};
    info.ai_family = AF_INET;
    info.ai_addr = address();
    info.ai_addrlen = sizeof(address_);
    info.ai_next = next;
    return info;
  }

 private:
  sockaddr* address() { return reinterpret_cast<sockaddr*>(&address_); }

  const int listening_;
  sockaddr_in address_{};
  std::vector<int> connections_;
};

TEST(ConnectToOneOfTest, AnAddressThatDoesNotAnswerLeavesTimeToTheNext) {
  constexpr absl::Duration kTimeout = absl::Seconds(4);
  UnattendedPort silent(0);
  silent.Fill();
  UnattendedPort good(8);
  addrinfo second = good.Info(nullptr);
  const addrinfo first = silent.Info(&second);
  const async::MonotonicTime deadline = async::After(async::SystemClock().MonotonicNow(), kTimeout);
  const absl::StatusOr<int> connected = ConnectToOneOf(&first, deadline);
  // TLS and the password need some, too.
  EXPECT_LT(async::SystemClock().MonotonicNow(), deadline);
  ASSERT_TRUE(connected.ok()) << connected.status();
  sockaddr_in peer{};
  socklen_t size = sizeof(peer);
  EXPECT_EQ(getpeername(*connected, reinterpret_cast<sockaddr*>(&peer), &size), 0);
  EXPECT_EQ(ntohs(peer.sin_port), good.port());
  close(*connected);
}

// A server that holds few answers for those who don't read them: then it reads no further, either.
// `answer` says what it answers to the nth SETTLE, from 1.
class NarrowServer {
 public:
  NarrowServer(const std::string& path, std::function<std::string(int)> answer)
      : answer_(std::move(answer)), listening_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(bind(listening_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(listening_, 8), 0);
    thread_ = std::thread([this] { Serve(); });
  }
  ~NarrowServer() {
    shutdown(listening_, SHUT_RDWR);
    thread_.join();
    close(listening_);
  }

  int settled() const { return settled_; }

 private:
  void Serve() {
    for (int fd = accept(listening_, nullptr, nullptr); fd >= 0;
         fd = accept(listening_, nullptr, nullptr)) {
      redisReader* const reader = redisReaderCreate();
      std::vector<char> buffer(1 << 16);
      bool open = true;
      for (ssize_t got = 0; open && (got = recv(fd, buffer.data(), buffer.size(), 0)) > 0;) {
        redisReaderFeed(reader, buffer.data(), static_cast<size_t>(got));
        void* command = nullptr;
        while (open && redisReaderGetReply(reader, &command) == REDIS_OK && command != nullptr) {
          open = Answer(fd, *static_cast<redisReply*>(command));
          freeReplyObject(command);
        }
      }
      redisReaderFree(reader);
      close(fd);
    }
  }

  bool Answer(int fd, const redisReply& command) {
    const absl::string_view name(command.element[0]->str, command.element[0]->len);
    const std::string answer = name == "SETTLE" ? answer_(++settled_) : ":1\r\n";
    for (size_t sent = 0; sent < answer.size();) {
      const ssize_t some = send(fd, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
      if (some <= 0) return false;
      sent += static_cast<size_t>(some);
    }
    return true;
  }

  const std::function<std::string(int)> answer_;
  const int listening_;
  std::atomic<int> settled_ = 0;
  std::thread thread_;
};

TEST_F(RedisClientTest, WhatALongOutageLeftIsSettledByAndBy) {
  constexpr int kLeft = 64;
  RedisOptions options;
  options.address = folder_.File("redis.sock");
  // What is not answered in time is sent again, and counted again.
  options.timeout = absl::Seconds(30);
  std::optional<RedisClient> client(options);
  std::atomic<int> failed = 0;
  for (int i = 0; i < kLeft; ++i) {
    RedisJob job;
    job.command = {"SETTLE", std::string(256 << 10, 'x')};
    job.until_done = true;
    job.done = [&](const absl::StatusOr<RedisValue>& answer) { failed += answer.ok() ? 0 : 1; };
    ASSERT_TRUE(client->Submit(std::move(job)).ok());
  }
  while (failed < kLeft) absl::SleepFor(absl::Milliseconds(1));
  const std::string text(16 << 10, 'x');
  const NarrowServer server(
      options.address, [&](int) { return absl::StrCat("$", text.size(), "\r\n", text, "\r\n"); });
  for (int i = 0; i < 1000 && server.settled() < kLeft; ++i) {
    absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_EQ(server.settled(), kLeft);
  EXPECT_TRUE(Ask(*client, {"DBSIZE"}).ok());
  // The server serves to the end of each connection.
  client.reset();
}

// As Redis 6 says it of a script.
TEST_F(RedisClientTest, WhatAServerWithoutMemoryRefusedIsSettledOnceItHasSome) {
  RedisOptions options;
  options.address = folder_.File("redis.sock");
  options.timeout = absl::Seconds(30);
  const NarrowServer server(options.address, [](int settled) {
    return settled > 2 ? ":1\r\n"
                       : "-ERR Error running script (call to f_0123456789abcdef): "
                         "@user_script:3: @user_script: 3: -OOM command not allowed when used "
                         "memory > 'maxmemory'.\r\n";
  });
  std::optional<RedisClient> client(options);
  RedisJob job;
  job.command = {"SETTLE"};
  job.until_done = true;
  const absl::Status refused = async::BlockOn(loop_, client->Run(call_, std::move(job))).status();
  EXPECT_NE(std::string(refused.message()).find("(OOM)"), std::string::npos) << refused;
  EXPECT_TRUE(Ask(*client, {"DBSIZE"}).ok());
  EXPECT_TRUE(Ask(*client, {"DBSIZE"}).ok());
  EXPECT_TRUE(Ask(*client, {"DBSIZE"}).ok());
  EXPECT_EQ(server.settled(), 3);
  client.reset();
}

}  // namespace
}  // namespace edugate::store
