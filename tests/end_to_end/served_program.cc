#include "tests/end_to_end/served_program.h"

#include <httplib.h>

#include <cstdlib>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "sandbox/sandbox.h"
#include "tests/end_to_end/deployment.h"

namespace edugate::end_to_end {

ServedProgram::ServedProgram(const std::string& config_file)
    : process_(Process::Start({EDUGATE_PROGRAM, "serve", "--config", config_file})),
      address_(process_->AwaitLine("edugate: listening on ")),
      admin_address_(process_->AwaitLine("edugate: admin on ")) {
  EXPECT_NE(admin_address_, "") << process_->Wait().err;
  const auto channel = grpc::CreateChannel(address_, grpc::InsecureChannelCredentials());
  connections_ = v1::ConnectionService::NewStub(channel);
  enrollments_ = v1::EnrollmentService::NewStub(channel);
  transcripts_ = v1::TranscriptService::NewStub(channel);
}

std::string ServedProgram::ConnectionIds() {
  v1::ListConnectionsResponse response;
  const grpc::Status status =
      connections_->ListConnections(Context(absl::Seconds(5)).get(), {}, &response);
  if (!status.ok()) return "";
  std::vector<std::string> ids;
  for (const v1::Connection& each : response.connections()) {
    ids.emplace_back(absl::StripPrefix(each.name(), "connections/"));
  }
  return absl::StrJoin(ids, ",");
}

std::string ServedProgram::Metric(absl::string_view line) const {
  httplib::Client client("http://" + admin_address_);
  const auto answer = client.Get("/metrics");
  if (!answer) return "";
  for (const absl::string_view each : absl::StrSplit(answer->body, '\n')) {
    if (absl::StartsWith(each, absl::StrCat(line, " "))) {
      return std::string(each.substr(line.size() + 1));
    }
  }
  return "";
}

int ServedProgram::Status(const std::string& path) const {
  httplib::Client client("http://" + admin_address_);
  const auto answer = client.Get(path);
  return answer ? answer->status : 0;
}

int ServedProgram::SendWebhook(const std::string& transcript) const {
  httplib::Client client("http://" + admin_address_);
  const auto answer = client.Post(
      "/webhooks/m1", {{"Authorization", sandbox::kMeasureOneWebhookSecret}},
      absl::StrCat(R"({"transcript_id":")", transcript, R"(","event":"transcript.processed"})"),
      "application/json");
  return answer ? answer->status : 0;
}

std::unique_ptr<grpc::ClientReader<v1::TranscriptEvent>> ServedProgram::Watch(
    grpc::ClientContext& context, const std::string& resume_token) {
  v1::WatchTranscriptEventsRequest request;
  request.set_parent("connections/m1");
  request.set_resume_token(resume_token);
  return transcripts_->WatchTranscriptEvents(&context, request);
}

Ended ServedProgram::Stop(int signal) {
  process_->Signal(signal);
  return process_->Wait();
}

std::string ServerYaml(absl::string_view listen, absl::string_view more) {
  return absl::StrCat(
      "server:\n  listen: \"", listen,
      "\"\n  admin_listen: 127.0.0.1:0\n"
      "  page_token_key: { value: a key for tests alone and longer than 32 bytes }\n",
      more);
}

std::string WebhookConnection() {
  return absl::StrCat(
      "  - id: m1\n    provider: measureone\n    base_url: http://127.0.0.1:9/measureone\n"
      "    auth: { bearer: { value: unused } }\n    webhook: { secrets: [ { value: \"",
      sandbox::kMeasureOneWebhookSecret, "\" } ] }\n");
}

int SizeOf(const char* variable, int otherwise) {
  int size = 0;
  const char* const text = std::getenv(variable);
  return text != nullptr && absl::SimpleAtoi(text, &size) && size > 0 ? size : otherwise;
}

}  // namespace edugate::end_to_end
