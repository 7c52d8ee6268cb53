// `edugate serve` as a process of its own, and its callers.
#ifndef TESTS_END_TO_END_SERVED_PROGRAM_H_
#define TESTS_END_TO_END_SERVED_PROGRAM_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "edugate/v1/connection_service.grpc.pb.h"
#include "edugate/v1/enrollment_service.grpc.pb.h"
#include "edugate/v1/transcript_service.grpc.pb.h"
#include "tests/end_to_end/process.h"

namespace edugate::end_to_end {

class ServedProgram {
 public:
  // Starts it and waits until it takes calls. A failed expectation where it doesn't.
  explicit ServedProgram(const std::string& config_file);

  Process& process() { return *process_; }
  const std::string& address() const { return address_; }
  const std::string& admin_address() const { return admin_address_; }

  v1::ConnectionService::Stub& connections() { return *connections_; }
  v1::EnrollmentService::Stub& enrollments() { return *enrollments_; }
  v1::TranscriptService::Stub& transcripts() { return *transcripts_; }

  // The ids of the connections that it serves now, separated by commas; "" where it doesn't answer.
  std::string ConnectionIds();

  // The value of a metric, as the admin port shows it, by what its line begins with; "" for none.
  std::string Metric(absl::string_view line) const;

  // The HTTP status of a page of the admin port; 0 where it doesn't answer.
  int Status(const std::string& path) const;

  // What a webhook for connection m1 is answered with; 0: with nothing.
  int SendWebhook(const std::string& transcript) const;

  // A watch of connection m1's events, after that of the token where there is one.
  std::unique_ptr<grpc::ClientReader<v1::TranscriptEvent>> Watch(
      grpc::ClientContext& context, const std::string& resume_token = "");

  // Ends it by the signal and returns what it said.
  Ended Stop(int signal);

 private:
  std::unique_ptr<Process> process_;
  std::string address_;
  std::string admin_address_;
  std::unique_ptr<v1::ConnectionService::Stub> connections_;
  std::unique_ptr<v1::EnrollmentService::Stub> enrollments_;
  std::unique_ptr<v1::TranscriptService::Stub> transcripts_;
};

// The beginning of a configuration: a server on `listen` with its admin port, a page token key and
// `more` lines below `server:`.
std::string ServerYaml(absl::string_view listen = "127.0.0.1:0", absl::string_view more = "");

// A MeasureOne connection `m1` that takes webhooks and calls nobody.
std::string WebhookConnection();

// A number of the environment that makes a test larger; `otherwise` where it isn't set.
int SizeOf(const char* variable, int otherwise);

}  // namespace edugate::end_to_end

#endif  // TESTS_END_TO_END_SERVED_PROGRAM_H_
