// A running server takes a new configuration.

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "app/config_check.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/deployment.h"
#include "tests/end_to_end/ledger_provider.h"
#include "tests/end_to_end/process.h"
#include "tests/end_to_end/served_program.h"

namespace edugate::end_to_end {
namespace {

using ::testing::HasSubstr;

std::string OpenApply(const std::string& id) {
  return absl::StrCat("  - id: ", id,
                      "\n    provider: openapply\n    base_url: http://127.0.0.1:9\n"
                      "    auth: { bearer: { value: x } }\n");
}

std::string With(const std::string& connections) {
  return absl::StrCat(ServerYaml("127.0.0.1:0", "  insecure: true\n"), "connections:\n",
                      connections);
}

class ReloadTest : public ::testing::Test {
 protected:
  // Replaces the file at once, as an editor or a deployment does.
  void Replace(const std::string& text) const {
    const std::string next = folder_.Write("next.yaml", text);
    std::filesystem::rename(next, folder_.path() + "/edugate.yaml");
  }

  TemporaryFolder folder_;
};

TEST_F(ReloadTest, AChangedFileTakesEffectByItself) {
  const std::string file = folder_.Write("edugate.yaml", With(OpenApply("a")));
  ServedProgram program(file);
  EXPECT_EQ(program.ConnectionIds(), "a");
  EXPECT_EQ(program.Metric("edugate_config_generation"), "1");
  Replace(With(OpenApply("a") + OpenApply("b")));
  EXPECT_TRUE(Eventually([&] { return program.ConnectionIds() == "a,b"; }));
  EXPECT_EQ(program.Metric("edugate_config_generation"), "2");
  EXPECT_EQ(program.Metric("edugate_config_reload_total{result=\"applied\"}"), "1");
  Replace(With(OpenApply("b")));
  EXPECT_TRUE(Eventually([&] { return program.ConnectionIds() == "b"; }));
}

TEST_F(ReloadTest, AMistakeLeavesEverythingAsItIsAndIsNamed) {
  const std::string file = folder_.Write("edugate.yaml", With(OpenApply("a")));
  ServedProgram program(file);
  Replace(With(OpenApply("a")) + "    colour: red\n");
  EXPECT_TRUE(Eventually(
      [&] { return program.Metric("edugate_config_reload_total{result=\"refused\"}") == "1"; }));
  EXPECT_EQ(program.ConnectionIds(), "a");
  EXPECT_EQ(program.Metric("edugate_config_last_reload_successful"), "0");
  EXPECT_EQ(program.Status("/readyz"), 200);
  Replace(With(OpenApply("a") + OpenApply("mended")));
  EXPECT_TRUE(Eventually([&] { return program.ConnectionIds() == "a,mended"; }));
  EXPECT_EQ(program.Metric("edugate_config_last_reload_successful"), "1");
  const Ended ended = program.Stop(SIGTERM);
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.err, HasSubstr("connections[0].colour"));
  EXPECT_THAT(ended.err, HasSubstr("edugate.yaml:11"));
}

TEST_F(ReloadTest, WhatWasRefusedForTheLackOfAFileIsTakenWhenTheFileComes) {
  const std::string file = folder_.Write("edugate.yaml", With(OpenApply("a")));
  ServedProgram program(file);
  const std::string secret = folder_.path() + "/late_secret";
  Replace(
      With(OpenApply("a") +
           absl::StrReplaceAll(OpenApply("late"), {{"value: x", absl::StrCat("file: ", secret)}})));
  EXPECT_TRUE(Eventually(
      [&] { return program.Metric("edugate_config_reload_total{result=\"refused\"}") == "1"; }));
  EXPECT_EQ(program.ConnectionIds(), "a");
  folder_.Write("late_secret", "a-token");
  EXPECT_TRUE(Eventually([&] { return program.ConnectionIds() == "a,late"; }));
  EXPECT_EQ(program.Metric("edugate_config_reload_total{result=\"refused\"}"), "1");
}

// Whose right to watch was taken back must not go on.
TEST_F(ReloadTest, AWatchEndsWhenConnectionsChangeAndGoesOnWithItsToken) {
  const std::string watched = With(WebhookConnection());
  ServedProgram program(folder_.Write("edugate.yaml", watched));
  grpc::ClientContext context;
  const auto reader = program.Watch(context);
  EXPECT_EQ(program.SendWebhook("trc_1"), 200);
  v1::TranscriptEvent event;
  ASSERT_TRUE(reader->Read(&event));
  // What has nothing to do with it leaves it alone.
  Replace(watched + "log: { level: debug }\n");
  EXPECT_TRUE(Eventually([&] { return program.Metric("edugate_config_generation") == "2"; }));
  EXPECT_EQ(program.SendWebhook("trc_2"), 200);
  ASSERT_TRUE(reader->Read(&event));
  Replace(With(WebhookConnection() + OpenApply("b")) + "log: { level: debug }\n");
  v1::TranscriptEvent none;
  EXPECT_FALSE(reader->Read(&none));
  const Failure failure = FailureOf(reader->Finish(), context);
  EXPECT_EQ(failure.code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(failure.reason, "SHUTTING_DOWN");
  EXPECT_EQ(program.SendWebhook("trc_3"), 200);
  grpc::ClientContext again;
  const auto resumed = program.Watch(again, event.resume_token());
  ASSERT_TRUE(resumed->Read(&event));
  EXPECT_THAT(event.transcript(), HasSubstr("trc_3"));
  again.TryCancel();
}

TEST_F(ReloadTest, ASignalLoadsTheFileAgain) {
  const std::string file = folder_.Write("edugate.yaml", With(OpenApply("a")));
  ServedProgram program(file);
  program.process().Signal(SIGHUP);
  EXPECT_TRUE(Eventually([&] { return program.Metric("edugate_config_generation") == "2"; }));
  EXPECT_EQ(program.ConnectionIds(), "a");
}

TEST_F(ReloadTest, KubernetesChangeOfALinkTakesEffect) {
  for (const char* version : {"..1", "..2"}) {
    std::filesystem::create_directory(folder_.path() + "/" + version);
  }
  folder_.Write("..1/edugate.yaml", With(OpenApply("a")));
  folder_.Write("..2/edugate.yaml", With(OpenApply("b")));
  std::filesystem::create_symlink("..1", folder_.path() + "/..data");
  std::filesystem::create_symlink("..data/edugate.yaml", folder_.path() + "/edugate.yaml");
  ServedProgram program(folder_.path() + "/edugate.yaml");
  EXPECT_EQ(program.ConnectionIds(), "a");
  std::filesystem::create_symlink("..2", folder_.path() + "/..next");
  std::filesystem::rename(folder_.path() + "/..next", folder_.path() + "/..data");
  EXPECT_TRUE(Eventually([&] { return program.ConnectionIds() == "b"; }));
}

TEST_F(ReloadTest, WhatNeedsARestartIsSaidAndTheRestTakesEffect) {
  const std::string file = folder_.Write("edugate.yaml", With(OpenApply("a")));
  ServedProgram program(file);
  Replace(With(OpenApply("b")) + "runtime: { loops: 3 }\n");
  EXPECT_TRUE(Eventually([&] { return program.ConnectionIds() == "b"; }));
  EXPECT_EQ(program.Metric("edugate_config_keys_waiting_for_restart"), "1");
  EXPECT_THAT(program.Stop(SIGTERM).err, HasSubstr("take effect with a restart: runtime"));
}

TEST_F(ReloadTest, TokensOfTheFormerKeyOpenUntilItIsTakenOut) {
  auto sandbox = *sandbox::Sandbox::Start({});
  const std::string former = ConfigFor(*sandbox);
  const std::string next = absl::StrReplaceAll(
      former, {{"page_token_key: { value: a key", "page_token_key: { value: another key"}});
  const std::string both = absl::StrReplaceAll(
      next, {{"connections:\n",
              "  page_token_opening_keys:\n"
              "    - { value: a key for tests alone and longer than 32 bytes }\nconnections:\n"}});
  const auto config = [](const std::string& text) { return app::LoadConfigText(text, "test"); };
  auto server = *app::Server::Start(*config(former));
  const auto stub = v1::EnrollmentService::NewStub(
      grpc::CreateChannel(server->address(), grpc::InsecureChannelCredentials()));
  v1::ListEnrollmentsRequest request;
  request.set_parent("connections/oa");
  request.set_page_size(1);
  v1::ListEnrollmentsResponse page;
  ASSERT_TRUE(stub->ListEnrollments(Context().get(), request, &page).ok());
  request.set_page_token(page.next_page_token());
  ASSERT_TRUE(server->Reload(config(both)).ok());
  EXPECT_TRUE(stub->ListEnrollments(Context().get(), request, &page).ok());
  v1::ListEnrollmentsRequest sealed_anew = request;
  sealed_anew.set_page_token(page.next_page_token());
  ASSERT_TRUE(server->Reload(config(next)).ok());
  EXPECT_EQ(stub->ListEnrollments(Context().get(), request, &page).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(stub->ListEnrollments(Context().get(), sealed_anew, &page).ok());
}

int64_t ResidentKilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmRSS:", 0) == 0) return std::stoll(line.substr(6));
  }
  return 0;
}

// 1,000 reloads: EDUGATE_RELOADS=1000.
TEST_F(ReloadTest, ManyReloadsUnderLoadFailNoCallAndLeakNothing) {
  const int reloads = SizeOf("EDUGATE_RELOADS", 100);
  LedgerProvider provider;
  provider.Accept({"token"});
  const std::string token = folder_.Write("token", "token");
  // `reads` is made anew with every other configuration, and `ledger`, with its token, is kept.
  const auto config = [&](int pages) {
    std::string reads = provider.ReadConnection(token);
    absl::StrAppend(&reads, "    limits: { max_pages: ", pages, " }\n");
    return app::LoadConfigText(absl::StrCat(ServerYaml("127.0.0.1:0", "  insecure: true\n"),
                                            "connections:\n", reads, provider.WriteConnection()),
                               "reload_test");
  };
  ASSERT_TRUE(config(1).ok()) << config(1).status();
  auto server = *app::Server::Start(*config(1));
  std::atomic<bool> done = false;
  std::atomic<int> calls = 0;
  std::atomic<int> failed = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      const auto stub = v1::EnrollmentService::NewStub(
          grpc::CreateChannel(server->address(), grpc::InsecureChannelCredentials()));
      while (!done) {
        v1::ListEnrollmentsRequest request;
        request.set_parent("connections/reads");
        v1::ListEnrollmentsResponse page;
        const grpc::Status status = stub->ListEnrollments(Context().get(), request, &page);
        ++calls;
        if (status.ok()) continue;
        ++failed;
        ADD_FAILURE() << status.error_message();
      }
    });
  }
  int64_t early = 0;
  for (int i = 0; i < reloads; ++i) {
    const int before = calls;
    EXPECT_TRUE(server->Reload(config(2 + i % 2)).ok());
    EXPECT_FALSE(server->Reload(absl::InvalidArgumentError("a mistake")).ok());
    EXPECT_TRUE(Eventually([&] { return calls > before; }));
    if (i == reloads / 3) early = ResidentKilobytes();
  }
  done = true;
  for (std::thread& each : callers) each.join();
  const int64_t grown = ResidentKilobytes() - early;
  std::printf("%d reloads, %d calls, %d failed, %+ld kB after the first third\n", reloads,
              calls.load(), failed.load(), static_cast<long>(grown));
  EXPECT_EQ(failed, 0);
  // A connection that stays costs more than 20 kB: 2,000 of them would be 40 MB.
  if (kMemoryTells) EXPECT_LT(grown, 8 << 10);
}

TEST_F(ReloadTest, ATokenOutlivesAReloadThatDoesNotTouchItsConnection) {
  DeploymentOptions options;
  const std::string oauth = absl::StrCat(
      "  - id: oauth\n    provider: openapply\n    base_url: \"{url}/openapply\"\n"
      "    auth:\n      oauth2_client:\n        token_url: \"{url}/openapply/oauth/token\"\n"
      "        client_id: { value: ",
      sandbox::kOpenApplyClientId,
      " }\n        client_secret: { value: ", sandbox::kOpenApplyClientSecret, " }\n");
  options.more_connections = oauth;
  Deployment deployment(options);
  v1::ListEnrollmentsRequest request;
  request.set_parent("connections/oauth");
  v1::ListEnrollmentsResponse page;
  const auto tokens = [&] {
    return deployment.providers().CountRequests("openapply", "oauth/token");
  };
  ASSERT_TRUE(List(deployment, request, &page).ok());
  EXPECT_EQ(tokens(), 1);
  const auto reload = [&](const std::string& connections) {
    return deployment.server().Reload(
        app::LoadConfigText(ConfigFor(deployment.providers(), connections), "reload_test"));
  };
  ASSERT_TRUE(reload(OpenApply("new") + oauth).ok());
  ASSERT_TRUE(List(deployment, request, &page).ok());
  EXPECT_EQ(tokens(), 1);
  ASSERT_TRUE(reload(oauth + "    display_name: Changed\n").ok());
  ASSERT_TRUE(List(deployment, request, &page).ok());
  EXPECT_EQ(tokens(), 2);
}

}  // namespace
}  // namespace edugate::end_to_end
