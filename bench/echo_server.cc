// The floor of the front: a bare gRPC callback server that answers both calls at once with replies
// that it made at start-up. It serializes them for each call, and does nothing else.
//
//   bench_echo FOLDER
//
// FOLDER holds the providers' bytes. Prints `listening on HOST:PORT`; SIGTERM ends it.
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/message_allocator.h>

#include <csignal>
#include <iostream>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "bench/replies.h"
#include "edugate/v1/enrollment_service.grpc.pb.h"

namespace edugate::bench {
namespace {

// Gives gRPC the one prepared reply to send, so that no call copies it.
template <typename Request, typename Reply>
class PreparedReply final : public grpc::MessageAllocator<Request, Reply> {
 public:
  explicit PreparedReply(Reply reply) : reply_(std::move(reply)) {}

  grpc::MessageHolder<Request, Reply>* AllocateMessages() override { return new Holder(reply_); }

 private:
  class Holder final : public grpc::MessageHolder<Request, Reply> {
   public:
    explicit Holder(Reply& reply) {
      this->set_request(&request_);
      this->set_response(&reply);
    }
    void Release() override { delete this; }

   private:
    Request request_;
  };

  Reply reply_;
};

class EchoService final : public v1::EnrollmentService::CallbackService {
 public:
  EchoService(v1::Enrollment enrollment, v1::ListEnrollmentsResponse enrollments)
      : get_(std::move(enrollment)), list_(std::move(enrollments)) {
    SetMessageAllocatorFor_GetEnrollment(&get_);
    SetMessageAllocatorFor_ListEnrollments(&list_);
  }

  grpc::ServerUnaryReactor* GetEnrollment(grpc::CallbackServerContext* context,
                                          const v1::GetEnrollmentRequest*,
                                          v1::Enrollment*) override {
    return Answer(context);
  }
  grpc::ServerUnaryReactor* ListEnrollments(grpc::CallbackServerContext* context,
                                            const v1::ListEnrollmentsRequest*,
                                            v1::ListEnrollmentsResponse*) override {
    return Answer(context);
  }

 private:
  static grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  PreparedReply<v1::GetEnrollmentRequest, v1::Enrollment> get_;
  PreparedReply<v1::ListEnrollmentsRequest, v1::ListEnrollmentsResponse> list_;
};

absl::Status Serve(const std::string& folder) {
  auto bytes = ReadProviderBytes(folder);
  if (!bytes.ok()) return bytes.status();
  auto enrollment = EnrollmentOf(bytes->record);
  if (!enrollment.ok()) return enrollment.status();
  auto enrollments = EnrollmentsOf(bytes->page);
  if (!enrollments.ok()) return enrollments.status();

  // Every thread of the process has it blocked, so that sigwait below gets it.
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);

  EchoService service(*std::move(enrollment), *std::move(enrollments));
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return absl::UnavailableError("no port to listen on");
  std::cout << "listening on 127.0.0.1:" << port << '\n' << std::flush;
  int signal = 0;
  sigwait(&stop, &signal);
  server->Shutdown();
  return absl::OkStatus();
}

}  // namespace
}  // namespace edugate::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: bench_echo FOLDER\n";
    return 2;
  }
  // As edugate does: Debian's abseil looks for deadlocks otherwise, which costs a fifth of an echo.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  const absl::Status status = edugate::bench::Serve(argv[1]);
  if (!status.ok()) {
    std::cerr << "bench_echo: " << status.message() << "\n";
    return 1;
  }
  return 0;
}
