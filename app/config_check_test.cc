#include "app/config_check.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace edugate::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kGood[] =
    "server: { listen: \"127.0.0.1:7443\", admin_listen: \"0.0.0.0:7080\" }\n"
    "connections:\n"
    "  - id: lincoln\n"
    "    provider: openapply\n"
    "    base_url: https://lincoln.openapply.com\n"
    "    auth: { bearer: { value: x } }\n"
    "  - id: tms\n"
    "    provider: class_enrollment\n"
    "    base_url: https://lms.example.net/api/2.0\n"
    "    auth: { api_key: { value: y } }\n";

std::string Message(const std::string& yaml) {
  const auto config = LoadConfigText(yaml, "edugate.yaml");
  return config.ok() ? "" : std::string(config.status().message());
}

// kGood with one line, from 1, replaced.
std::string With(int line, const std::string& text) {
  std::string result;
  std::string rest = kGood;
  for (int at = 1; !rest.empty(); ++at) {
    const size_t end = rest.find('\n');
    absl::StrAppend(&result, at == line ? text : rest.substr(0, end), "\n");
    rest = rest.substr(end + 1);
  }
  return result;
}

TEST(ConfigCheckTest, AGoodOneIsRead) {
  const auto config = LoadConfigText(kGood, "edugate.yaml");
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_EQ(config->connections_size(), 2);
  EXPECT_EQ(config->connections(1).base_url(), "https://lms.example.net/api/2.0");
}

TEST(ConfigCheckTest, NumbersThatMayBe0Are) {
  EXPECT_EQ(
      Message(absl::StrCat(kGood, "runtime: { loops: 0 }\n",
                           "state: { redis: { address: \"127.0.0.1:6379\", database: 0 } }\n",
                           "telemetry: { otlp: { endpoint: http://c/, sample_percent: 0 } }\n")),
      "");
}

struct Mistake {
  const char* what;
  int line;          // of kGood
  const char* text;  // that stands there instead
  const char* says;  // file, line, key and the beginning of the reason
};

class MistakeTest : public ::testing::TestWithParam<Mistake> {};

TEST_P(MistakeTest, NamesLineAndKey) {
  EXPECT_THAT(Message(With(GetParam().line, GetParam().text)), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Table, MistakeTest,
    ::testing::Values(
        Mistake{"OpenWithoutTls", 1, "server: { listen: \"0.0.0.0:7443\" }",
                "edugate.yaml:1: server.listen: isn't a loopback address"},
        Mistake{"NoCalls", 1, "server: { listen: \"127.0.0.1:1\", max_calls: 0 }",
                "edugate.yaml:1: server.max_calls: must not be 0"},
        Mistake{"NoAttempts", 6,
                "    auth: { bearer: { value: x } }\n    limits: { max_attempts: 0 }",
                "edugate.yaml:7: connections[0].limits.max_attempts: must not be 0"},
        Mistake{"StoreWithoutPath", 1, "server: { listen: \"127.0.0.1:1\" }\nstate: { sqlite: {} }",
                "edugate.yaml:2: state.sqlite.path: is missing"},
        Mistake{"StoreInNoFolder", 1,
                "server: { listen: \"127.0.0.1:1\" }\nstate: { sqlite: { path: /nowhere/x.db } }",
                "edugate.yaml:2: state.sqlite.path: needs a folder that exists"},
        Mistake{"ForgottenInProgress", 1,
                "server: { listen: \"127.0.0.1:1\" }\nstate: { request_id_retention: 60s }",
                "edugate.yaml:2: state.request_id_retention: must be at least server.max_deadline"},
        Mistake{"TooManyCalls", 1, "server: { listen: \"127.0.0.1:1\", max_calls: 1000001 }",
                "edugate.yaml:1: server.max_calls: must be from 1 to 1000000"},
        Mistake{"SmallBuffers", 1, "server: { listen: \"127.0.0.1:1\", max_buffer_bytes: 1024 }",
                "edugate.yaml:1: server.max_buffer_bytes: must be from 16777216"},
        Mistake{"LargeMetadata", 1,
                "server: { listen: \"127.0.0.1:1\", max_metadata_bytes: 100000 }",
                "edugate.yaml:1: server.max_metadata_bytes: must be from 1024 to 65536"},
        Mistake{"YoungConnections", 1,
                "server: { listen: \"127.0.0.1:1\", max_connection_age: 0.1s }",
                "edugate.yaml:1: server.max_connection_age: must be from 1s to 24h"},
        Mistake{"HastyKeepalive", 1, "server: { listen: \"127.0.0.1:1\", keepalive_time: 0.1s }",
                "edugate.yaml:1: server.keepalive_time: must be from 1s to 2h"},
        Mistake{"NoPort", 1, "server: { listen: \"0.0.0.0\" }",
                "edugate.yaml:1: server.listen: needs HOST:PORT"},
        Mistake{"NoHost", 1, "server: { listen: \":7443\" }",
                "edugate.yaml:1: server.listen: needs HOST:PORT"},
        Mistake{"PortTooLarge", 1, "server: { listen: \"a:70000\" }",
                "edugate.yaml:1: server.listen: needs HOST:PORT"},
        Mistake{"NoListen", 1, "server: { admin_listen: \"a:1\" }",
                "edugate.yaml:1: server.listen: needs HOST:PORT"},
        Mistake{"AdminListen", 1, "server: { listen: \"a:1\", admin_listen: x }",
                "edugate.yaml:1: server.admin_listen: needs HOST:PORT"},
        Mistake{"ShortKey", 1, "server: { listen: \"a:1\", page_token_key: { value: short } }",
                "edugate.yaml:1: server.page_token_key: needs at least 32 bytes"},
        Mistake{"NoKey", 1, "server: { listen: \"a:1\", page_token_key: {} }",
                "edugate.yaml:1: server.page_token_key: needs one of value, file and env"},
        Mistake{"ShortOpeningKey", 1,
                "server: { listen: \"a:1\", page_token_opening_keys: [ { value: short } ] }",
                "edugate.yaml:1: server.page_token_opening_keys[0]: needs at least 32 bytes"},
        Mistake{"TooLongADelay", 1, "server: { listen: \"a:1\", shutdown_delay: 301s }",
                "edugate.yaml:1: server.shutdown_delay: must be from 0 to 5m"},
        Mistake{"TwoStores", 1,
                "server: { listen: \"a:1\" }\n"
                "state: { sqlite: { path: /x }, redis: { address: \"r:6379\" } }",
                "edugate.yaml:2: state.redis: can't be together with sqlite"},
        Mistake{"RedisWithoutPort", 1,
                "server: { listen: \"a:1\" }\nstate: { redis: { address: redis } }",
                "edugate.yaml:2: state.redis.address: needs HOST:PORT"},
        Mistake{"RedisDatabase", 1,
                "server: { listen: \"a:1\" }\n"
                "state: { redis: { address: \"r:6379\", database: 16 } }",
                "edugate.yaml:2: state.redis.database: must be from 0 to 15"},
        Mistake{"RedisUserWithoutPassword", 1,
                "server: { listen: \"a:1\" }\n"
                "state: { redis: { address: \"r:6379\", username: edugate } }",
                "edugate.yaml:2: state.redis.username: needs a password"},
        Mistake{"RedisAuthoritiesWithoutTls", 1,
                "server: { listen: \"a:1\" }\n"
                "state: { redis: { address: \"r:6379\", ca_file: /dev/null } }",
                "edugate.yaml:2: state.redis.ca_file: means nothing without tls"},
        Mistake{"RedisTimeout", 1,
                "server: { listen: \"a:1\" }\n"
                "state: { redis: { address: \"r:6379\", timeout: 40s } }",
                "edugate.yaml:2: state.redis.timeout: must be from 50ms to 30s"},
        Mistake{"TlsWithoutKey", 1, "server: { listen: \"a:1\", tls: { certificate_file: /x } }",
                "edugate.yaml:1: server.tls.private_key_file: is missing"},
        Mistake{"TlsFileNotThere", 1,
                "server: { listen: \"a:1\", tls: { certificate_file: /nowhere/x } }",
                "edugate.yaml:1: server.tls.certificate_file: can't be read"},
        Mistake{"TooLargeALimit", 1, "server: { listen: \"a:1\", max_request_bytes: 1000000000 }",
                "edugate.yaml:1: server.max_request_bytes: must be from"},
        Mistake{
            "ADefaultBeyondTheLongest", 1,
            "server: { listen: \"a:1\", insecure: true, max_deadline: 5s, default_deadline: 6s }",
            "edugate.yaml:1: server.default_deadline: must be at most max_deadline"},
        Mistake{"TooShortADeadline", 1, "server: { listen: \"a:1\", default_deadline: 50ms }",
                "edugate.yaml:1: server.default_deadline: must be from 100ms to 1h"},
        Mistake{"TooLongAMemory", 1,
                "server: { listen: \"a:1\" }\nstate: { request_id_retention: 200h }",
                "edugate.yaml:2: state.request_id_retention: must be from 1m to 168h"},
        Mistake{"UnknownKey", 2, "colour: red\nconnections:", "edugate.yaml:2: colour: "},
        Mistake{"IdWithBlank", 3, "  - id: Lincoln School",
                "edugate.yaml:3: connections[0].id: needs a lower-case letter"},
        Mistake{"IdTwice", 7, "  - id: lincoln",
                "edugate.yaml:7: connections[1].id: is the id of another"},
        Mistake{"Wildcard", 3, "  - id: \"-\"", "edugate.yaml:3: connections[0].id: "},
        Mistake{"Provider", 4, "    provider: banner",
                "edugate.yaml:4: connections[0].provider: must be openapply"},
        Mistake{"PlainHttp", 5, "    base_url: http://lincoln.openapply.com",
                "edugate.yaml:5: connections[0].base_url: needs an https URL"},
        Mistake{"NoBaseUrl", 5, "    display_name: x",
                "edugate.yaml:3: connections[0].base_url: needs an https URL"},
        Mistake{"UnknownKeyBelow", 5, "    base_uri: https://x.example",
                "edugate.yaml:5: connections[0].base_uri: "},
        Mistake{"OtherScheme", 6, "    auth: { api_key: { value: x } }",
                "edugate.yaml:6: connections[0].auth: needs bearer or oauth2_client"},
        Mistake{"NoScheme", 6, "    auth: {}",
                "edugate.yaml:6: connections[0].auth: needs bearer or oauth2_client"},
        Mistake{"EmptySecret", 6, "    auth: { bearer: {} }",
                "edugate.yaml:6: connections[0].auth.bearer: needs one of value, file and env"},
        Mistake{"SecretFileNotThere", 6, "    auth: { bearer: { file: /nowhere/token } }",
                "edugate.yaml:6: connections[0].auth.bearer: "},
        Mistake{"VariableNotSet", 6, "    auth: { bearer: { env: EDUGATE_TEST_UNSET } }",
                "edugate.yaml:6: connections[0].auth.bearer: "},
        Mistake{"TwoSchemes", 6, "    auth: { bearer: { value: x }, basic: {} }",
                "edugate.yaml:6: connections[0].auth"},
        Mistake{
            "TokenUrl", 6,
            "    auth: { oauth2_client: { token_url: http://x.example, client_id: { value: a }, "
            "client_secret: { value: b } } }",
            "edugate.yaml:6: connections[0].auth.oauth2_client.token_url: needs an https URL"},
        Mistake{
            "NoClientSecret", 6,
            "    auth: { oauth2_client: { token_url: \"https://x.example\", client_id: { value: "
            "a } } }",
            "edugate.yaml:6: connections[0].auth.oauth2_client.client_secret: needs one of"},
        Mistake{"KeyInAHeaderWithABlank", 10,
                "    auth: { api_key: { value: y, header: \"Api Key\" } }",
                "edugate.yaml:10: connections[1].auth.api_key.header: is not the name of an HTTP"},
        Mistake{"KeyInAHeaderOfTwoLines", 10,
                "    auth: { api_key: { value: y, header: \"A\\r\\nB\" } }",
                "edugate.yaml:10: connections[1].auth.api_key.header: is not the name of an HTTP"},
        Mistake{"KeyInAHeaderOfHttp", 10,
                "    auth: { api_key: { value: y, header: content-length } }",
                "edugate.yaml:10: connections[1].auth.api_key.header: is a header that "},
        Mistake{"KeyInAHeaderThatEdugateSets", 10,
                "    auth: { api_key: { value: y, header: Traceparent } }",
                "edugate.yaml:10: connections[1].auth.api_key.header: is a header that "},
        Mistake{
            "WebhookHeaderWithAColon", 10,
            "    auth: { api_key: { value: y } }\n"
            "    webhook: { secrets: [ { value: x } ],\n"
            "      header: \"X-Signature:\" }",
            "edugate.yaml:12: connections[1].webhook.header: is not the name of an HTTP header"},
        Mistake{"WebhookHeaderOfHttp", 10,
                "    auth: { api_key: { value: y } }\n"
                "    webhook: { secrets: [ { value: x } ], header: Host }",
                "edugate.yaml:11: connections[1].webhook.header: is a header that HTTP or edugate"},
        Mistake{"OptionOfAnotherProvider", 6,
                "    auth: { bearer: { value: x } }\n    options: { response_format: xml }",
                "edugate.yaml:7: connections[0].options.response_format: means nothing"},
        Mistake{"OptionOutOfRange", 6,
                "    auth: { bearer: { value: x } }\n    options: { page_size: 1001 }",
                "connections[0].options.page_size: must be from 1 to 1000"},
        Mistake{"LimitOutOfRange", 6,
                "    auth: { bearer: { value: x } }\n    limits: { max_attempts: 11 }",
                "edugate.yaml:7: connections[0].limits.max_attempts: must be from 1 to 10"}),
    [](const auto& info) { return std::string(info.param.what); });

TEST(ConfigCheckTest, KeysAndWebhooksHaveHeadersOfTheirOwn) {
  const auto config =
      LoadConfigText(With(10,
                          "    auth: { api_key: { value: y, header: X-Api-Key } }\n"
                          "  - id: m1\n"
                          "    provider: measureone\n"
                          "    base_url: https://api.measureone.com\n"
                          "    auth: { bearer: { value: x } }\n"
                          "    webhook: { secrets: [ { value: x } ], header: X_Signature.1 }"),
                     "edugate.yaml");
  EXPECT_TRUE(config.ok()) << config.status();
}

TEST(ConfigCheckTest, EveryMistakeIsNamedAtOnce) {
  const std::string message = Message(
      "server: { listen: x }\n"
      "connections:\n"
      "  - { id: A, provider: openapply, base_url: x, auth: {} }\n");
  for (const char* key :
       {"server.listen", "connections[0].id", "connections[0].base_url", "connections[0].auth"}) {
    EXPECT_THAT(message, HasSubstr(key));
  }
}

TEST(ConfigCheckTest, WithoutConnectionsThereIsNothingToServe) {
  EXPECT_THAT(Message("server: { listen: \"a:1\" }\n"),
              HasSubstr("connections: needs at least one"));
}

TEST(ConfigCheckTest, NoMistakeShowsASecret) {
  const std::string message =
      Message(With(6, "    auth: { bearer: { value: canary-secret }, colour: canary-secret }"));
  EXPECT_NE(message, "");
  EXPECT_THAT(message, Not(HasSubstr("canary")));
}

TEST(ConfigCheckTest, AFileThatIsNotThereIsNotFound) {
  EXPECT_EQ(LoadConfigFile("/nowhere/edugate.yaml").status().code(), absl::StatusCode::kNotFound);
}

TEST(TelemetryKeysTest, AMistakeNamesItsLineAndKey) {
  const auto loaded = LoadConfigText(R"(
server: { listen: "127.0.0.1:0", health_listen: nowhere }
telemetry:
  otlp:
    endpoint: collector
connections:
  - id: oa
    provider: openapply
    base_url: https://lincoln.openapply.com
    auth: { bearer: { value: x } }
)",
                                     "test");
  EXPECT_THAT(std::string(loaded.status().message()),
              ::testing::HasSubstr("test:2: server.health_listen: needs HOST:PORT"));
  EXPECT_THAT(std::string(loaded.status().message()),
              ::testing::HasSubstr("test:5: telemetry.otlp.endpoint"));
}

}  // namespace
}  // namespace edugate::app
