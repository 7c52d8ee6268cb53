// Where a connection's requests may go, through the whole program.

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/deployment.h"

namespace edugate::end_to_end {
namespace {

std::string ConnectionTo(const std::string& id, const std::string& base_url) {
  return absl::StrCat("  - id: ", id, "\n    provider: openapply\n    base_url: ", base_url,
                      "\n    auth: { bearer: { value: canary-token } }\n");
}

// The status of a list of the connection's enrollments.
grpc::Status ListOf(Deployment& deployment, const std::string& connection, Failure* failure) {
  v1::ListEnrollmentsRequest request;
  request.set_parent(absl::StrCat("connections/", connection));
  v1::ListEnrollmentsResponse response;
  const auto context = Context();
  const grpc::Status status =
      deployment.enrollments().ListEnrollments(context.get(), request, &response);
  *failure = FailureOf(status, *context);
  return status;
}

TEST(EgressTest, APrivateAddressIsNotReached) {
  Deployment deployment(
      {.more_connections = absl::StrCat(ConnectionTo("metadata", "https://169.254.169.254"),
                                        ConnectionTo("intranet", "https://10.0.0.1"),
                                        ConnectionTo("mapped", "https://[::ffff:10.0.0.1]"))});
  for (const char* id : {"metadata", "intranet", "mapped"}) {
    Failure failure;
    EXPECT_EQ(ListOf(deployment, id, &failure).error_code(), grpc::StatusCode::UNAVAILABLE) << id;
    EXPECT_EQ(failure.reason, "PROVIDER_UNAVAILABLE") << id;
  }
}

TEST(EgressTest, ThisMachineIsReachedByTheConnectionThatNamesItAlone) {
  sandbox::Options options;
  Deployment deployment({.adjust =
                             [](v1::Config& config) {
                               // The sandbox's own address, in a spelling that names no loopback
                               // address.
                               v1::ConnectionConfig& other = *config.add_connections();
                               other = config.connections(0);
                               other.set_id("other");
                               other.set_base_url(absl::StrReplaceAll(
                                   other.base_url(), {{"http://127.0.0.1", "https://2130706433"}}));
                             },
                         .sandbox = options});
  Failure failure;
  EXPECT_TRUE(ListOf(deployment, "oa", &failure).ok());
  EXPECT_EQ(ListOf(deployment, "other", &failure).error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace edugate::end_to_end
