#include "app/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/config_check.h"
#include "app/explanation.h"
#include "app/provider_table.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"

namespace edugate::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kConfig[] = R"(
server: { listen: "127.0.0.1:0", max_deadline: 60s }
rate_limits:
  - name: openapply
    rate: { per_second: 2.5, burst: 5 }
connections:
  - id: lincoln
    provider: openapply
    base_url: https://lincoln.openapply.com
    auth: { bearer: { value: the-secret } }
    limits: { max_attempts: 2 }
    breaker: { open: 7s }
    rate_limit: { shared: openapply }
    cache: { max_age: 60s }
    methods:
      - method: ListReenrollments
        max_attempts: 4
        cache_max_age: 0s
        rate_limit: { per_second: 1 }
        max_backoff: 2s
        max_response_bytes: 4096
  - id: acme
    provider: measureone
    base_url: https://api.measureone.com
    auth: { bearer: { value: the-secret } }
    http: { stall_time: 4s }
    webhook: { secrets: [ { value: the-secret } ] }
    options: { poll_interval: 2s }
  - id: edx
    provider: edx_enterprise
    base_url: https://api.edx.org
    auth:
      oauth2_client:
        token_url: https://api.edx.org/oauth2/v1/access_token
        client_id: { value: the-client }
        client_secret: { value: the-secret }
        refresh_percent: 70
)";

class ExplainTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto config = LoadConfigText(kConfig, "edugate.yaml");
    ASSERT_TRUE(config.ok()) << config.status();
    all_ = Explain(*config);
    ASSERT_THAT(explained_, SizeIs(3));
  }

  static ValueInForce Find(const std::vector<ValueInForce>& values, const std::string& key) {
    for (const ValueInForce& value : values) {
      if (value.key == key) return value;
    }
    ADD_FAILURE() << key << " is not explained";
    return {};
  }

  static const MethodExplained& Method(const ConnectionExplained& connection,
                                       const std::string& name) {
    for (const MethodExplained& method : connection.methods) {
      if (method.method == name) return method;
    }
    ADD_FAILURE() << name << " is not explained";
    return connection.methods.front();
  }

  static void Expect(const ValueInForce& value, const std::string& text, ValueSource source) {
    EXPECT_EQ(value.value, text) << value.key;
    EXPECT_EQ(value.source, source) << value.key;
  }

  Explained all_;
  const std::vector<ConnectionExplained>& explained_ = all_.connections;
};

TEST_F(ExplainTest, AConnectionsValuesSayWhereTheyComeFrom) {
  const std::vector<ValueInForce>& lincoln = explained_[0].values;
  Expect(Find(lincoln, "limits.max_attempts"), "2", ValueSource::kFile);
  Expect(Find(lincoln, "breaker.open"), "7s", ValueSource::kFile);
  Expect(Find(lincoln, "breaker.max_open"), "1m", ValueSource::kDefault);
  Expect(Find(lincoln, "retry.initial_backoff"), "100ms", ValueSource::kDefault);
  Expect(Find(lincoln, "rate_limit"), "2.5/s, burst 5, shared as openapply", ValueSource::kFile);
  Expect(Find(lincoln, "cache.max_age"), "1m", ValueSource::kFile);
  const std::vector<ValueInForce>& acme = explained_[1].values;
  Expect(Find(acme, "concurrency.max_in_flight"), "64", ValueSource::kDefault);
  Expect(Find(acme, "concurrency.max_queued"), "128", ValueSource::kDefault);
  Expect(Find(acme, "cache.max_age"), "none", ValueSource::kDefault);
  Expect(Find(acme, "http.connect_timeout"), "3s", ValueSource::kDefault);
  Expect(Find(acme, "http.stall_time"), "4s", ValueSource::kFile);
  Expect(Find(acme, "http.allowed_networks"), "none", ValueSource::kDefault);
  Expect(Find(acme, "options.poll_interval"), "2s", ValueSource::kFile);
  Expect(Find(acme, "options.api_version"), "2020011001", ValueSource::kDefault);
  Expect(Find(acme, "webhook.header"), "Authorization", ValueSource::kDefault);
  Expect(Find(acme, "webhook.max_body_bytes"), "262144", ValueSource::kDefault);
  Expect(Find(acme, "limits.max_decode_ratio"), "100", ValueSource::kDefault);
  const std::vector<ValueInForce>& edx = explained_[2].values;
  Expect(Find(edx, "auth.oauth2_client.refresh_percent"), "70", ValueSource::kFile);
  Expect(Find(edx, "auth.oauth2_client.max_token_life"), "24h", ValueSource::kDefault);
  Expect(Find(edx, "auth.oauth2_client.header_scheme"), "JWT", ValueSource::kDefault);
  Expect(Find(edx, "options.page_size"), "100", ValueSource::kDefault);
  Expect(Find(edx, "options.response_format"), "json", ValueSource::kDefault);
}

TEST_F(ExplainTest, TheServersValuesAreThere) {
  Expect(Find(all_.server, "default_deadline"), "30s", ValueSource::kDefault);
  Expect(Find(all_.server, "max_deadline"), "1m", ValueSource::kFile);
  Expect(Find(all_.server, "max_metadata_bytes"), "8192", ValueSource::kDefault);
  Expect(Find(all_.server, "max_streams_per_connection"), "100", ValueSource::kDefault);
  Expect(Find(all_.server, "max_connections"), "20000", ValueSource::kDefault);
  Expect(Find(all_.server, "keepalive_time"), "1m", ValueSource::kDefault);
  Expect(Find(all_.server, "shutdown_grace"), "25s", ValueSource::kDefault);
  Expect(Find(all_.server, "connection_deadline_percent"), "50", ValueSource::kDefault);
}

TEST_F(ExplainTest, ACallWithoutADeadlineHasNoMoreThanTheLongest) {
  v1::Config config;
  config.mutable_server()->mutable_max_deadline()->set_seconds(10);
  Expect(Find(Explain(config).server, "default_deadline"), "10s", ValueSource::kFile);
}

// Every number and time span that the server, a connection or a method of it can be given.
TEST_F(ExplainTest, NoKeyIsLeftOut) {
  const auto expect_all = [](const google::protobuf::Descriptor& message, const std::string& prefix,
                             const std::vector<ValueInForce>& values) {
    for (int i = 0; i < message.field_count(); ++i) {
      const google::protobuf::FieldDescriptor& field = *message.field(i);
      const bool number = field.cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_INT32 ||
                          field.cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_INT64 ||
                          field.cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_BOOL;
      const bool span = field.message_type() == google::protobuf::Duration::descriptor();
      // Whether a protection is there at all isn't among the limits.
      const bool elsewhere = field.name() == "insecure" || field.name() == "reflection";
      if ((number || span) && !elsewhere) Find(values, prefix + field.name());
    }
  };
  const std::vector<ValueInForce>& values = explained_[2].values;
  expect_all(*v1::LimitsConfig::descriptor(), "limits.", values);
  expect_all(*v1::RetryConfig::descriptor(), "retry.", values);
  expect_all(*v1::BreakerConfig::descriptor(), "breaker.", values);
  expect_all(*v1::ConcurrencyConfig::descriptor(), "concurrency.", values);
  expect_all(*v1::CacheConfig::descriptor(), "cache.", values);
  expect_all(*v1::HttpConfig::descriptor(), "http.", values);
  expect_all(*v1::OAuth2ClientAuth::descriptor(), "auth.oauth2_client.", values);
  expect_all(*v1::MethodConfig::descriptor(), "", explained_[2].methods.front().values);
  expect_all(*v1::WebhookConfig::descriptor(), "webhook.", explained_[1].values);
  expect_all(*v1::ServerConfig::descriptor(), "", all_.server);
  for (const ConnectionExplained& each : explained_) {
    for (const std::string& option : FindProvider(each.provider)->options) {
      Find(each.values, "options." + option);
    }
  }
}

TEST_F(ExplainTest, AMethodsOwnValuesWinOverItsConnections) {
  const MethodExplained& list = Method(explained_[0], "ListReenrollments");
  EXPECT_EQ(list.effect, "read");
  Expect(Find(list.values, "max_attempts"), "4", ValueSource::kFile);
  Expect(Find(list.values, "attempt_timeout"), "none", ValueSource::kDefault);
  Expect(Find(list.values, "cache_max_age"), "none", ValueSource::kFile);
  Expect(Find(list.values, "rate_limit"), "1/s, burst 1", ValueSource::kFile);
  Expect(Find(list.values, "coalesce"), "true", ValueSource::kDefault);
  Expect(Find(list.values, "max_backoff"), "2s", ValueSource::kFile);
  Expect(Find(list.values, "max_response_bytes"), "4096", ValueSource::kFile);
  Expect(Find(list.values, "max_response_depth"), "64", ValueSource::kDefault);
}

TEST_F(ExplainTest, AWriteIsNeverSharedNorKept) {
  const MethodExplained& update = Method(explained_[0], "UpdateReenrollment");
  EXPECT_EQ(update.effect, "idempotent_write");
  Expect(Find(update.values, "coalesce"), "false", ValueSource::kDeclaration);
  Expect(Find(update.values, "cache_max_age"), "none", ValueSource::kDeclaration);
  Expect(Find(update.values, "max_attempts"), "2", ValueSource::kFile);
}

TEST_F(ExplainTest, TheTableHasEveryMethodAndNoSecret) {
  const std::string text = ExplanationText(all_);
  EXPECT_THAT(text, HasSubstr("connection lincoln (openapply)"));
  EXPECT_THAT(text, HasSubstr("7s *"));
  EXPECT_THAT(text, Not(HasSubstr("the-secret")));
  for (const ConnectionExplained& connection : explained_) {
    for (const MethodExplained& method : connection.methods) {
      EXPECT_THAT(text, HasSubstr(method.method));
    }
  }
}

TEST_F(ExplainTest, JsonHoldsTheSame) {
  const auto json = nlohmann::json::parse(ExplanationJson(all_));
  const auto& lincoln = json["connections"][0];
  EXPECT_EQ(lincoln["id"], "lincoln");
  EXPECT_EQ(json["server"]["max_deadline"]["value"], "1m");
  EXPECT_EQ(lincoln["values"]["breaker.open"]["value"], "7s");
  EXPECT_EQ(lincoln["values"]["breaker.open"]["from"], "file");
  EXPECT_EQ(lincoln["methods"]["ListReenrollments"]["values"]["max_attempts"]["value"], "4");
  EXPECT_EQ(lincoln["methods"]["UpdateReenrollment"]["effect"], "idempotent_write");
}

}  // namespace
}  // namespace edugate::app
