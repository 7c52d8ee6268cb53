// How failures of the providers reach a caller: the table of errors, row by row, over real sockets.

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/deployment.h"
#include "tests/end_to_end/port.h"

namespace edugate::end_to_end {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Stands in every body that the provider sends here, and never in what a caller gets.
constexpr char kCanary[] = "Canary Jane Doe jane.doe@example.org 555-0100";

std::string ErrorBody() { return absl::StrCat("{\"error\":\"", kCanary, "\"}"); }

class ErrorTableTest : public ::testing::Test {
 protected:
  ErrorTableTest() { deployment_ = std::make_unique<Deployment>(); }

  // A fault that every further request of OpenApply meets.
  static sandbox::Fault Always(sandbox::Fault fault) {
    fault.provider = "openapply";
    fault.count = -1;
    return fault;
  }

  Failure Read() {
    const auto context = Context();
    v1::ListEnrollmentsRequest request;
    request.set_parent("connections/oa");
    v1::ListEnrollmentsResponse response;
    const grpc::Status status =
        deployment_->enrollments().ListEnrollments(context.get(), request, &response);
    return Checked(FailureOf(status, *context));
  }

  Failure Write() {
    const auto context = Context();
    v1::UpdateEnrollmentRequest request;
    request.mutable_enrollment()->set_name("connections/oa/enrollments/59");
    request.mutable_enrollment()->set_grade_level("10");
    v1::Enrollment record;
    const grpc::Status status =
        deployment_->enrollments().UpdateEnrollment(context.get(), request, &record);
    return Checked(FailureOf(status, *context));
  }

  // What holds of every failure.
  static Failure Checked(Failure failure) {
    for (const char* part : {"Canary", "Jane", "example.org", "555-0100", "not-a-secret"}) {
      EXPECT_THAT(failure.bytes, Not(HasSubstr(part)));
    }
    EXPECT_LE(failure.bytes.size(), 2 * 4096u);
    if (failure.code != grpc::StatusCode::OK && failure.reason != "ARGUMENT_INVALID") {
      EXPECT_EQ(failure.metadata["connection"], "oa");
      EXPECT_EQ(failure.metadata["provider"], "openapply");
      EXPECT_THAT(failure.metadata["operation"], HasSubstr("OpenApplyV3."));
    }
    return failure;
  }

  void Fault(sandbox::Fault fault) {
    deployment_->providers().Reset();
    deployment_->providers().AddFault(Always(std::move(fault)));
  }

  int64_t Requests() { return deployment_->providers().CountRequests("openapply"); }

  std::unique_ptr<Deployment> deployment_;
};

struct Row {
  int http_status;
  grpc::StatusCode read;
  grpc::StatusCode write;
  const char* reason;
};

TEST_F(ErrorTableTest, StatusesOfTheProvider) {
  using grpc::StatusCode;
  for (const Row& row : {
           Row{400, StatusCode::INVALID_ARGUMENT, StatusCode::INVALID_ARGUMENT,
               "PROVIDER_REJECTED_REQUEST"},
           Row{422, StatusCode::INVALID_ARGUMENT, StatusCode::INVALID_ARGUMENT,
               "PROVIDER_REJECTED_REQUEST"},
           Row{401, StatusCode::FAILED_PRECONDITION, StatusCode::FAILED_PRECONDITION,
               "PROVIDER_CREDENTIALS_INVALID"},
           Row{403, StatusCode::PERMISSION_DENIED, StatusCode::PERMISSION_DENIED,
               "PROVIDER_DENIED"},
           Row{404, StatusCode::NOT_FOUND, StatusCode::NOT_FOUND, "RESOURCE_NOT_FOUND"},
           Row{405, StatusCode::UNIMPLEMENTED, StatusCode::UNIMPLEMENTED,
               "OPERATION_NOT_SUPPORTED"},
           Row{501, StatusCode::UNIMPLEMENTED, StatusCode::UNIMPLEMENTED,
               "OPERATION_NOT_SUPPORTED"},
           Row{409, StatusCode::ABORTED, StatusCode::ABORTED, "PROVIDER_CONFLICT"},
           Row{423, StatusCode::ABORTED, StatusCode::ABORTED, "PROVIDER_LOCKED"},
           Row{429, StatusCode::RESOURCE_EXHAUSTED, StatusCode::RESOURCE_EXHAUSTED,
               "PROVIDER_RATE_LIMITED"},
           Row{500, StatusCode::UNAVAILABLE, StatusCode::UNKNOWN, "PROVIDER_ERROR"},
           Row{502, StatusCode::UNAVAILABLE, StatusCode::UNAVAILABLE, "PROVIDER_UNAVAILABLE"},
           Row{503, StatusCode::UNAVAILABLE, StatusCode::UNAVAILABLE, "PROVIDER_UNAVAILABLE"},
           Row{504, StatusCode::UNAVAILABLE, StatusCode::UNAVAILABLE, "PROVIDER_UNAVAILABLE"},
       }) {
    SCOPED_TRACE(row.http_status);
    // The provider asks for more patience than any call has, so that nothing is tried again.
    Fault({.status = row.http_status, .body = ErrorBody(), .headers = {{"Retry-After", "300"}}});
    for (const bool write : {false, true}) {
      const Failure failure = write ? Write() : Read();
      EXPECT_EQ(failure.code, write ? row.write : row.read);
      EXPECT_EQ(failure.reason, row.reason);
      EXPECT_EQ(failure.metadata.at("provider_status"), absl::StrCat(row.http_status));
    }
    EXPECT_EQ(Requests(), 2);
  }
}

TEST_F(ErrorTableTest, TheNextGoodCallSucceeds) {
  Fault({.status = 503, .body = ErrorBody(), .headers = {{"Retry-After", "300"}}});
  EXPECT_NE(Read().code, grpc::StatusCode::OK);
  deployment_->providers().ClearFaults();
  EXPECT_EQ(Read().code, grpc::StatusCode::OK);
}

TEST_F(ErrorTableTest, RefusedFieldsAreNamedAsTheRequestDoes) {
  Fault(
      {.status = 422,
       .body = absl::StrCat("{\"errors\":{\"grade\":[\"", kCanary, "\"],\"status_updated_at\":[\"",
                            kCanary, "\"],\"", "colour\":[\"x\"]}}")});
  const Failure failure = Write();
  EXPECT_EQ(failure.code, grpc::StatusCode::INVALID_ARGUMENT);
  ASSERT_TRUE(failure.bad_request.has_value());
  std::vector<std::string> fields;
  for (const auto& each : failure.bad_request->field_violations()) fields.push_back(each.field());
  EXPECT_THAT(fields,
              ::testing::UnorderedElementsAre("enrollment.grade_level", "enrollment.status_time"));
}

TEST_F(ErrorTableTest, ARateLimitSaysWhenToComeBack) {
  const int64_t reset = absl::ToUnixSeconds(absl::Now()) + 600;
  Fault({.status = 429,
         .body = ErrorBody(),
         .headers = {{"X-RateLimit-Limit", "100"},
                     {"X-RateLimit-Period", "60"},
                     {"X-RateLimit-Reset", absl::StrCat(reset)}}});
  const Failure failure = Read();
  EXPECT_EQ(failure.code, grpc::StatusCode::RESOURCE_EXHAUSTED);
  ASSERT_TRUE(failure.retry.has_value());
  EXPECT_GT(failure.retry->retry_delay().seconds(), 500);
  EXPECT_LE(failure.retry->retry_delay().seconds(), 600);
  EXPECT_TRUE(failure.quota.has_value());
  int64_t pushback = 0;
  ASSERT_TRUE(absl::SimpleAtoi(failure.pushback, &pushback)) << failure.pushback;
  EXPECT_GT(pushback, 500'000);
  EXPECT_LE(pushback, 600'000);
  EXPECT_EQ(Requests(), 1);
}

TEST_F(ErrorTableTest, TheProvidersOwnRateLimitIsPassedOn) {
  sandbox::ProviderSettings settings;
  settings.rate_limit = {.requests = 1, .period = absl::Minutes(10)};
  ASSERT_TRUE(deployment_->providers().SetSettings("openapply", settings).ok());
  EXPECT_EQ(Read().code, grpc::StatusCode::OK);
  EXPECT_EQ(Read().code, grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(ErrorTableTest, RetryAfterIsReadWhateverItSays) {
  struct Case {
    const char* value;
    int64_t least;
    int64_t most;
  };
  for (const Case& each : {Case{"120", 120, 120}, Case{"99999999999", 3600, 3600},
                           Case{"Fri, 31 Dec 2100 23:59:59 GMT", 3600, 3600}}) {
    Fault({.status = 503, .body = ErrorBody(), .headers = {{"Retry-After", each.value}}});
    const Failure failure = Read();
    ASSERT_TRUE(failure.retry.has_value()) << each.value;
    EXPECT_GE(failure.retry->retry_delay().seconds(), each.least) << each.value;
    EXPECT_LE(failure.retry->retry_delay().seconds(), each.most) << each.value;
    EXPECT_NE(failure.pushback, "") << each.value;
  }
}

TEST_F(ErrorTableTest, AReadThatFailedOnceIsTriedAgain) {
  for (const sandbox::Fault& fault :
       {sandbox::Fault{.provider = "openapply", .status = 500},
        sandbox::Fault{.provider = "openapply", .status = 503, .headers = {{"Retry-After", "0"}}},
        sandbox::Fault{.provider = "openapply", .drop = sandbox::Drop::kReset}}) {
    deployment_->providers().Reset();
    deployment_->providers().AddFault(fault);
    EXPECT_EQ(Read().code, grpc::StatusCode::OK);
    EXPECT_EQ(Requests(), 2);
  }
}

TEST_F(ErrorTableTest, AReadIsTriedThreeTimesAtMost) {
  Fault({.status = 500, .body = ErrorBody()});
  EXPECT_EQ(Read().reason, "PROVIDER_ERROR");
  EXPECT_EQ(Requests(), 3);
}

TEST_F(ErrorTableTest, AConnectionThatBreaksIsUnavailableToAReader) {
  for (const sandbox::Drop drop :
       {sandbox::Drop::kBeforeResponse, sandbox::Drop::kReset, sandbox::Drop::kMidBody}) {
    Fault({.drop = drop});
    const Failure failure = Read();
    EXPECT_THAT(failure.reason, AnyOf("PROVIDER_UNAVAILABLE", "PROVIDER_RESPONSE_INVALID"));
    EXPECT_THAT(failure.code, AnyOf(grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::INTERNAL));
    EXPECT_LE(Requests(), 6);
  }
}

TEST_F(ErrorTableTest, AProviderThatIsNotThereIsUnavailable) {
  const Port port(false);
  ASSERT_TRUE(port.bound());
  deployment_ = std::make_unique<Deployment>(DeploymentOptions{.adjust = [&](v1::Config& config) {
    config.mutable_connections(0)->set_base_url(absl::StrCat("http://127.0.0.1:", port.number()));
  }});
  const Failure failure = Read();
  EXPECT_EQ(failure.code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(failure.reason, "PROVIDER_UNAVAILABLE");
  EXPECT_TRUE(failure.retry.has_value());
  // Nothing was sent, so that the outcome of a write is known, too.
  EXPECT_EQ(Write().reason, "PROVIDER_UNAVAILABLE");
}

TEST_F(ErrorTableTest, ASuccessThatCanNotBeReadIsInvalid) {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  const std::string page =
      absl::StrCat("{\"reenrollments\":[{\"id\":1,\"grade\":\"", kCanary, "\"");
  struct Case {
    const char* what;
    sandbox::Fault fault;
  };
  const std::vector<Case> cases = {
      {"a login page",
       {.body = absl::StrCat("<html>", kCanary, "</html>"), .content_type = "text/html"}},
      {"a cut document", {.body = page}},
      {"a cut body", {.truncate_to = 100}},
      {"no body", {.body = ""}},
      {"text", {.body = absl::StrCat("\"", kCanary, "\"")}},
      {"null", {.body = "null"}},
      {"a list", {.body = "[]"}},
      {"deep", {.body = deep}},
      {"two documents", {.body = "{\"reenrollments\":[]}{\"reenrollments\":[]}"}},
      {"not UTF-8", {.body = "{\"reenrollments\":\xff\xfe}"}},
      {"XML with an entity",
       {.body = "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>",
        .content_type = "application/xml"}},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.what);
    Fault(each.fault);
    const Failure failure = Read();
    EXPECT_EQ(failure.code, grpc::StatusCode::INTERNAL);
    EXPECT_EQ(failure.reason, "PROVIDER_RESPONSE_INVALID");
    EXPECT_EQ(Requests(), 1);
  }
  deployment_->providers().ClearFaults();
  EXPECT_EQ(Read().code, grpc::StatusCode::OK);
}

TEST_F(ErrorTableTest, AReplyThatIsTooLargeIsInvalid) {
  Fault({.body = absl::StrCat("{\"reenrollments\":[],\"x\":\"", std::string(9 << 20, 'x'), "\"}")});
  EXPECT_EQ(Read().reason, "PROVIDER_RESPONSE_INVALID");
}

TEST_F(ErrorTableTest, ARedirectIsNotFollowed) {
  for (const int status : {301, 302, 307, 308}) {
    Fault({.status = status,
           .headers = {{"Location", absl::StrCat(deployment_->providers().root_url(),
                                                 "/class_enrollment/stolen")}}});
    EXPECT_EQ(Read().reason, "PROVIDER_RESPONSE_INVALID") << status;
    EXPECT_EQ(deployment_->providers().CountRequests(""), 1) << status;
  }
}

TEST_F(ErrorTableTest, AWrongTokenIsTheOperatorsFault) {
  deployment_ = std::make_unique<Deployment>(DeploymentOptions{.adjust = [](v1::Config& config) {
    for (auto& connection : *config.mutable_connections()) {
      if (connection.id() != "oa") continue;
      connection.mutable_auth()->mutable_bearer()->set_value("Canary-token-not-a-secret");
    }
  }});
  const Failure failure = Read();
  EXPECT_EQ(failure.code, grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(failure.reason, "PROVIDER_CREDENTIALS_INVALID");
}

TEST_F(ErrorTableTest, ACheckOfTheConnectionTellsTheSame) {
  v1::CheckConnectionRequest request;
  request.set_name("connections/oa");
  v1::CheckConnectionResponse response;
  ASSERT_TRUE(deployment_->connections().CheckConnection(Context().get(), request, &response).ok());
  EXPECT_EQ(response.check().state(), v1::CONNECTION_STATE_WORKING);
  Fault({.status = 401, .body = ErrorBody()});
  ASSERT_TRUE(deployment_->connections().CheckConnection(Context().get(), request, &response).ok());
  EXPECT_EQ(response.check().state(), v1::CONNECTION_STATE_CREDENTIALS_INVALID);
  EXPECT_EQ(response.check().reason(), "PROVIDER_CREDENTIALS_INVALID");
  EXPECT_THAT(response.ShortDebugString(), Not(HasSubstr("Canary")));
}

}  // namespace
}  // namespace edugate::end_to_end
