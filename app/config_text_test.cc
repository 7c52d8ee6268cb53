#include "app/config_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "app/config_check.h"

namespace edugate::app {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kYaml[] = R"(
server:
  listen: "127.0.0.1:0"
  page_token_key: { value: "SECRET-SECRET-SECRET-SECRET-SECRET" }
  default_deadline: 1.5s
connections:
  - id: oa
    provider: openapply
    base_url: https://lincoln.openapply.com
    auth: { bearer: { value: "a canary" } }
  - id: acme
    provider: edx_enterprise
    base_url: https://api.edx.org
    options: { enterprise_customer_uuid: "0000", response_format: xml }
    auth:
      oauth2_client:
        token_url: https://api.edx.org/oauth2/v1/access_token
        client_id: { value: "a canary" }
        client_secret: { env: EDUGATE_TEST_SECRET }
        extra: { password: "a canary" }
)";

class ConfigTextTest : public ::testing::Test {
 protected:
  ConfigTextTest() {
    setenv("EDUGATE_TEST_SECRET", "a canary", 1);  // NOLINT(concurrency-mt-unsafe): one thread runs
  }
};

TEST_F(ConfigTextTest, ShowsWhatIsSetAndNoSecret) {
  const auto config = LoadConfigText(kYaml, "test");
  ASSERT_TRUE(config.ok()) << config.status();
  const std::string text = ConfigText(*config);
  EXPECT_THAT(text, Not(HasSubstr("SECRET-")));
  EXPECT_THAT(text, Not(HasSubstr("a canary")));
  EXPECT_THAT(text, HasSubstr("  page_token_key:\n    value: \"(hidden)\"\n"));
  EXPECT_THAT(text, HasSubstr("  default_deadline: 1.5s\n"));
  EXPECT_THAT(text, HasSubstr("      response_format: xml\n"));
  EXPECT_THAT(text, HasSubstr("env: \"EDUGATE_TEST_SECRET\"\n"));
  EXPECT_THAT(text, HasSubstr("\"password\": \"(hidden)\"\n"));
}

TEST_F(ConfigTextTest, IsTheConfigurationAgainWhereNothingIsHidden) {
  const auto config = LoadConfigText(R"(
server: { listen: "127.0.0.1:0" }
log: { level: warn }
connections:
  - id: oa
    provider: openapply
    base_url: https://lincoln.openapply.com
    auth: { bearer: { env: EDUGATE_TEST_SECRET } }
    limits: { max_pages: 7 }
)",
                                     "test");
  ASSERT_TRUE(config.ok()) << config.status();
  const auto again = LoadConfigText(ConfigText(*config), "shown");
  ASSERT_TRUE(again.ok()) << again.status() << "\n" << ConfigText(*config);
  EXPECT_EQ(again->SerializeAsString(), config->SerializeAsString());
}

}  // namespace
}  // namespace edugate::app
