// Deadlines and cancellations, down to the provider's socket.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/deployment.h"

namespace edugate::end_to_end {
namespace {

// A provider that takes one request and never answers.
class SilentProvider {
 public:
  SilentProvider() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    bound_ = bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
             listen(listener_, 1) == 0 &&
             getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }

  ~SilentProvider() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }

  bool bound() const { return bound_; }
  int port() const { return port_; }

  // Whether a client has connected.
  bool reached() const { return reached_.HasBeenNotified(); }
  // Returns once a request has come.
  bool AwaitRequest() { return asked_.WaitForNotificationWithTimeout(absl::Seconds(10)); }
  // Returns once the client has closed the connection of its request.
  bool AwaitGone() { return gone_.WaitForNotificationWithTimeout(absl::Seconds(10)); }

 private:
  void Serve() {
    const int peer = accept(listener_, nullptr, nullptr);
    if (peer < 0) return;
    reached_.Notify();
    char buffer[4096];
    while (read(peer, buffer, sizeof(buffer)) > 0) {
      if (!asked_.HasBeenNotified()) asked_.Notify();
    }
    gone_.Notify();
    close(peer);
  }

  const int listener_;
  bool bound_ = false;
  int port_ = 0;
  absl::Notification reached_;
  absl::Notification asked_;
  absl::Notification gone_;
  std::thread thread_;
};

std::string ConnectionTo(const SilentProvider& provider) {
  return absl::StrCat("  - { id: silent, provider: openapply, base_url: \"http://127.0.0.1:",
                      provider.port(), "\", auth: { bearer: { value: x } } }\n");
}

class DeadlineTest : public ::testing::Test {
 protected:
  grpc::Status ListSilent(grpc::ClientContext& context) {
    v1::ListEnrollmentsRequest request;
    request.set_parent("connections/silent");
    v1::ListEnrollmentsResponse response;
    return deployment_.enrollments().ListEnrollments(&context, request, &response);
  }

  SilentProvider provider_;
  Deployment deployment_{{.more_connections = ConnectionTo(provider_)}};
};

TEST_F(DeadlineTest, ACallersDeadlineEndsTheRequestToTheProvider) {
  ASSERT_TRUE(provider_.bound());
  // On a machine that is late the deadline may pass before the provider is asked: then once more.
  do {
    const auto context = Context(absl::Milliseconds(300));
    ASSERT_EQ(ListSilent(*context).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  } while (!provider_.reached());
  EXPECT_TRUE(provider_.AwaitGone());
}

TEST_F(DeadlineTest, ACancellationEndsTheRequestToTheProvider) {
  const auto context = Context();
  grpc::Status status;
  std::thread caller([&] { status = ListSilent(*context); });
  EXPECT_TRUE(provider_.AwaitRequest());
  context->TryCancel();
  caller.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(provider_.AwaitGone());
}

TEST_F(DeadlineTest, ACancelledStreamEndsTheRequestToTheProvider) {
  const auto context = Context();
  v1::StreamEnrollmentsRequest request;
  request.set_parent("connections/silent");
  const auto reader = deployment_.enrollments().StreamEnrollments(context.get(), request);
  EXPECT_TRUE(provider_.AwaitRequest());
  context->TryCancel();
  v1::Enrollment record;
  EXPECT_FALSE(reader->Read(&record));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(provider_.AwaitGone());
}

TEST_F(DeadlineTest, WhereTheCallerSetsNoneTheConfiguredOneHolds) {
  SilentProvider provider;
  Deployment deployment(
      {.more_connections = ConnectionTo(provider), .adjust = [](v1::Config& config) {
         config.mutable_server()->mutable_default_deadline()->set_nanos(200'000'000);
       }});
  v1::ListEnrollmentsRequest request;
  request.set_parent("connections/silent");
  do {
    grpc::ClientContext context;
    v1::ListEnrollmentsResponse response;
    const grpc::Status status =
        deployment.enrollments().ListEnrollments(&context, request, &response);
    const Failure failure = FailureOf(status, context);
    ASSERT_EQ(failure.code, grpc::StatusCode::DEADLINE_EXCEEDED);
    EXPECT_EQ(failure.reason, "DEADLINE_EXCEEDED");
  } while (!provider.reached());
  EXPECT_TRUE(provider.AwaitGone());
}

TEST_F(DeadlineTest, ALongDeadlineIsCutToTheConfiguredOne) {
  SilentProvider provider;
  Deployment deployment(
      {.more_connections = ConnectionTo(provider), .adjust = [](v1::Config& config) {
         config.mutable_server()->mutable_max_deadline()->set_nanos(200'000'000);
       }});
  const auto context = Context(absl::Hours(24 * 365));
  v1::ListEnrollmentsRequest request;
  request.set_parent("connections/silent");
  v1::ListEnrollmentsResponse response;
  const grpc::Status status =
      deployment.enrollments().ListEnrollments(context.get(), request, &response);
  EXPECT_EQ(FailureOf(status, *context).reason, "DEADLINE_EXCEEDED");
}

TEST_F(DeadlineTest, ADeadlineThatHasPassedEndsTheCall) {
  for (const absl::Duration timeout :
       {absl::ZeroDuration(), -absl::Seconds(1), -absl::Hours(1000)}) {
    const auto context = Context(timeout);
    EXPECT_EQ(ListSilent(*context).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  }
}

TEST_F(DeadlineTest, TheNextGoodCallSucceeds) {
  const auto context = Context(absl::Milliseconds(100));
  EXPECT_EQ(ListSilent(*context).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  v1::ListEnrollmentsRequest request;
  request.set_parent("connections/oa");
  v1::ListEnrollmentsResponse response;
  EXPECT_TRUE(List(deployment_, request, &response).ok());
}

}  // namespace
}  // namespace edugate::end_to_end
