// What a provider's bad times mean to callers, and what callers mean to a provider in its bad
// times: over real sockets, counted at the provider.

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/deployment.h"

namespace edugate::end_to_end {
namespace {

constexpr int kManyCalls = 1000;

// A time long enough that the breaker doesn't probe by itself while the test counts, and short
// enough to wait for.
constexpr int kOpenMilliseconds = 500;

v1::ConnectionConfig& ConnectionOf(v1::Config& config, const std::string& id) {
  for (v1::ConnectionConfig& each : *config.mutable_connections()) {
    if (each.id() == id) return each;
  }
  ADD_FAILURE() << "no connection " << id;
  return *config.add_connections();
}

// Room for many calls at a time.
void Widen(v1::Config& config, const std::string& id) {
  config.mutable_server()->set_max_streams_per_connection(2 * kManyCalls);
  auto& concurrency = *ConnectionOf(config, id).mutable_concurrency();
  concurrency.set_max_in_flight(kManyCalls);
  concurrency.set_initial(kManyCalls);
  concurrency.set_max_queued(kManyCalls);
}

// A list that no other number's request asks for.
v1::ListEnrollmentsRequest ListNumber(const std::string& connection, int number) {
  v1::ListEnrollmentsRequest request;
  request.set_parent(absl::StrCat("connections/", connection));
  request.set_page_size(1);
  request.set_filter(absl::StrCat("year = ", 1000 + number));
  return request;
}

struct Outcome {
  grpc::Status status;
  Failure failure;
};

// So many calls, all at once. `request` makes the one of a number.
std::vector<Outcome> CallAtOnce(Deployment& deployment, int count,
                                const std::function<v1::ListEnrollmentsRequest(int)>& request) {
  struct Call {
    std::unique_ptr<grpc::ClientContext> context = Context(absl::Seconds(60));
    v1::ListEnrollmentsRequest request;
    v1::ListEnrollmentsResponse response;
    grpc::Status status;
  };
  std::vector<Call> calls(count);
  absl::BlockingCounter done(count);
  for (int i = 0; i < count; ++i) {
    Call& call = calls[i];
    call.request = request(i);
    deployment.enrollments().async()->ListEnrollments(
        call.context.get(), &call.request, &call.response, [&call, &done](grpc::Status status) {
          call.status = std::move(status);
          done.DecrementCount();
        });
  }
  done.Wait();
  std::vector<Outcome> outcomes;
  for (const Call& call : calls) {
    outcomes.push_back({.status = call.status, .failure = FailureOf(call.status, *call.context)});
  }
  return outcomes;
}

int64_t Lists(Deployment& deployment) {
  return deployment.providers().CountRequests("openapply", "/api/v3/reenrollments");
}

void TakeDown(Deployment& deployment) {
  deployment.providers().AddFault({.provider = "openapply", .count = -1, .status = 503});
}

TEST(OutageTest, AttemptsAreAtMostAFifthMoreThanCallsAlsoWithoutABreaker) {
  Deployment deployment({.adjust = [](v1::Config& config) {
    auto& connection = ConnectionOf(config, "oa");
    connection.mutable_breaker()->set_disabled(true);
    connection.mutable_retry()->mutable_initial_backoff()->set_nanos(1'000'000);
    Widen(config, "oa");
  }});
  TakeDown(deployment);
  constexpr int kCalls = 400;
  for (const Outcome& outcome :
       CallAtOnce(deployment, kCalls, [](int i) { return ListNumber("oa", i); })) {
    EXPECT_EQ(outcome.failure.reason, "PROVIDER_UNAVAILABLE");
  }
  EXPECT_GT(Lists(deployment), kCalls);
  EXPECT_LE(Lists(deployment), kCalls * 12 / 10);
}

TEST(OutageTest, TheBreakerSparesTheProviderAndOneProbeFindsItWell) {
  Deployment deployment({.adjust = [](v1::Config& config) {
    auto& breaker = *ConnectionOf(config, "oa").mutable_breaker();
    breaker.mutable_open()->set_nanos(kOpenMilliseconds * 1'000'000);
  }});
  TakeDown(deployment);
  constexpr int kCalls = 200;
  int refused = 0;
  for (int i = 0; i < kCalls; ++i) {
    const auto context = Context();
    v1::ListEnrollmentsResponse response;
    const grpc::Status status =
        deployment.enrollments().ListEnrollments(context.get(), ListNumber("oa", i), &response);
    const Failure failure = FailureOf(status, *context);
    EXPECT_EQ(failure.code, grpc::StatusCode::UNAVAILABLE);
    if (failure.reason != "CIRCUIT_OPEN") continue;
    ++refused;
    EXPECT_TRUE(failure.retry.has_value());
    EXPECT_NE(failure.pushback, "");
    EXPECT_EQ(failure.metadata.at("connection"), "oa");
  }
  EXPECT_GT(refused, kCalls / 2);
  EXPECT_LE(Lists(deployment), kCalls / 2);

  // Another connection of the process has not noticed.
  v1::ListEnrollmentsRequest other;
  other.set_parent("connections/tms");
  v1::ListEnrollmentsResponse response;
  EXPECT_TRUE(List(deployment, other, &response).ok());

  deployment.providers().ClearFaults();
  EXPECT_TRUE(Eventually([&] {
    deployment.providers().ClearRequests();
    return List(deployment, ListNumber("oa", 0), &response).ok();
  }));
  // The call that was answered is the one that was sent: the probe itself.
  EXPECT_EQ(Lists(deployment), 1);
  EXPECT_TRUE(List(deployment, ListNumber("oa", 1), &response).ok());
}

TEST(OutageTest, IdenticalReadsOfOneCallerReachTheProviderOnce) {
  Deployment deployment({.adjust = [](v1::Config& config) {
    config.mutable_server()->set_max_streams_per_connection(2 * kManyCalls);
  }});
  deployment.providers().AddFault({.provider = "openapply", .count = 1, .delay = absl::Seconds(1)});
  for (const Outcome& outcome :
       CallAtOnce(deployment, 100, [](int) { return ListNumber("oa", 1); })) {
    EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
  }
  // Who came when the first answer had been given asked again: few, if any.
  EXPECT_LE(Lists(deployment), 3);
}

TEST(OutageTest, MoreCallsThanMayWaitAreRefusedWithATimeToComeBack) {
  Deployment deployment({.adjust = [](v1::Config& config) {
    auto& concurrency = *ConnectionOf(config, "oa").mutable_concurrency();
    concurrency.set_max_in_flight(2);
    concurrency.set_max_queued(3);
  }});
  deployment.providers().AddFault(
      {.provider = "openapply", .count = -1, .delay = absl::Milliseconds(300)});
  int good = 0;
  for (const Outcome& outcome :
       CallAtOnce(deployment, 50, [](int i) { return ListNumber("oa", i); })) {
    if (outcome.status.ok()) {
      ++good;
      continue;
    }
    EXPECT_EQ(outcome.failure.code, grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_EQ(outcome.failure.reason, "LOCAL_LIMIT");
    EXPECT_TRUE(outcome.failure.retry.has_value());
  }
  EXPECT_GE(good, 5);
  EXPECT_LT(good, 50);
  EXPECT_EQ(Lists(deployment), good);
}

TEST(OutageTest, ConnectionsShareARateByItsName) {
  Deployment deployment({.more_connections = absl::StrCat("  - id: oa2\n"
                                                          "    provider: openapply\n"
                                                          "    base_url: \"{url}/openapply\"\n"
                                                          "    auth: { bearer: { value: ",
                                                          sandbox::kOpenApplyToken, " } }\n"),
                         .adjust = [](v1::Config& config) {
                           auto& limit = *config.add_rate_limits();
                           limit.set_name("address");
                           limit.mutable_rate()->set_per_second(0.01);
                           limit.mutable_rate()->set_burst(4);
                           for (const char* id : {"oa", "oa2"}) {
                             ConnectionOf(config, id).mutable_rate_limit()->set_shared("address");
                           }
                         }});
  std::multiset<std::string> reasons;
  v1::ListEnrollmentsResponse response;
  for (int i = 0; i < 6; ++i) {
    const auto context = Context();
    const grpc::Status status = deployment.enrollments().ListEnrollments(
        context.get(), ListNumber(i % 2 == 0 ? "oa" : "oa2", i), &response);
    reasons.insert(status.ok() ? "" : FailureOf(status, *context).reason);
  }
  EXPECT_EQ(reasons.count("LOCAL_LIMIT"), 2);
  EXPECT_LE(Lists(deployment), 4);
}

TEST(OutageTest, ACacheAnswersForItsCallerUntilSomethingIsWritten) {
  Deployment deployment({.adjust = [](v1::Config& config) {
    ConnectionOf(config, "oa").mutable_cache()->mutable_max_age()->set_seconds(3600);
  }});
  v1::ListEnrollmentsRequest request;
  request.set_parent("connections/oa");
  request.set_page_size(1);
  v1::ListEnrollmentsResponse first;
  ASSERT_TRUE(List(deployment, request, &first).ok());
  const int64_t asked = Lists(deployment);
  v1::ListEnrollmentsResponse second;
  ASSERT_TRUE(List(deployment, request, &second).ok());
  EXPECT_EQ(Lists(deployment), asked);
  ASSERT_EQ(second.enrollments_size(), 1);
  EXPECT_EQ(second.enrollments(0).DebugString(), first.enrollments(0).DebugString());

  v1::UpdateEnrollmentRequest update;
  update.mutable_enrollment()->set_name(first.enrollments(0).name());
  update.mutable_enrollment()->set_provider_status("Not Returning");
  update.mutable_update_mask()->add_paths("provider_status");
  const auto context = Context();
  v1::Enrollment updated;
  const grpc::Status written =
      deployment.enrollments().UpdateEnrollment(context.get(), update, &updated);
  ASSERT_TRUE(written.ok()) << written.error_message();
  ASSERT_TRUE(List(deployment, request, &second).ok());
  EXPECT_GT(Lists(deployment), asked);
}

TEST(OutageTest, AThousandCallsOnAnExpiredTokenFetchOneToken) {
  std::atomic<int64_t> seconds{0};
  const absl::Time start = absl::Now();
  DeploymentOptions options;
  options.more_connections = absl::StrCat(
      "  - id: oauth\n"
      "    provider: openapply\n"
      "    base_url: \"{url}/openapply\"\n"
      "    auth:\n"
      "      oauth2_client:\n"
      "        token_url: \"{url}/openapply/oauth/token\"\n"
      "        client_id: { value: ",
      sandbox::kOpenApplyClientId,
      " }\n        client_secret: { value: ", sandbox::kOpenApplyClientSecret, " }\n");
  options.adjust = [](v1::Config& config) { Widen(config, "oauth"); };
  options.sandbox.now = [&seconds, start] { return start + absl::Seconds(seconds.load()); };
  Deployment deployment(std::move(options));
  const auto tokens = [&deployment] {
    return deployment.providers().CountRequests("openapply", "oauth/token");
  };
  v1::ListEnrollmentsResponse response;
  ASSERT_TRUE(List(deployment, ListNumber("oauth", 0), &response).ok());
  ASSERT_EQ(tokens(), 1);
  // Only the provider's clock goes on: to all of the calls, the token that they have is refused.
  seconds = int64_t{60} * 60 * 24 * 365;
  int good = 0;
  for (const Outcome& outcome :
       CallAtOnce(deployment, kManyCalls, [](int i) { return ListNumber("oauth", i); })) {
    good += outcome.status.ok() ? 1 : 0;
  }
  EXPECT_EQ(good, kManyCalls);
  EXPECT_EQ(tokens(), 2);
}

}  // namespace
}  // namespace edugate::end_to_end
