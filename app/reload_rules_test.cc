#include "app/reload_rules.h"

#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"

namespace edugate::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

v1::Config Running() {
  v1::Config config;
  config.mutable_server()->set_listen("127.0.0.1:7443");
  config.mutable_server()->set_insecure(true);
  config.mutable_server()->mutable_page_token_key()->set_file("/keys/page");
  config.mutable_state()->mutable_sqlite()->set_path("/data/edugate.db");
  config.add_connections()->set_id("lincoln");
  return config;
}

TEST(ReloadRulesTest, ConnectionsKeysAndLevelsMayChange) {
  v1::Config next = Running();
  next.add_connections()->set_id("tms");
  next.mutable_log()->set_level(v1::LOG_LEVEL_DEBUG);
  next.mutable_server()->mutable_page_token_key()->set_file("/keys/next");
  next.mutable_server()->add_page_token_opening_keys()->set_file("/keys/page");
  next.add_rate_limits()->set_name("openapply");
  const v1::Config asked = next;
  EXPECT_THAT(KeepFixedKeys(Running(), next), IsEmpty());
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(next, asked));
}

TEST(ReloadRulesTest, WhatNeedsARestartIsNamedAndStaysAsItIs) {
  v1::Config next = Running();
  next.mutable_server()->set_listen("127.0.0.1:7444");
  next.mutable_server()->clear_insecure();
  next.clear_state();
  next.mutable_runtime()->set_loops(3);
  next.add_connections()->set_id("tms");
  EXPECT_THAT(KeepFixedKeys(Running(), next),
              ElementsAre("server.listen", "server.insecure", "state", "runtime"));
  v1::Config expected = Running();
  expected.add_connections()->set_id("tms");
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equivalent(next, expected))
      << next.DebugString();
}

TEST(ReloadRulesTest, WatchesGoOnUnlessCallersOrConnectionsChange) {
  v1::Config next = Running();
  next.mutable_log()->set_level(v1::LOG_LEVEL_DEBUG);
  next.add_rate_limits()->set_name("openapply");
  EXPECT_TRUE(WatchesMayGoOn(Running(), next));
  next.mutable_connections(0)->set_base_url("https://lincoln.example");
  EXPECT_FALSE(WatchesMayGoOn(Running(), next));
  next = Running();
  next.mutable_callers();
  EXPECT_FALSE(WatchesMayGoOn(Running(), next));
  EXPECT_FALSE(WatchesMayGoOn(next, Running()));
}

TEST(ReloadRulesTest, FilesThatNobodyElseFollowsAreWatched) {
  v1::Config config = Running();
  config.mutable_server()->add_page_token_opening_keys()->set_file("/keys/former");
  config.mutable_server()->add_page_token_opening_keys()->set_env("KEY");
  config.mutable_connections(0)->mutable_http()->set_ca_file("/followed/ca.pem");
  config.mutable_connections(0)->mutable_auth()->mutable_bearer()->set_file("/follows/itself");
  EXPECT_THAT(FilesOf(config), ElementsAre("/keys/page", "/keys/former"));
}

TEST(ReloadRulesTest, EveryFileThatAConfigurationNamesIsFound) {
  v1::Config config = Running();
  config.mutable_server()->add_page_token_opening_keys()->set_file("/keys/former");
  config.mutable_server()->mutable_tls()->set_certificate_file("/tls/tls.crt");
  config.mutable_connections(0)->mutable_http()->set_ca_file("/ca.pem");
  config.mutable_connections(0)->mutable_auth()->mutable_api_key()->set_file("/key");
  config.mutable_connections(0)->mutable_webhook()->add_secrets()->set_file("/hook");
  config.mutable_callers()->mutable_jwt()->set_jwks_file("/jwks.json");
  (*config.add_connections()->mutable_auth()->mutable_oauth2_client()->mutable_extra())["file"] =
      "none";
  EXPECT_THAT(FilesNamedBy(config),
              UnorderedElementsAre("/keys/page", "/keys/former", "/tls/tls.crt", "/ca.pem", "/key",
                                   "/hook", "/jwks.json"));
}

}  // namespace
}  // namespace edugate::app
