#include "app/privacy_check.h"

#include <map>
#include <string>

#include "app/endpoint_options.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace edugate::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

std::map<std::string, std::string> MistakesOf(const v1::Config& config) {
  std::map<std::string, std::string> mistakes;
  CheckPrivacy(config, [&](const std::string& key, absl::string_view what) {
    mistakes[key] = std::string(what);
  });
  return mistakes;
}

TEST(PrivacyCheckTest, WhatIsRightIsTaken) {
  v1::Config config;
  EXPECT_THAT(MistakesOf(config), IsEmpty());
  v1::DisclosureConfig& disclosure = *config.mutable_disclosure();
  disclosure.set_path(::testing::TempDir() + "disclosures.log");
  disclosure.mutable_chain_key()->set_value(std::string(32, 'k'));
  disclosure.set_max_file_bytes(65536);
  v1::HttpConfig& http = *config.add_connections()->mutable_http();
  http.add_allowed_networks("10.2.0.0/16");
  http.add_allowed_networks("fd00:1::/32");
  http.mutable_connect_timeout()->set_seconds(60);
  EXPECT_THAT(MistakesOf(config), IsEmpty());
}

TEST(PrivacyCheckTest, ADisclosureLogNeedsAPlace) {
  v1::Config config;
  config.mutable_disclosure();
  EXPECT_THAT(MistakesOf(config), ElementsAre(Pair("disclosure.path", "is missing")));
  config.mutable_disclosure()->set_path("/no/such/folder/disclosures.log");
  EXPECT_THAT(MistakesOf(config), ElementsAre(Pair("disclosure.path", HasSubstr("exists"))));
}

TEST(PrivacyCheckTest, AChainKeyIsLongEnough) {
  v1::Config config;
  config.mutable_disclosure()->set_path("disclosures.log");
  config.mutable_disclosure()->mutable_chain_key()->set_value(std::string(31, 'k'));
  EXPECT_THAT(MistakesOf(config),
              ElementsAre(Pair("disclosure.chain_key", "needs at least 32 bytes")));
  config.mutable_disclosure()->mutable_chain_key()->set_file("/no/such/key");
  EXPECT_EQ(MistakesOf(config).count("disclosure.chain_key"), 1u);
}

TEST(PrivacyCheckTest, SizesAndTimesHaveRanges) {
  for (const int64_t size : {int64_t{1}, int64_t{65535}, int64_t{17179869185}, int64_t{-1}}) {
    v1::Config config;
    config.mutable_disclosure()->set_path("disclosures.log");
    config.mutable_disclosure()->set_max_file_bytes(size);
    EXPECT_EQ(MistakesOf(config).count("disclosure.max_file_bytes"), 1u) << size;
  }
  for (const int seconds : {0, -1, 61}) {
    v1::Config config;
    config.add_connections()->mutable_http()->mutable_connect_timeout()->set_seconds(seconds);
    EXPECT_EQ(MistakesOf(config).count("connections[0].http.connect_timeout"), 1u) << seconds;
  }
}

TEST(PrivacyCheckTest, WhatIsNoNetworkOrFileIsNamed) {
  v1::Config config;
  config.add_connections();
  v1::HttpConfig& http = *config.add_connections()->mutable_http();
  http.add_allowed_networks("10.0.0.0/8");
  http.add_allowed_networks("10.0.0.1");
  http.set_ca_file("/no/such/file.pem");
  EXPECT_THAT(MistakesOf(config),
              ElementsAre(Pair("connections[1].http.allowed_networks[1]", HasSubstr("CIDR")),
                          Pair("connections[1].http.ca_file", "can't be read")));
}

TEST(EndpointOptionsTest, AConnectionReachesItsBaseUrlAndItsTokenUrl) {
  v1::ConnectionConfig connection;
  connection.set_base_url("https://api.example/v1");
  connection.mutable_auth()->mutable_oauth2_client()->set_token_url("https://login.example/token");
  connection.mutable_http()->set_http2(true);
  connection.mutable_http()->set_ca_file("/ca.pem");
  connection.mutable_http()->mutable_connect_timeout()->set_nanos(500'000'000);
  connection.mutable_http()->add_allowed_networks("10.0.0.0/8");
  connection.mutable_http()->set_stall_bytes_per_second(7);
  connection.mutable_http()->mutable_stall_time()->set_seconds(2);
  connection.mutable_limits()->set_max_response_header_bytes(5000);
  connection.mutable_limits()->set_max_decode_ratio(9);
  const http::EndpointOptions options = ToEndpointOptions(connection);
  EXPECT_THAT(options.origins,
              ElementsAre("https://api.example/v1", "https://login.example/token"));
  EXPECT_TRUE(options.http2);
  EXPECT_EQ(options.ca_file, "/ca.pem");
  EXPECT_EQ(options.connect_timeout, absl::Milliseconds(500));
  EXPECT_EQ(options.stall_bytes_per_second, 7);
  EXPECT_EQ(options.stall_time, absl::Seconds(2));
  EXPECT_EQ(options.max_header_bytes, 5000);
  EXPECT_EQ(options.max_decode_ratio, 9);
  ASSERT_EQ(options.allowed_networks.size(), 1u);
  EXPECT_TRUE(options.allowed_networks[0].Contains("10.1.1.1"));
}

TEST(EndpointOptionsTest, DefaultsAreThoseOfTheReference) {
  v1::ConnectionConfig connection;
  connection.set_base_url("https://api.example");
  const http::EndpointOptions options = ToEndpointOptions(connection);
  EXPECT_FALSE(options.http2);
  EXPECT_EQ(options.connect_timeout, absl::Seconds(3));
  EXPECT_EQ(options.stall_bytes_per_second, 100);
  EXPECT_EQ(options.stall_time, absl::Seconds(10));
  EXPECT_EQ(options.max_header_bytes, 64 << 10);
  EXPECT_EQ(options.max_decode_ratio, 100);
  EXPECT_EQ(options.ca_file, "");
  EXPECT_THAT(options.allowed_networks, IsEmpty());
  EXPECT_THAT(options.origins, ElementsAre("https://api.example"));
}

}  // namespace
}  // namespace edugate::app
