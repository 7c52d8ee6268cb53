#include "app/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "runtime/async/loop_pool.h"

namespace edugate::app {
namespace {

int ConnectTo(const std::string& address) {
  int port = 0;
  EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0) return fd;
  close(fd);
  return -1;
}

class ListenerTest : public ::testing::Test {
 protected:
  void Start(Listener& listener) {
    listener.Start(loops_.loop(0), [this](int fd) {
      close(fd);
      ++taken_;
    });
  }

  void AwaitTaken(int count) const {
    while (taken_ < count) absl::SleepFor(absl::Milliseconds(1));
  }

  async::LoopPool loops_{1};
  std::atomic<int> taken_{0};
};

TEST_F(ListenerTest, GivesConnectionsToWhoTakesThem) {
  auto listener = Listener::Open("127.0.0.1:0");
  ASSERT_TRUE(listener.ok()) << listener.status();
  Start(**listener);
  for (int i = 1; i <= 3; ++i) {
    const int fd = ConnectTo((*listener)->address());
    EXPECT_GE(fd, 0);
    AwaitTaken(i);
    close(fd);
  }
}

TEST_F(ListenerTest, AnAddressThatIsTakenIsUnavailable) {
  auto first = Listener::Open("127.0.0.1:0");
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(Listener::Open((*first)->address()).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Listener::Open("192.0.2.1:1").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Listener::Open("no port").status().code(), absl::StatusCode::kUnavailable);
}

// 127.0.0.1, as often as is asked for, and another address of this machine.
std::vector<SocketAddress> Addresses(int times) {
  std::vector<SocketAddress> addresses;
  for (int i = 0; i <= times; ++i) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    inet_pton(AF_INET, i < times ? "127.0.0.1" : "127.0.0.2", &address.sin_addr);
    addresses.emplace_back(reinterpret_cast<const char*>(&address), sizeof(address));
  }
  return addresses;
}

TEST_F(ListenerTest, AnAddressThatANameHasTwiceIsListenedOnOnce) {
  std::string asked;
  auto listener =
      Listener::Open("localhost:0", [&](const std::string& host, const std::string& port) {
        asked = host + " " + port;
        return Addresses(2);
      });
  EXPECT_EQ(asked, "localhost 0");
  ASSERT_TRUE(listener.ok()) << listener.status();
  Start(**listener);
  const int fd = ConnectTo((*listener)->address());
  EXPECT_GE(fd, 0);
  AwaitTaken(1);
  close(fd);
}

TEST_F(ListenerTest, ANameOfWhichOneAddressIsTakenIsUnavailable) {
  const auto other = Listener::Open("127.0.0.2:0");
  ASSERT_TRUE(other.ok());
  const auto resolve = [](const std::string&, const std::string& port) {
    std::vector<SocketAddress> addresses = Addresses(1);
    int number = 0;
    EXPECT_TRUE(absl::SimpleAtoi(port, &number));
    for (SocketAddress& each : addresses) {
      reinterpret_cast<sockaddr_in*>(each.data())->sin_port = htons(static_cast<uint16_t>(number));
    }
    return addresses;
  };
  EXPECT_EQ(Listener::Open((*other)->address(), resolve).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(ListenerTest, AfterCloseConnectionsAreRefusedAndTheAddressIsFree) {
  auto listener = Listener::Open("127.0.0.1:0");
  ASSERT_TRUE(listener.ok());
  const std::string address = (*listener)->address();
  Start(**listener);
  (*listener)->Close();
  EXPECT_EQ(ConnectTo(address), -1);
  EXPECT_TRUE(Listener::Open(address).ok());
}

TEST_F(ListenerTest, WithoutDescriptorsConnectionsWaitUntilThereAreSome) {
  auto listener = Listener::Open("127.0.0.1:0");
  ASSERT_TRUE(listener.ok());
  Start(**listener);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  // One descriptor is left: for this end of the connection.
  const int next = dup(0);
  close(next);
  const rlimit little{.rlim_cur = static_cast<rlim_t>(next) + 1, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &little), 0);
  const int fd = ConnectTo((*listener)->address());
  EXPECT_GE(fd, 0);
  absl::SleepFor(absl::Milliseconds(50));
  EXPECT_EQ(taken_, 0);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  AwaitTaken(1);
  close(fd);
}

}  // namespace
}  // namespace edugate::app
