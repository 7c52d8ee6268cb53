#include "app/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/config_check.h"

namespace edugate::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kConfig[] = R"(
server: { listen: "127.0.0.1:0" }
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
  - id: acme
    provider: measureone
    base_url: https://api.measureone.com
    auth: { bearer: { value: the-secret } }
)";

class ExplainTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto config = LoadConfigText(kConfig, "edugate.yaml");
    ASSERT_TRUE(config.ok()) << config.status();
    explained_ = Explain(*config);
    ASSERT_THAT(explained_, SizeIs(2));
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

  std::vector<ConnectionExplained> explained_;
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
}

TEST_F(ExplainTest, AMethodsOwnValuesWinOverItsConnections) {
  const MethodExplained& list = Method(explained_[0], "ListReenrollments");
  EXPECT_EQ(list.effect, "read");
  Expect(Find(list.values, "max_attempts"), "4", ValueSource::kFile);
  Expect(Find(list.values, "attempt_timeout"), "none", ValueSource::kDefault);
  Expect(Find(list.values, "cache_max_age"), "none", ValueSource::kFile);
  Expect(Find(list.values, "rate_limit"), "1/s, burst 1", ValueSource::kFile);
  Expect(Find(list.values, "coalesce"), "true", ValueSource::kDefault);
}

TEST_F(ExplainTest, AWriteIsNeverSharedNorKept) {
  const MethodExplained& update = Method(explained_[0], "UpdateReenrollment");
  EXPECT_EQ(update.effect, "idempotent_write");
  Expect(Find(update.values, "coalesce"), "false", ValueSource::kDeclaration);
  Expect(Find(update.values, "cache_max_age"), "none", ValueSource::kDeclaration);
  Expect(Find(update.values, "max_attempts"), "2", ValueSource::kFile);
}

TEST_F(ExplainTest, TheTableHasEveryMethodAndNoSecret) {
  const std::string text = ExplanationText(explained_);
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
  const auto json = nlohmann::json::parse(ExplanationJson(explained_));
  const auto& lincoln = json["connections"][0];
  EXPECT_EQ(lincoln["id"], "lincoln");
  EXPECT_EQ(lincoln["values"]["breaker.open"]["value"], "7s");
  EXPECT_EQ(lincoln["values"]["breaker.open"]["from"], "file");
  EXPECT_EQ(lincoln["methods"]["ListReenrollments"]["values"]["max_attempts"]["value"], "4");
  EXPECT_EQ(lincoln["methods"]["UpdateReenrollment"]["effect"], "idempotent_write");
}

}  // namespace
}  // namespace edugate::app
