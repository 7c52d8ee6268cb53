#include "services/joined_writes.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "services/segments_sent.h"

namespace edugate::services {
namespace {

constexpr int kWrites = 10;
constexpr char kText[] = "a reply";

// Both ends of a TCP connection, which has the options of an accepted one.
class Connection {
 public:
  Connection() {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(listener, generic, size), 0);
    EXPECT_EQ(listen(listener, 1), 0);
    EXPECT_EQ(getsockname(listener, generic, &size), 0);
    reader_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(connect(reader_, generic, size), 0);
    writer_ = accept(listener, nullptr, nullptr);
    const int on = 1;
    EXPECT_EQ(setsockopt(writer_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
    close(listener);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    CloseWriter();
    close(reader_);
  }

  int writer() const { return writer_; }

  void Write() const {
    iovec piece{const_cast<char*>(kText), sizeof(kText)};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    EXPECT_EQ(sendmsg(writer_, &message, MSG_NOSIGNAL), static_cast<ssize_t>(sizeof(kText)));
  }

  // Waits for so many writes; whether they came.
  bool Read(int writes) const {
    std::string bytes(writes * sizeof(kText), '\0');
    return recv(reader_, bytes.data(), bytes.size(), MSG_WAITALL) ==
           static_cast<ssize_t>(bytes.size());
  }

  // How often the kernel has sent something.
  int Segments() const { return SegmentsSent(writer_); }

  void CloseWriter() {
    if (writer_ >= 0) close(writer_);
    writer_ = -1;
  }

 private:
  int writer_ = -1;
  int reader_ = -1;
};

TEST(JoinedWritesTest, WithoutThemEachWriteLeavesByItself) {
  const Connection connection;
  for (int i = 0; i < kWrites; ++i) connection.Write();
  EXPECT_TRUE(connection.Read(kWrites));
  EXPECT_EQ(connection.Segments(), kWrites);
}

TEST(JoinedWritesTest, WritesLeaveTogether) {
  const Connection connection;
  JoinedWrites joined;
  joined.Start();
  for (int i = 0; i < kWrites; ++i) connection.Write();
  joined.Push();
  EXPECT_TRUE(connection.Read(kWrites));
  // The kernel sends what has waited for 200 ms, so that there may be more than one.
  EXPECT_LT(connection.Segments(), kWrites);
}

TEST(JoinedWritesTest, NothingWaitsAfterTheEnd) {
  const Connection connection;
  {
    JoinedWrites joined;
    joined.Start();
    connection.Write();
  }
  EXPECT_TRUE(connection.Read(1));
  const int before = connection.Segments();
  for (int i = 0; i < kWrites; ++i) connection.Write();
  EXPECT_TRUE(connection.Read(kWrites));
  EXPECT_EQ(connection.Segments() - before, kWrites);
}

TEST(JoinedWritesTest, AConnectionThatIsClosedSendsWhatWaited) {
  Connection connection;
  JoinedWrites joined;
  joined.Start();
  connection.Write();
  connection.CloseWriter();
  EXPECT_TRUE(connection.Read(1));
  joined.Push();
}

TEST(JoinedWritesTest, ADescriptorThatHasBecomeSomethingElseIsLeftAlone) {
  int pipe_ends[2];
  ASSERT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
  const Connection connection;
  JoinedWrites joined;
  joined.Start();
  joined.Add(pipe_ends[1]);
  connection.Write();
  joined.Push();
  EXPECT_TRUE(connection.Read(1));
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

TEST(JoinedWritesTest, ManyConnectionsOfOneTurnAllSend) {
  constexpr int kConnections = 150;
  std::vector<std::unique_ptr<Connection>> connections;
  JoinedWrites joined;
  joined.Start();
  for (int i = 0; i < kConnections; ++i) {
    connections.push_back(std::make_unique<Connection>());
    connections.back()->Write();
  }
  joined.Push();
  for (const auto& connection : connections) EXPECT_TRUE(connection->Read(1));
}

}  // namespace
}  // namespace edugate::services
