#include "tests/end_to_end/deployment.h"

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "app/config_check.h"

namespace edugate::end_to_end {
namespace {

// The value, or the end of the program.
template <typename Value>
Value OrDie(absl::StatusOr<Value> value, const char* what) {
  if (!value.ok()) {
    std::fprintf(stderr, "%s: %s\n", what, value.status().ToString().c_str());
    std::abort();
  }
  return *std::move(value);
}

}  // namespace

Failure FailureOf(const grpc::Status& status, const grpc::ClientContext& context) {
  Failure failure{.code = status.error_code(),
                  .bytes = absl::StrCat(status.error_message(), status.error_details())};
  for (const auto& [key, value] : context.GetServerTrailingMetadata()) {
    const std::string text(value.data(), value.size());
    if (std::string(key.data(), key.size()) == "grpc-retry-pushback-ms") failure.pushback = text;
    absl::StrAppend(&failure.bytes, std::string(key.data(), key.size()), text);
  }
  google::rpc::Status wire;
  if (!wire.ParseFromString(status.error_details())) return failure;
  for (const auto& detail : wire.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::RetryInfo retry;
    google::rpc::BadRequest bad_request;
    google::rpc::ResourceInfo resource;
    google::rpc::QuotaFailure quota;
    if (detail.UnpackTo(&info)) {
      failure.reason = info.reason();
      failure.metadata.insert(info.metadata().begin(), info.metadata().end());
    }
    if (detail.UnpackTo(&retry)) failure.retry = retry;
    if (detail.UnpackTo(&bad_request)) failure.bad_request = bad_request;
    if (detail.UnpackTo(&resource)) failure.resource = resource;
    if (detail.UnpackTo(&quota)) failure.quota = quota;
  }
  return failure;
}

std::string ConfigFor(const sandbox::Sandbox& sandbox, absl::string_view more_connections) {
  return absl::StrCat(
      "server:\n"
      "  listen: 127.0.0.1:0\n"
      "  insecure: true\n"
      "  page_token_key: { value: a key for tests alone and longer than 32 bytes }\n"
      "connections:\n"
      "  - id: oa\n"
      "    provider: openapply\n"
      "    base_url: ",
      sandbox.base_url("openapply"), "\n    auth: { bearer: { value: ", sandbox::kOpenApplyToken,
      " } }\n"
      "  - id: tms\n"
      "    provider: class_enrollment\n"
      "    base_url: ",
      sandbox.base_url("class_enrollment"),
      "/api/2.0\n    auth: { api_key: { value: ", sandbox::kClassEnrollmentApiKey, " } }\n",
      absl::StrReplaceAll(more_connections, {{"{url}", sandbox.root_url()}}));
}

Deployment::Deployment(DeploymentOptions options) {
  sandbox_ = OrDie(sandbox::Sandbox::Start(options.sandbox), "the sandbox");
  const std::string yaml = ConfigFor(*sandbox_, options.more_connections);
  v1::Config config = OrDie(app::LoadConfigText(yaml, "end_to_end"), "the configuration");
  if (options.adjust) options.adjust(config);
  server_ = OrDie(app::Server::Start(config), "the server");
  channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
  enrollments_ = v1::EnrollmentService::NewStub(channel_);
  connections_ = v1::ConnectionService::NewStub(channel_);
}

Deployment::~Deployment() {
  // Delays of the sandbox would hold the server's last calls.
  sandbox_->ClearFaults();
  sandbox_->Stop();
}

std::unique_ptr<grpc::ClientContext> Context(absl::Duration timeout) {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  return context;
}

grpc::Status List(Deployment& deployment, const v1::ListEnrollmentsRequest& request,
                  v1::ListEnrollmentsResponse* response) {
  return deployment.enrollments().ListEnrollments(Context().get(), request, response);
}

std::vector<v1::Enrollment> WalkPages(Deployment& deployment, v1::ListEnrollmentsRequest request) {
  std::vector<v1::Enrollment> records;
  do {
    v1::ListEnrollmentsResponse page;
    const grpc::Status status = List(deployment, request, &page);
    if (!status.ok()) {
      std::fprintf(stderr, "a page failed: %s\n", status.error_message().c_str());
      return {};
    }
    for (auto& each : *page.mutable_enrollments()) records.push_back(std::move(each));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return records;
}

std::vector<v1::Enrollment> WalkStream(Deployment& deployment,
                                       const v1::StreamEnrollmentsRequest& request) {
  const auto context = Context();
  const auto reader = deployment.enrollments().StreamEnrollments(context.get(), request);
  std::vector<v1::Enrollment> records;
  v1::Enrollment record;
  while (reader->Read(&record)) records.push_back(record);
  const grpc::Status status = reader->Finish();
  if (!status.ok()) {
    std::fprintf(stderr, "the stream failed: %s\n", status.error_message().c_str());
    return {};
  }
  return records;
}

std::vector<std::string> IdsOf(const std::vector<v1::Enrollment>& records) {
  std::vector<std::string> ids;
  ids.reserve(records.size());
  for (const v1::Enrollment& each : records) ids.push_back(each.provider_id());
  return ids;
}

bool Eventually(const std::function<bool()>& condition) {
  const absl::Time end = absl::Now() + absl::Seconds(10);
  while (!condition()) {
    if (absl::Now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace edugate::end_to_end
