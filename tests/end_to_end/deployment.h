// edugate and the sandbox in one process, connected over real sockets.
#ifndef TESTS_END_TO_END_DEPLOYMENT_H_
#define TESTS_END_TO_END_DEPLOYMENT_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "app/server.h"
#include "edugate/v1/connection_service.grpc.pb.h"
#include "edugate/v1/enrollment_service.grpc.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "sandbox/sandbox.h"

namespace edugate::end_to_end {

// What a caller sees of a failure.
struct Failure {
  grpc::StatusCode code = grpc::StatusCode::OK;
  std::string reason;
  std::map<std::string, std::string> metadata;
  std::optional<google::rpc::RetryInfo> retry;
  std::optional<google::rpc::BadRequest> bad_request;
  std::optional<google::rpc::ResourceInfo> resource;
  std::optional<google::rpc::QuotaFailure> quota;
  // The trailer grpc-retry-pushback-ms, or "".
  std::string pushback;
  // Everything that went over the wire, to search for what must not be there.
  std::string bytes;
};

// The failure of a call that has ended.
Failure FailureOf(const grpc::Status& status, const grpc::ClientContext& context);

// A configuration with connections `oa` (openapply) and `tms` (class_enrollment) to the sandbox,
// and more below `connections:`, in which `{url}` is the sandbox's address.
std::string ConfigFor(const sandbox::Sandbox& sandbox, absl::string_view more_connections = "");

struct DeploymentOptions {
  // As ConfigFor takes it.
  std::string more_connections;
  // Changes the configuration that is served.
  std::function<void(v1::Config&)> adjust;
  sandbox::Options sandbox;
};

// A started sandbox and a server with the configuration of ConfigFor. Ends the test program
// with a message where something can't start.
class Deployment {
 public:
  explicit Deployment(DeploymentOptions options = {});
  ~Deployment();

  sandbox::Sandbox& providers() { return *sandbox_; }
  app::Server& server() { return *server_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  v1::EnrollmentService::Stub& enrollments() { return *enrollments_; }
  v1::ConnectionService::Stub& connections() { return *connections_; }

 private:
  std::unique_ptr<sandbox::Sandbox> sandbox_;
  std::unique_ptr<app::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::EnrollmentService::Stub> enrollments_;
  std::unique_ptr<v1::ConnectionService::Stub> connections_;
};

// A client context with a deadline, so that no test hangs.
std::unique_ptr<grpc::ClientContext> Context(absl::Duration timeout = absl::Seconds(30));

// One page.
grpc::Status List(Deployment& deployment, const v1::ListEnrollmentsRequest& request,
                  v1::ListEnrollmentsResponse* response);

// Every record, by tokens.
std::vector<v1::Enrollment> WalkPages(Deployment& deployment, v1::ListEnrollmentsRequest request);

// Every record, by the stream.
std::vector<v1::Enrollment> WalkStream(Deployment& deployment,
                                       const v1::StreamEnrollmentsRequest& request);

// The provider's ids.
std::vector<std::string> IdsOf(const std::vector<v1::Enrollment>& records);

// Waits until `condition` holds, for at most ten seconds; whether it did. For what happens in
// another thread.
bool Eventually(const std::function<bool()>& condition);

}  // namespace edugate::end_to_end

#endif  // TESTS_END_TO_END_DEPLOYMENT_H_
