// The front: health, reflection, TLS, a clean stop.

#include <httplib.h>

#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/notification.h"
#include "app/reflection_database.h"
#include "app/rpc_client.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/certificate.h"
#include "tests/end_to_end/deployment.h"
#include "tests/end_to_end/process.h"

namespace edugate::end_to_end {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

std::unique_ptr<app::RpcClient> ClientOf(const app::Server& server) {
  return *app::RpcClient::Connect({.address = server.address(), .timeout = absl::Seconds(10)});
}

TEST(FrontTest, AnswersHealthChecks) {
  Deployment deployment;
  std::string reply;
  const auto status = ClientOf(deployment.server())
                          ->Call("/grpc.health.v1.Health/Check", {""},
                                 [&](const std::string& bytes) { reply = bytes; });
  EXPECT_EQ(status.code(), 0) << status.message();
  // HealthCheckResponse{status: SERVING}.
  EXPECT_EQ(reply, "\x08\x01");
}

TEST(FrontTest, ReflectionListsTheServices) {
  Deployment deployment;
  const auto client = ClientOf(deployment.server());
  app::ReflectionDatabase database(*client);
  const auto services = database.ListServices();
  ASSERT_TRUE(services.ok()) << services.status();
  EXPECT_THAT(*services,
              IsSupersetOf({"edugate.v1.AssignmentService", "edugate.v1.CatalogService",
                            "edugate.v1.ConnectionService", "edugate.v1.EnrollmentService",
                            "edugate.v1.LicenseService", "edugate.v1.TranscriptService"}));
}

TEST(FrontTest, ReflectionCanBeTurnedOff) {
  Deployment deployment(
      {.adjust = [](v1::Config& config) { config.mutable_server()->set_reflection(false); }});
  const auto client = ClientOf(deployment.server());
  app::ReflectionDatabase database(*client);
  EXPECT_EQ(database.ListServices().status().code(), absl::StatusCode::kUnimplemented);
  v1::ListConnectionsResponse response;
  EXPECT_TRUE(deployment.connections().ListConnections(Context().get(), {}, &response).ok());
}

TEST(FrontTest, AnUnknownMethodIsUnimplemented) {
  Deployment deployment;
  const auto status =
      ClientOf(deployment.server())
          ->Call("/edugate.v1.EnrollmentService/DropEnrollments", {""}, [](const std::string&) {});
  EXPECT_EQ(status.code(), static_cast<int>(absl::StatusCode::kUnimplemented));
}

TEST(FrontTest, ARequestThatIsTooLargeIsRefused) {
  Deployment deployment;
  v1::ListEnrollmentsRequest request;
  request.set_parent(std::string(5 << 20, 'x'));
  v1::ListEnrollmentsResponse response;
  EXPECT_EQ(List(deployment, request, &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  request.set_parent("connections/oa");
  EXPECT_TRUE(List(deployment, request, &response).ok());
}

TEST(FrontTest, AReplyLargerThanConfiguredIsRefusedWithAReason) {
  Deployment deployment({.adjust = [](v1::Config& config) {
    config.mutable_server()->set_max_reply_bytes(100'000);
  }});
  v1::ListEnrollmentsRequest request;
  request.set_parent("connections/-");
  request.set_page_size(1000);
  request.set_view(v1::VIEW_FULL);
  v1::ListEnrollmentsResponse response;
  const auto context = Context();
  const grpc::Status status =
      deployment.enrollments().ListEnrollments(context.get(), request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(FailureOf(status, *context).reason, "REPLY_TOO_LARGE") << response.ByteSizeLong();
  request.set_page_size(10);
  EXPECT_TRUE(List(deployment, request, &response).ok());
}

TEST(FrontTest, ACompressedRequestIsRefusedBeforeItIsInflated) {
  Deployment deployment;
  const auto context = Context();
  context->set_compression_algorithm(GRPC_COMPRESS_GZIP);
  v1::ListEnrollmentsRequest request;
  request.set_parent("connections/oa");
  request.set_filter(std::string(100'000, ' '));
  v1::ListEnrollmentsResponse response;
  const grpc::Status status =
      deployment.enrollments().ListEnrollments(context.get(), request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << status.error_message();
}

TEST(FrontTest, ARequestThatIsNoMessageIsRefused) {
  Deployment deployment;
  const auto status = ClientOf(deployment.server())
                          ->Call("/edugate.v1.EnrollmentService/ListEnrollments", {"\xff\xff\xff"},
                                 [](const std::string&) {});
  EXPECT_NE(status.code(), 0);
  v1::ListConnectionsResponse response;
  EXPECT_TRUE(deployment.connections().ListConnections(Context().get(), {}, &response).ok());
}

TEST(FrontTest, ConnectionsSayWhatTheyCan) {
  Deployment deployment;
  v1::ListConnectionsResponse response;
  ASSERT_TRUE(deployment.connections().ListConnections(Context().get(), {}, &response).ok());
  ASSERT_EQ(response.connections_size(), 2);
  std::vector<std::string> methods;
  for (const auto& each : response.connections(0).capabilities()) methods.push_back(each.method());
  EXPECT_THAT(methods, ::testing::ElementsAre("EnrollmentService.ListEnrollments",
                                              "EnrollmentService.StreamEnrollments",
                                              "EnrollmentService.UpdateEnrollment"));
}

TEST(FrontTest, TheAdminPortShowsHealthAndMetricsWithoutAnybodysData) {
  Deployment deployment({.adjust = [](v1::Config& config) {
    config.mutable_server()->set_admin_listen("127.0.0.1:0");
  }});
  v1::ListEnrollmentsRequest request;
  request.set_parent("connections/oa");
  request.set_learner("501");
  v1::ListEnrollmentsResponse page;
  ASSERT_TRUE(List(deployment, request, &page).ok());
  const std::string address = deployment.server().admin_address();
  httplib::Client client("127.0.0.1", std::stoi(address.substr(address.rfind(':') + 1)));
  for (const char* path : {"/healthz", "/readyz"}) {
    const auto answer = client.Get(path);
    ASSERT_TRUE(answer) << path;
    EXPECT_EQ(answer->status, 200) << path;
  }
  const auto metrics = client.Get("/metrics");
  ASSERT_TRUE(metrics);
  EXPECT_THAT(metrics->body, HasSubstr("edugate_calls_total"));
  EXPECT_THAT(metrics->body, HasSubstr("EnrollmentService.ListEnrollments"));
  // The series, whose values may have any digits.
  for (const absl::string_view line : absl::StrSplit(metrics->body, '\n')) {
    EXPECT_THAT(std::string(line.substr(0, line.rfind(' '))), ::testing::Not(HasSubstr("501")));
  }
}

// Holds the provider's answers back until told otherwise.
class Gate {
 public:
  std::function<void(absl::Duration)> Sleep() {
    return [this](absl::Duration) {
      if (!entered_.HasBeenNotified()) entered_.Notify();
      opened_.WaitForNotificationWithTimeout(absl::Seconds(20));
    };
  }
  bool AwaitEntered() { return entered_.WaitForNotificationWithTimeout(absl::Seconds(20)); }
  void Open() { opened_.Notify(); }

 private:
  absl::Notification entered_;
  absl::Notification opened_;
};

TEST(FrontTest, AStopLetsRunningCallsEndAndTakesNoNewOnes) {
  Gate gate;
  DeploymentOptions options;
  options.sandbox.sleep = gate.Sleep();
  Deployment deployment(std::move(options));
  deployment.providers().AddFault({.provider = "openapply", .delay = absl::Seconds(1)});

  v1::ListEnrollmentsRequest request;
  request.set_parent("connections/oa");
  grpc::Status running;
  v1::ListEnrollmentsResponse page;
  std::thread caller([&] { running = List(deployment, request, &page); });
  ASSERT_TRUE(gate.AwaitEntered());
  std::thread stopper([&] { deployment.server().Shutdown(); });

  const auto refused = [&] {
    auto channel = grpc::CreateCustomChannel(deployment.server().address(),
                                             grpc::InsecureChannelCredentials(), {});
    v1::ListConnectionsResponse response;
    return v1::ConnectionService::NewStub(channel)
               ->ListConnections(Context(absl::Seconds(5)).get(), {}, &response)
               .error_code() == grpc::StatusCode::UNAVAILABLE;
  };
  EXPECT_TRUE(Eventually(refused));
  gate.Open();
  caller.join();
  stopper.join();
  EXPECT_TRUE(running.ok()) << running.error_message();
  EXPECT_EQ(page.enrollments_size(), 100);
}

TEST(FrontTest, AStopEndsCallsThatTakeTooLong) {
  Gate gate;
  DeploymentOptions options;
  options.sandbox.sleep = gate.Sleep();
  options.adjust = [](v1::Config& config) {
    config.mutable_server()->mutable_shutdown_grace()->set_nanos(100'000'000);
  };
  Deployment deployment(std::move(options));
  deployment.providers().AddFault({.provider = "openapply", .delay = absl::Seconds(1)});
  v1::ListEnrollmentsRequest request;
  request.set_parent("connections/oa");
  grpc::Status running;
  std::thread caller([&] {
    v1::ListEnrollmentsResponse page;
    running = List(deployment, request, &page);
  });
  ASSERT_TRUE(gate.AwaitEntered());
  deployment.server().Shutdown();
  caller.join();
  EXPECT_FALSE(running.ok());
  gate.Open();
}

grpc::Status ListOverTls(const app::Server& server, grpc::SslCredentialsOptions options) {
  const auto stub = v1::ConnectionService::NewStub(
      grpc::CreateChannel(server.address(), SslCredentials(options)));
  v1::ListConnectionsResponse response;
  return stub->ListConnections(Context(absl::Seconds(10)).get(), {}, &response);
}

TEST(TlsTest, CallersOfTheAuthorityConnectAndOthersDoNot) {
  TemporaryFolder folder;
  const Certificate server(folder, "server");
  const Certificate stranger(folder, "stranger");
  Deployment deployment({.adjust = [&](v1::Config& config) {
    config.mutable_server()->clear_insecure();
    config.mutable_server()->mutable_tls()->set_certificate_file(server.file);
    config.mutable_server()->mutable_tls()->set_private_key_file(server.key_file);
  }});
  const grpc::Status good = ListOverTls(deployment.server(), {.pem_root_certs = server.Text()});
  EXPECT_TRUE(good.ok()) << good.error_message();
  EXPECT_EQ(ListOverTls(deployment.server(), {.pem_root_certs = stranger.Text()}).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  // Without TLS.
  v1::ListConnectionsResponse response;
  EXPECT_FALSE(deployment.connections()
                   .ListConnections(Context(absl::Seconds(5)).get(), {}, &response)
                   .ok());
}

TEST(TlsTest, WithAClientAuthorityOnlyItsCertificatesConnect) {
  TemporaryFolder folder;
  const Certificate server(folder, "server");
  const Certificate client(folder, "client");
  const Certificate stranger(folder, "stranger");
  Deployment deployment({.adjust = [&](v1::Config& config) {
    v1::ServerTls& tls = *config.mutable_server()->mutable_tls();
    tls.set_certificate_file(server.file);
    tls.set_private_key_file(server.key_file);
    tls.set_client_ca_file(client.file);
  }});
  const std::string roots = server.Text();
  const grpc::Status good =
      ListOverTls(deployment.server(), {roots, client.KeyText(), client.Text()});
  EXPECT_TRUE(good.ok()) << good.error_message();
  EXPECT_FALSE(ListOverTls(deployment.server(), {roots, "", ""}).ok());
  EXPECT_FALSE(ListOverTls(deployment.server(), {roots, stranger.KeyText(), stranger.Text()}).ok());
}

}  // namespace
}  // namespace edugate::end_to_end
