// The most calls in progress.

#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "app/rpc_client.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/deployment.h"

namespace edugate::end_to_end {
namespace {

TEST(CallLimitTest, ACallBeyondTheLimitIsToldWhenToComeBack) {
  absl::Notification entered;
  absl::Notification opened;
  DeploymentOptions options;
  options.sandbox.sleep = [&](absl::Duration) {
    if (!entered.HasBeenNotified()) entered.Notify();
    opened.WaitForNotificationWithTimeout(absl::Seconds(20));
  };
  options.adjust = [](v1::Config& config) { config.mutable_server()->set_max_calls(1); };
  Deployment deployment(std::move(options));
  deployment.providers().AddFault({.provider = "openapply", .delay = absl::Seconds(1)});
  v1::ListEnrollmentsRequest request;
  request.set_parent("connections/oa");
  grpc::Status held;
  std::thread holder([&] {
    v1::ListEnrollmentsResponse page;
    held = List(deployment, request, &page);
  });
  ASSERT_TRUE(entered.WaitForNotificationWithTimeout(absl::Seconds(20)));

  v1::ListEnrollmentsResponse page;
  const auto context = Context();
  const Failure refused =
      FailureOf(deployment.enrollments().ListEnrollments(context.get(), request, &page), *context);
  EXPECT_EQ(refused.code, grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(refused.reason, "LOCAL_LIMIT");
  ASSERT_TRUE(refused.retry.has_value());
  EXPECT_EQ(refused.pushback, absl::StrCat(refused.retry->retry_delay().seconds() * 1000));
  // What is no request at all is refused in the same way: nobody has decoded it.
  const auto client = *app::RpcClient::Connect(
      {.address = deployment.server().address(), .timeout = absl::Seconds(10)});
  EXPECT_EQ(client
                ->Call("/edugate.v1.EnrollmentService/ListEnrollments", {"\xff\xff\xff"},
                       [](const std::string&) {})
                .code(),
            static_cast<int>(grpc::StatusCode::RESOURCE_EXHAUSTED));
  const auto streaming = Context();
  v1::StreamEnrollmentsRequest stream_request;
  stream_request.set_parent("connections/oa");
  const auto stream = deployment.enrollments().StreamEnrollments(streaming.get(), stream_request);
  v1::Enrollment record;
  EXPECT_FALSE(stream->Read(&record));
  EXPECT_EQ(FailureOf(stream->Finish(), *streaming).reason, "LOCAL_LIMIT");

  opened.Notify();
  holder.join();
  EXPECT_TRUE(held.ok()) << held.error_message();
  // A call leaves the count a moment after its caller has the answer.
  EXPECT_TRUE(Eventually([&] { return List(deployment, request, &page).ok(); }));
}

}  // namespace
}  // namespace edugate::end_to_end
