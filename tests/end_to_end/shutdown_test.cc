// The end of a process: said first, and soon where nobody wants to wait.

#include <csignal>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/deployment.h"
#include "tests/end_to_end/served_program.h"

namespace edugate::end_to_end {
namespace {

using ::testing::HasSubstr;

TEST(ShutdownTest, AWatchIsToldToConnectElsewhereAtOnce) {
  TemporaryFolder folder;
  const std::string file =
      folder.Write("edugate.yaml", absl::StrCat(ServerYaml("127.0.0.1:0", "  insecure: true\n"),
                                                "connections:\n", WebhookConnection()));
  ServedProgram program(file);
  grpc::ClientContext context;
  const auto reader = program.Watch(context);
  // The watch is there: it has seen an event.
  EXPECT_EQ(program.SendWebhook("trc_1"), 200);
  v1::TranscriptEvent event;
  EXPECT_TRUE(reader->Read(&event));
  const absl::Time asked = absl::Now();
  program.process().Signal(SIGTERM);
  EXPECT_FALSE(reader->Read(&event));
  const Failure failure = FailureOf(reader->Finish(), context);
  EXPECT_EQ(failure.code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(failure.reason, "SHUTTING_DOWN");
  const Ended ended = program.process().Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  // The default grace, 25 s, is not waited for.
  EXPECT_LT(absl::Now() - asked, absl::Seconds(20));
}

TEST(ShutdownTest, DuringTheDelayCallsAreTakenThoughReadinessSaysNo) {
  TemporaryFolder folder;
  const std::string file = folder.Write(
      "edugate.yaml",
      absl::StrCat(ServerYaml("127.0.0.1:0", "  insecure: true\n  shutdown_delay: 2s\n"),
                   "connections:\n", WebhookConnection()));
  ServedProgram program(file);
  EXPECT_EQ(program.Status("/readyz"), 200);
  program.process().Signal(SIGTERM);
  EXPECT_TRUE(Eventually([&] { return program.Status("/readyz") == 503; }));
  EXPECT_EQ(program.ConnectionIds(), "m1");
  EXPECT_EQ(program.process().Wait().exit_code, 0);
}

TEST(ShutdownTest, AStartThatFailsWaitsForNobody) {
  TemporaryFolder folder;
  const std::string connections = absl::StrCat("connections:\n", WebhookConnection());
  ServedProgram first(folder.Write(
      "first.yaml", absl::StrCat(ServerYaml("127.0.0.1:0", "  insecure: true\n"), connections)));
  const std::string second = folder.Write(
      "second.yaml",
      absl::StrCat(ServerYaml("127.0.0.1:0",
                              absl::StrCat("  insecure: true\n  health_listen: ",
                                           first.admin_address(), "\n  shutdown_delay: 300s\n")),
                   connections));
  const absl::Time began = absl::Now();
  const Ended ended = RunProgram({EDUGATE_PROGRAM, "serve", "--config", second});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr("can't listen on"));
  EXPECT_LT(absl::Now() - began, absl::Seconds(60));
}

TEST(ShutdownTest, ASecondSignalEndsItAtOnce) {
  absl::Notification entered;
  absl::Notification opened;
  sandbox::Options options;
  options.sleep = [&](absl::Duration) {
    entered.Notify();
    opened.WaitForNotificationWithTimeout(absl::Seconds(60));
  };
  auto sandbox = *sandbox::Sandbox::Start(options);
  sandbox->AddFault({.provider = "openapply", .delay = absl::Seconds(1)});
  TemporaryFolder folder;
  const std::string file = folder.Write(
      "edugate.yaml",
      absl::StrCat(
          ServerYaml("127.0.0.1:0", "  insecure: true\n"), "connections:\n",
          "  - id: oa\n    provider: openapply\n    base_url: ", sandbox->base_url("openapply"),
          "\n    auth: { bearer: { value: ", sandbox::kOpenApplyToken, " } }\n"));
  ServedProgram program(file);
  std::thread caller([&] {
    v1::ListEnrollmentsRequest request;
    request.set_parent("connections/oa");
    v1::ListEnrollmentsResponse page;
    const grpc::Status status =
        program.enrollments().ListEnrollments(Context().get(), request, &page);
    EXPECT_FALSE(status.ok());
  });
  EXPECT_TRUE(entered.WaitForNotificationWithTimeout(absl::Seconds(20)));
  program.process().Signal(SIGTERM);
  EXPECT_TRUE(Eventually([&] { return program.Status("/readyz") == 503; }));
  program.process().Signal(SIGTERM);
  const Ended ended = program.process().Wait();
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr("at once"));
  caller.join();
  opened.Notify();
}

TEST(ShutdownTest, NobodyGetsACoreAndStartingIsQuick) {
  TemporaryFolder folder;
  const std::string file =
      folder.Write("edugate.yaml", absl::StrCat(ServerYaml("127.0.0.1:0", "  insecure: true\n"),
                                                "connections:\n", WebhookConnection()));
  ServedProgram program(file);
  const Ended limits = RunProgram({"/usr/bin/grep", "Max core file size",
                                   absl::StrCat("/proc/", program.process().pid(), "/limits")});
  EXPECT_THAT(limits.out, ::testing::MatchesRegex("Max core file size +0 +0 +bytes[ ]*\n"));
  const Ended ended = program.Stop(SIGTERM);
  EXPECT_THAT(ended.err, HasSubstr("takes calls after "));
}

}  // namespace
}  // namespace edugate::end_to_end
