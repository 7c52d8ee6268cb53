#include "app/server_check.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace edugate::app {
namespace {

using ::testing::HasSubstr;

TEST(ListenCheckTest, OnlyLoopbackIsServedWithoutTlsUnlessItIsMeant) {
  v1::ServerConfig server;
  for (const char* loopback : {"127.0.0.1:7443", "[::1]:7443", "localhost:0", "127.9.9.9:1"}) {
    server.set_listen(loopback);
    EXPECT_TRUE(CheckListen(server).ok()) << loopback;
  }
  for (const char* open : {"0.0.0.0:7443", "[::]:7443", "10.0.0.1:7443", "edugate.example:7443"}) {
    server.set_listen(open);
    EXPECT_THAT(std::string(CheckListen(server).message()), HasSubstr("server.insecure: true"));
    server.set_insecure(true);
    EXPECT_TRUE(CheckListen(server).ok()) << open;
    server.clear_insecure();
    server.mutable_tls();
    EXPECT_TRUE(CheckListen(server).ok()) << open;
    server.clear_tls();
  }
}

}  // namespace
}  // namespace edugate::app
