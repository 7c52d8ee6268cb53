// OpenApply with OAuth 2.0 client credentials, at the sandbox's token endpoint.

#include <atomic>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/deployment.h"

namespace edugate::end_to_end {
namespace {

std::string OAuthConnection(const std::string& secret) {
  return absl::StrCat(
      "  - id: oauth\n"
      "    provider: openapply\n"
      "    base_url: \"{url}/openapply\"\n"
      "    auth:\n"
      "      oauth2_client:\n"
      "        token_url: \"{url}/openapply/oauth/token\"\n"
      "        client_id: { value: ",
      sandbox::kOpenApplyClientId, " }\n        client_secret: { value: ", secret, " }\n");
}

class OAuthTest : public ::testing::Test {
 protected:
  OAuthTest() {
    DeploymentOptions options;
    options.more_connections = OAuthConnection(sandbox::kOpenApplyClientSecret);
    options.sandbox.now = [this] { return start_ + absl::Seconds(seconds_.load()); };
    deployment_ = std::make_unique<Deployment>(std::move(options));
  }

  static v1::ListEnrollmentsRequest Request() {
    v1::ListEnrollmentsRequest request;
    request.set_parent("connections/oauth");
    request.set_page_size(1);
    return request;
  }

  grpc::Status Call() {
    v1::ListEnrollmentsResponse response;
    return List(*deployment_, Request(), &response);
  }

  int64_t Tokens() { return deployment_->providers().CountRequests("openapply", "oauth/token"); }

  const absl::Time start_ = absl::Now();
  std::atomic<int64_t> seconds_{0};
  std::unique_ptr<Deployment> deployment_;
};

TEST_F(OAuthTest, ATokenIsFetchedAndKept) {
  for (int i = 0; i < 5; ++i) {
    const grpc::Status status = Call();
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
  EXPECT_EQ(Tokens(), 1);
}

TEST_F(OAuthTest, AHundredCallsAtOnceFetchOneToken) {
  constexpr int kCalls = 100;
  struct Call {
    std::unique_ptr<grpc::ClientContext> context = Context();
    v1::ListEnrollmentsResponse response;
  };
  const v1::ListEnrollmentsRequest request = Request();
  std::vector<Call> calls(kCalls);
  std::atomic<int> good{0};
  absl::BlockingCounter done(kCalls);
  for (Call& call : calls) {
    deployment_->enrollments().async()->ListEnrollments(call.context.get(), &request,
                                                        &call.response, [&](grpc::Status status) {
                                                          good += status.ok() ? 1 : 0;
                                                          done.DecrementCount();
                                                        });
  }
  done.Wait();
  EXPECT_EQ(good, kCalls);
  EXPECT_EQ(Tokens(), 1);
}

TEST_F(OAuthTest, ATokenThatTheProviderNoLongerTakesIsRenewedOnce) {
  ASSERT_TRUE(Call().ok());
  // Only the provider's clock goes on: edugate believes in its token.
  seconds_ = int64_t{60} * 60 * 24 * 365;
  EXPECT_TRUE(Call().ok());
  EXPECT_EQ(Tokens(), 2);
}

TEST_F(OAuthTest, AWrongSecretIsTheOperatorsFault) {
  Deployment other({.more_connections = OAuthConnection("canary-wrong-secret")});
  const auto context = Context();
  v1::ListEnrollmentsResponse response;
  const grpc::Status status =
      other.enrollments().ListEnrollments(context.get(), Request(), &response);
  const Failure failure = FailureOf(status, *context);
  EXPECT_EQ(failure.code, grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(failure.reason, "PROVIDER_CREDENTIALS_INVALID");
  EXPECT_EQ(failure.bytes.find("canary"), std::string::npos);
  EXPECT_EQ(other.providers().CountRequests("openapply", "reenrollments"), 0);
}

TEST_F(OAuthTest, ATokenEndpointThatFailsIsUnavailable) {
  deployment_->providers().AddFault({.path_contains = "/oauth/token",
                                     .count = -1,
                                     .status = 503,
                                     .headers = {{"Retry-After", "300"}}});
  const grpc::Status status = Call();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
}

}  // namespace
}  // namespace edugate::end_to_end
