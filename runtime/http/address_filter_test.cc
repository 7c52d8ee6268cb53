#include "runtime/http/address_filter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include "gtest/gtest.h"

namespace edugate::http {
namespace {

Reach Of(const std::string& text) {
  sockaddr_storage storage{};
  void* const memory = &storage;
  if (text.find(':') == std::string::npos) {
    auto* in = static_cast<sockaddr_in*>(memory);
    in->sin_family = AF_INET;
    EXPECT_EQ(inet_pton(AF_INET, text.c_str(), &in->sin_addr), 1) << text;
  } else {
    auto* in6 = static_cast<sockaddr_in6*>(memory);
    in6->sin6_family = AF_INET6;
    EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &in6->sin6_addr), 1) << text;
  }
  return ReachOf(*static_cast<const sockaddr*>(memory));
}

TEST(AddressFilterTest, KnowsWhereAnAddressLeads) {
  const struct {
    const char* address;
    Reach reach;
  } cases[] = {
      {"8.8.8.8", Reach::kPublic},
      {"172.15.255.255", Reach::kPublic},
      {"172.32.0.0", Reach::kPublic},
      {"2606:4700::1111", Reach::kPublic},
      {"127.0.0.1", Reach::kLoopback},
      {"127.255.255.254", Reach::kLoopback},
      {"::1", Reach::kLoopback},
      {"10.1.2.3", Reach::kPrivate},
      {"172.16.0.1", Reach::kPrivate},
      {"172.31.255.255", Reach::kPrivate},
      {"192.168.1.1", Reach::kPrivate},
      {"100.64.0.1", Reach::kPrivate},
      {"169.254.169.254", Reach::kPrivate},
      {"fe80::1", Reach::kPrivate},
      {"fec0::1", Reach::kPrivate},
      {"fd00:ec2::254", Reach::kPrivate},
      {"0.0.0.0", Reach::kNowhere},
      {"0.1.2.3", Reach::kNowhere},
      {"224.0.0.1", Reach::kNowhere},
      {"255.255.255.255", Reach::kNowhere},
      {"::", Reach::kNowhere},
      {"ff02::1", Reach::kNowhere},
      {"4000::1", Reach::kNowhere},
  };
  for (const auto& c : cases) EXPECT_EQ(Of(c.address), c.reach) << c.address;
}

TEST(AddressFilterTest, SeesThroughEmbeddedAddresses) {
  EXPECT_EQ(Of("::ffff:127.0.0.1"), Reach::kLoopback);
  EXPECT_EQ(Of("::ffff:10.0.0.1"), Reach::kPrivate);
  EXPECT_EQ(Of("::ffff:8.8.8.8"), Reach::kPublic);
  EXPECT_EQ(Of("::127.0.0.1"), Reach::kLoopback);
  EXPECT_EQ(Of("64:ff9b::169.254.169.254"), Reach::kPrivate);
  EXPECT_EQ(Of("2002:7f00:1::"), Reach::kLoopback);
  EXPECT_EQ(Of("2002:808:808::"), Reach::kPublic);
}

TEST(AddressFilterTest, ALocalSocketLeadsNowhere) {
  sockaddr local{};
  local.sa_family = AF_UNIX;
  EXPECT_EQ(ReachOf(local), Reach::kNowhere);
}

TEST(NetworkTest, ContainsWhatItsPrefixSays) {
  const Network network = *Network::Parse("10.2.0.0/15");
  for (const char* address : {"10.2.0.0", "10.3.255.255", "::ffff:10.2.1.1"}) {
    EXPECT_TRUE(network.Contains(address)) << address;
  }
  for (const char* address : {"10.1.255.255", "10.4.0.0", "64:ff9b::10.2.0.1", "::10.2.0.1", ""}) {
    EXPECT_FALSE(network.Contains(address)) << address;
  }
  const Network six = *Network::Parse("fd00:1234::/30");
  EXPECT_TRUE(six.Contains("fd00:1237:ffff::1"));
  EXPECT_FALSE(six.Contains("fd00:1238::1"));
  EXPECT_TRUE(Network::Parse("0.0.0.0/0")->Contains("192.0.2.1"));
  EXPECT_FALSE(Network::Parse("0.0.0.0/0")->Contains("2001:db8::1"));
  EXPECT_TRUE(Network::Parse("10.0.0.1/32")->Contains("10.0.0.1"));
  EXPECT_FALSE(Network::Parse("10.0.0.1/32")->Contains("10.0.0.0"));
}

TEST(NetworkTest, WhatIsNoNetworkIsNone) {
  for (const char* text : {"", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8",
                           "10.0.0.0/ 8", "10.0.0.0/8 ", "10.0.0.1/8", "10.0.0/8", "fd00::/129",
                           "fd00::1/64", "host/8", "/8", "10.0.0.0/8/8", "10.0.0.0/0008"}) {
    EXPECT_FALSE(Network::Parse(text).has_value()) << text;
  }
}

TEST(ReachOfTest, TakesWordsToo) {
  EXPECT_EQ(ReachOf("169.254.169.254"), Reach::kPrivate);
  EXPECT_EQ(ReachOf("::1"), Reach::kLoopback);
  EXPECT_EQ(ReachOf("8.8.8.8"), Reach::kPublic);
  EXPECT_EQ(ReachOf("64:ff9b::a9fe:a9fe"), Reach::kPrivate);
  EXPECT_EQ(ReachOf("not an address"), Reach::kNowhere);
}

}  // namespace
}  // namespace edugate::http
