// A tour of edugate: lists, a verification, a stream, a download, errors and events.
#include <grpcpp/client_context.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "channel.h"
#include "edugate/v1/assignment_service.grpc.pb.h"
#include "edugate/v1/catalog_service.grpc.pb.h"
#include "edugate/v1/enrollment_service.grpc.pb.h"
#include "edugate/v1/transcript_service.grpc.pb.h"
#include "failure.h"

namespace {

namespace v1 = edugate::v1;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kCatalog[] = "connections/edx/catalogs/3f56a21c-76c8-47c0-add8-a99714d40d94";
constexpr char kTranscript[] = "connections/m1/transcripts/trc_TSEne2SSjP3GvpVrs5HLol4xor2";

// One call's context. Every call has a deadline: edugate gives the provider up when it has passed.
class Within : public grpc::ClientContext {
 public:
  explicit Within(milliseconds time) { set_deadline(std::chrono::system_clock::now() + time); }
};

void Check(const grpc::Status& status) {
  if (status.ok()) return;
  throw std::runtime_error(FailureOf(status).reason + ": " + status.error_message());
}

// Gives a list's pages to the last.
template <typename Use>
void ForEachPage(v1::EnrollmentService::Stub& stub, const std::string& parent, Use use) {
  v1::ListEnrollmentsRequest request;
  request.set_parent(parent);
  request.set_page_size(200);
  do {
    Within context(seconds(30));
    v1::ListEnrollmentsResponse page;
    Check(stub.ListEnrollments(&context, request, &page));
    use(page);
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
}

void ListAcrossConnections(const std::shared_ptr<grpc::Channel>& channel) {
  v1::EnrollmentService::Stub stub(channel);
  std::map<std::string, int> counts;
  std::map<std::string, std::string> unreachable;
  ForEachPage(stub, "connections/-", [&](const v1::ListEnrollmentsResponse& page) {
    for (const auto& each : page.enrollments()) {
      ++counts[each.name().substr(0, each.name().find("/enrollments/"))];
    }
    // Whose records the page lacks, and why.
    for (const auto& each : page.unreachable_details()) {
      unreachable[each.connection()] = each.reason();
    }
  });
  for (const auto& [connection, count] : counts) {
    std::cout << connection << ": " << count << " enrollments\n";
  }
  for (const auto& [connection, reason] : unreachable) {
    std::cout << connection << ": not reached, " << reason << "\n";
  }
}

void Verify(const std::shared_ptr<grpc::Channel>& channel) {
  v1::EnrollmentService::Stub stub(channel);
  v1::VerifyEnrollmentRequest request;
  request.set_parent("connections/m1");
  request.set_data_request("dr_TSEne2SSjP3GvpVrs5HLol4xor2");
  request.set_wait(true);  // until the provider has an answer, or the deadline has passed
  Within context(seconds(30));
  v1::EnrollmentVerification verification;
  Check(stub.VerifyEnrollment(&context, request, &verification));
  std::cout << "verification: " << v1::VerificationResult_Name(verification.result()) << "\n";
  for (const auto& finding : verification.findings()) {
    const std::time_t time = finding.as_of_time().seconds();
    char day[sizeof "2022-06-14"];
    std::strftime(day, sizeof day, "%F", std::gmtime(&time));
    std::cout << "  as of " << day << ":";
    for (const auto& each : finding.reason_codes()) std::cout << " " << each.code();
    std::cout << "\n";
  }
}

void StreamCatalog(const std::shared_ptr<grpc::Channel>& channel) {
  v1::CatalogService::Stub stub(channel);
  v1::StreamCatalogItemsRequest request;
  request.set_parent(kCatalog);
  Within context(seconds(300));
  const auto items = stub.StreamCatalogItems(&context, request);
  int courses = 0;
  int runs = 0;
  int programs = 0;
  for (v1::CatalogItem item; items->Read(&item);) {
    courses += item.has_course();
    runs += item.has_course_run();
    programs += item.has_program();
  }
  Check(items->Finish());
  std::cout << "catalog: " << courses << " course, " << runs << " course_run, " << programs
            << " program\n";
}

void Download(const std::shared_ptr<grpc::Channel>& channel, const std::string& path) {
  v1::TranscriptService::Stub stub(channel);
  v1::DownloadTranscriptFilesRequest request;
  request.set_name(kTranscript);
  Within context(seconds(300));
  const auto parts = stub.DownloadTranscriptFiles(&context, request);
  std::ofstream file(path, std::ios::binary);
  size_t size = 0;
  for (v1::DownloadTranscriptFilesResponse part; parts->Read(&part);) {
    if (part.has_info()) {
      std::cout << "download: " << part.info().file_name() << ", " << part.info().content_type()
                << "\n";
    }
    file << part.chunk();
    size += part.chunk().size();
  }
  Check(parts->Finish());
  if (!file.flush()) throw std::runtime_error("can't write " + path);
  std::cout << "  " << size << " bytes\n";
}

void ReadErrors(const std::shared_ptr<grpc::Channel>& channel) {
  v1::EnrollmentService::Stub stub(channel);
  std::vector<v1::ListEnrollmentsRequest> requests(2);
  requests[0].set_parent("connections/tms");
  requests[0].set_page_size(-1);
  requests[1].set_parent("connections/nobody");
  for (const auto& request : requests) {
    Within context(seconds(30));
    v1::ListEnrollmentsResponse page;
    const Failure failure = FailureOf(stub.ListEnrollments(&context, request, &page));
    std::cout << "refused: " << failure.code << " " << failure.reason << "\n";
    for (const auto& [field, description] : failure.fields) {
      std::cout << "  " << field << ": " << description << "\n";
    }
  }
}

void WaitAndTryAgain(const std::shared_ptr<grpc::Channel>& channel) {
  v1::AssignmentService::Stub stub(channel);
  v1::AllocateAssignmentsRequest request;
  request.set_parent("connections/edx/policies/policy-locked");
  request.add_learner_emails("learner@example.org");
  request.set_content_key("SandX+C001");
  request.set_content_price_cents(1000);
  const auto allocate = [&] {
    Within context(seconds(30));
    v1::AllocateAssignmentsResponse reply;
    return stub.AllocateAssignments(&context, request, &reply);
  };
  const grpc::Status status = WithRetries(2, allocate, [](const Failure& failure) {
    std::cout << "locked: again in "
              << std::chrono::duration_cast<seconds>(*failure.retry_delay).count() << " s\n";
  });
  const Failure failure = FailureOf(status);
  std::cout << "gave up: " << failure.code << " " << failure.reason << "\n";
}

void MeetADeadline(const std::shared_ptr<grpc::Channel>& channel) {
  v1::TranscriptService::Stub stub(channel);
  v1::WatchTranscriptEventsRequest request;
  request.set_parent("connections/m1");
  // A watch has no end of its own.
  Within context(milliseconds(500));
  const auto watch = stub.WatchTranscriptEvents(&context, request);
  for (v1::TranscriptEvent event; watch->Read(&event);) {
  }
  std::cout << "deadline: " << FailureOf(watch->Finish()).code << "\n";
}

void WatchEvents(const std::shared_ptr<grpc::Channel>& channel) {
  v1::TranscriptService::Stub stub(channel);
  v1::CreateTranscriptRequest request;
  request.set_parent("connections/m1");
  request.mutable_transcript()->set_external_id("student-1");
  auto& document = *request.mutable_transcript()->add_sources()->mutable_document();
  document.set_uri("https://school.example/transcript.pdf");
  document.set_media_type("application/pdf");
  document.set_http_method("GET");
  Within creating(seconds(30));
  v1::Transcript created;
  Check(stub.CreateTranscript(&creating, request, &created));

  // A program that goes on watching keeps the last event's resume_token, and begins with it after a
  // failure.
  v1::WatchTranscriptEventsRequest watched;
  watched.set_parent("connections/m1");
  Within watching(seconds(30));
  const auto watch = stub.WatchTranscriptEvents(&watching, watched);
  for (v1::TranscriptEvent event; watch->Read(&event);) {
    if (event.transcript() != created.name()) continue;
    std::cout << "event: " << event.provider_type() << "\n";
    if (event.type() == v1::TRANSCRIPT_EVENT_TYPE_PROCESSED) {
      watching.TryCancel();
      watch->Finish();
      return;
    }
  }
  Check(watch->Finish());
}

void Tour(const ChannelOptions& options, const std::string& download) {
  if (options.target.empty()) throw std::runtime_error("--target is missing");
  const auto channel = OpenChannel(options);
  ListAcrossConnections(channel);
  Verify(channel);
  StreamCatalog(channel);
  Download(channel, download);
  ReadErrors(channel);
  WaitAndTryAgain(channel);
  MeetADeadline(channel);
  WatchEvents(channel);
}

}  // namespace

int main(int argc, char** argv) {
  ChannelOptions options;
  std::string download = "transcript.zip";
  const std::map<std::string, std::string*> known = {
      {"--target", &options.target},
      {"--tls-ca", &options.tls_ca},
      {"--token-file", &options.token_file},
      {"--service-config", &options.service_config},
      {"--download", &download},
  };
  try {
    for (int i = 1; i < argc; i += 2) {
      const auto found = known.find(argv[i]);
      if (found == known.end() || i + 1 == argc) {
        throw std::runtime_error(
            "options are --target, --tls-ca, --token-file, --service-config "
            "and --download, each with a value");
      }
      *found->second = argv[i + 1];
    }
    Tour(options, download);
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}
