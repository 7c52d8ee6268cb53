#include "app/open_connections.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace edugate::app {
namespace {

using ::testing::HasSubstr;

class OpenConnectionsTest : public ::testing::Test {
 protected:
  ~OpenConnectionsTest() override {
    for (const int fd : sockets_) close(fd);
  }

  int Connect() {
    sockets_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_GE(sockets_.back(), 0);
    return sockets_.back();
  }

  void Pass(absl::Duration time) { now_ = async::After(now_, time); }

  async::MonotonicTime now_ = async::MonotonicTime() + std::chrono::seconds(1);
  OpenConnections connections_{2};
  std::vector<int> sockets_;
};

TEST_F(OpenConnectionsTest, NoMoreThanTheMostAreAdmitted) {
  EXPECT_TRUE(connections_.Admit(Connect(), now_));
  EXPECT_TRUE(connections_.Admit(Connect(), now_));
  EXPECT_THAT(connections_.Text(), HasSubstr("\nedugate_connections_refused_total 0\n"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(connections_.Admit(Connect(), now_));
    Pass(absl::Seconds(1));
  }
  EXPECT_THAT(connections_.Text(), HasSubstr("\nedugate_connections_refused_total 3\n"));
}

TEST_F(OpenConnectionsTest, OneThatWasClosedMakesRoom) {
  const int first = Connect();
  EXPECT_TRUE(connections_.Admit(first, now_));
  EXPECT_TRUE(connections_.Admit(Connect(), now_));
  EXPECT_FALSE(connections_.Admit(Connect(), now_));
  close(first);
  Pass(absl::Milliseconds(100));
  EXPECT_TRUE(connections_.Admit(Connect(), now_));
  EXPECT_FALSE(connections_.Admit(Connect(), now_));
}

TEST_F(OpenConnectionsTest, ADescriptorThatStandsForSomethingElseMakesRoom) {
  const int first = Connect();
  const int second = Connect();
  EXPECT_TRUE(connections_.Admit(first, now_));
  EXPECT_TRUE(connections_.Admit(second, now_));
  const int third = Connect();
  const int other = Connect();
  ASSERT_EQ(dup2(other, first), first);
  const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(dup2(file, second), second);
  close(file);
  EXPECT_TRUE(connections_.Admit(third, now_));
  EXPECT_TRUE(connections_.Admit(other, now_));
  EXPECT_FALSE(connections_.Admit(Connect(), now_));
}

TEST_F(OpenConnectionsTest, TheDescriptorsAreNotLookedAtForEachThatIsRefused) {
  const int first = Connect();
  EXPECT_TRUE(connections_.Admit(first, now_));
  EXPECT_TRUE(connections_.Admit(Connect(), now_));
  EXPECT_FALSE(connections_.Admit(Connect(), now_));
  close(first);
  Pass(absl::Milliseconds(99));
  EXPECT_FALSE(connections_.Admit(Connect(), now_));
}

TEST_F(OpenConnectionsTest, WhatIsNoDescriptorIsNotAdmitted) {
  EXPECT_FALSE(connections_.Admit(-1, now_));
}

}  // namespace
}  // namespace edugate::app
