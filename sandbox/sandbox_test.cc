#include "sandbox/sandbox.h"

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/barrier.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sandbox/test_client.h"

namespace edugate::sandbox {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const Headers& ApiKey() {
  static const auto& headers = *new Headers{{"api_key", kClassEnrollmentApiKey}};
  return headers;
}
constexpr char kGet10[] = "/class_enrollment/api/2.0/GetClassEnrollment/10";

TEST(SandboxTest, ListensOnAFreePort) {
  auto sandbox = *Sandbox::Start({});
  EXPECT_GT(sandbox->port(), 0);
  EXPECT_EQ(sandbox->base_url("openapply"),
            absl::StrCat("http://127.0.0.1:", sandbox->port(), "/openapply"));
  EXPECT_THAT(sandbox->providers(),
              ElementsAre("openapply", "class_enrollment", "measureone", "edx_enterprise"));
}

TEST(SandboxTest, RefusesAPortThatIsTaken) {
  auto sandbox = *Sandbox::Start({});
  Options options;
  options.port = sandbox->port();
  EXPECT_EQ(Sandbox::Start(options).status().code(), absl::StatusCode::kUnavailable);
}

TEST(SandboxTest, MayBeStartedAgainOnTheSamePort) {
  auto first = *Sandbox::Start({});
  Options options;
  options.port = first->port();
  EXPECT_EQ(TestClient(first->port()).Send("GET", kGet10, ApiKey()).status, 200);
  first->Stop();
  auto second = Sandbox::Start(options);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(TestClient(options.port).Send("GET", kGet10, ApiKey()).status, 200);
}

TEST(SandboxTest, StopsTwiceAndThenAnswersNoMore) {
  auto sandbox = *Sandbox::Start({});
  TestClient client(sandbox->port());
  EXPECT_TRUE(client.Send("GET", kGet10, ApiKey()).received);
  sandbox->Stop();
  sandbox->Stop();
  EXPECT_FALSE(client.Send("GET", kGet10, ApiKey()).received);
}

TEST(SandboxTest, StopCutsADelayShort) {
  auto sandbox = *Sandbox::Start({});
  sandbox->AddFault({.provider = "class_enrollment", .delay = absl::Hours(24)});
  std::thread caller([port = sandbox->port()] { TestClient(port).Send("GET", kGet10, ApiKey()); });
  while (!sandbox->Faults().empty()) std::this_thread::yield();
  sandbox->Stop();
  caller.join();
  EXPECT_EQ(sandbox->CountRequests("class_enrollment"), 1);
}

TEST(SandboxTest, ServesManyConnectionsAtATime) {
  constexpr int kConnections = 200;
  auto sandbox = *Sandbox::Start({});
  absl::Barrier* together = new absl::Barrier(kConnections);
  std::atomic<int> right = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < kConnections; ++i) {
    callers.emplace_back([&] {
      TestClient client(sandbox->port());
      // Every connection is open before any is used a second time.
      bool all = client.Send("GET", kGet10, ApiKey()).status == 200;
      if (together->Block()) delete together;
      for (int call = 0; call < 5; ++call)
        all = client.Send("GET", kGet10, ApiKey()).status == 200 && all;
      if (all) ++right;
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(right, kConnections);
  EXPECT_EQ(sandbox->CountRequests("class_enrollment"), 6 * kConnections);
}

TEST(SandboxTest, ServesMoreConnectionsThanItHasThreadsFor) {
  constexpr int kConnections = 20;
  Options options;
  options.max_connections = 4;
  auto sandbox = *Sandbox::Start(options);
  std::atomic<int> right = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < kConnections; ++i) {
    callers.emplace_back([&] {
      TestClient client(sandbox->port());
      if (client.Send("GET", kGet10, ApiKey()).status == 200) ++right;
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(right, kConnections);
}

TEST(SandboxTest, KeepsAConnectionOpenBetweenRequests) {
  auto sandbox = *Sandbox::Start({});
  const std::string request = absl::StrCat(
      "GET ", kGet10, " HTTP/1.1\r\nHost: sandbox\r\napi_key: ", kClassEnrollmentApiKey, "\r\n");
  const std::string arrived = Exchange(
      sandbox->port(),
      absl::StrCat(request, "\r\n", request, "\r\n", request, "Connection: close\r\n\r\n"));
  size_t answers = 0;
  for (size_t at = arrived.find("HTTP/1.1 200"); at != std::string::npos;
       at = arrived.find("HTTP/1.1 200", at + 1)) {
    ++answers;
  }
  EXPECT_EQ(answers, 3u);
}

TEST(SandboxTest, RefusesWhatIsNotHttp) {
  auto sandbox = *Sandbox::Start({});
  EXPECT_THAT(Exchange(sandbox->port(), "EHLO sandbox\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_EQ(TestClient(sandbox->port()).Send("GET", kGet10, ApiKey()).status, 200);
}

TEST(SandboxTest, DoesNotTakeTheBodyOfAGetForTheNextRequest) {
  auto sandbox = *Sandbox::Start({});
  const std::string arrived = Exchange(
      sandbox->port(), "GET /x HTTP/1.1\r\nHost: sandbox\r\nContent-Length: 8\r\n\r\nGET /y\r\n");
  EXPECT_THAT(arrived, StartsWith("HTTP/1.1 404"));
  EXPECT_EQ(arrived.find("HTTP/1.1", 1), std::string::npos);
}

TEST(SandboxTest, AnswersAnUnknownProviderWith404) {
  auto sandbox = *Sandbox::Start({});
  TestClient client(sandbox->port());
  EXPECT_EQ(client.Send("GET", "/banner/api").status, 404);
  EXPECT_EQ(client.Send("GET", "/").status, 404);
}

TEST(SandboxTest, WritesAConfigurationWithAConnectionToEveryProvider) {
  auto sandbox = *Sandbox::Start({});
  const std::string yaml = ConfigYaml(*sandbox);
  EXPECT_THAT(
      yaml, StartsWith(absl::StrCat(
                "server: { listen: \"127.0.0.1:7443\", admin_listen: \"127.0.0.1:7080\" }\n"
                "connections:\n"
                "  - id: oa\n"
                "    provider: openapply\n"
                "    base_url: ",
                sandbox->base_url("openapply"),
                "\n"
                "    auth: { bearer: { value: sandbox-openapply-token-not-a-secret } }\n"
                "  - id: tms\n"
                "    provider: class_enrollment\n"
                "    base_url: ",
                sandbox->base_url("class_enrollment"),
                "/api/2.0\n"
                "    auth: { api_key: { value: sandbox-class-enrollment-key-not-a-secret } }\n")));
  EXPECT_THAT(yaml, HasSubstr("  - id: m1\n    provider: measureone\n"));
  EXPECT_THAT(yaml, HasSubstr("  - id: edx\n    provider: edx_enterprise\n"));
  EXPECT_THAT(yaml, HasSubstr("  - id: edx-xml\n    provider: edx_enterprise\n"));
  EXPECT_THAT(yaml, HasSubstr(sandbox->base_url("edx_enterprise") + "/oauth2/v1/access_token"));
  EXPECT_THAT(yaml, HasSubstr("response_format: xml"));
}

TEST(SandboxTest, DescribesAddressesAndOperations) {
  auto sandbox = *Sandbox::Start({});
  const std::string text = Describe(*sandbox);
  EXPECT_THAT(text, HasSubstr(sandbox->base_url("openapply")));
  EXPECT_THAT(text, HasSubstr("PUT /api/v3/reenrollments/{id}"));
  EXPECT_THAT(text, HasSubstr("GET /api/2.0/SearchClassEnrollments"));
  EXPECT_THAT(text, HasSubstr("/_sandbox"));
}

TEST(SandboxTest, OnlyOpenApplySaysWhenItsRateLimitIsLifted) {
  auto sandbox = *Sandbox::Start({});
  ProviderSettings settings;
  settings.rate_limit.requests = 1;
  ASSERT_TRUE(sandbox->SetSettings("", settings).ok());
  TestClient client(sandbox->port());
  const auto says = [&client](const std::string& target) {
    client.Send("GET", target);
    const Answer limited = client.Send("GET", target);
    EXPECT_EQ(limited.status, 429) << target;
    return limited.headers.count("x-ratelimit-reset") == 1;
  };
  EXPECT_TRUE(says("/openapply/api/v3/reenrollments"));
  EXPECT_FALSE(says(kGet10));
  EXPECT_FALSE(says("/edx_enterprise/enterprise/v1/subscriptions"));
  EXPECT_FALSE(says("/measureone/v2/transcripts/get_files"));
}

TEST(SandboxTest, RefusesSettingsOfAnUnknownProvider) {
  auto sandbox = *Sandbox::Start({});
  EXPECT_EQ(sandbox->SetSettings("banner", {}).code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace edugate::sandbox
