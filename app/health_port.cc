#include "app/health_port.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace edugate::app {
namespace {

constexpr int kMaxStreams = 100;
constexpr int kMaxMessageBytes = 4096;

class GrpcHealthPort final : public HealthPort {
 public:
  ~GrpcHealthPort() override {
    if (server_ == nullptr) return;
    // Those who watch are told to go at once: what they wait for has been said.
    server_->Shutdown(absl::ToChronoTime(absl::Now()));
    server_->Wait();
  }

  absl::Status Listen(const std::string& address) {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreams);
    builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
    int port = 0;
    builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
    builder.RegisterCallbackGenericService(&nothing_else_);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port == 0 || server_->GetHealthCheckService() == nullptr) {
      return absl::UnavailableError(absl::StrCat("can't listen on ", address));
    }
    address_ = absl::StrCat(address.substr(0, address.rfind(':')), ":", port);
    Say(false);
    return absl::OkStatus();
  }

  std::string address() const override { return address_; }

  void Say(bool serving) override { SetServing(*server_->GetHealthCheckService(), serving); }

 private:
  // Answers UNIMPLEMENTED. Without a service gRPC starts no server.
  grpc::CallbackGenericService nothing_else_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

}  // namespace

std::vector<std::string> HealthServiceNames() {
  return {"edugate.v1.AssignmentService", "edugate.v1.CatalogService",
          "edugate.v1.ConnectionService", "edugate.v1.EnrollmentService",
          "edugate.v1.LicenseService",    "edugate.v1.TranscriptService"};
}

void SetServing(grpc::HealthCheckServiceInterface& health, bool serving) {
  health.SetServingStatus(serving);
  for (const std::string& name : HealthServiceNames()) health.SetServingStatus(name, serving);
}

absl::StatusOr<std::unique_ptr<HealthPort>> HealthPort::Start(const std::string& address) {
  auto port = std::make_unique<GrpcHealthPort>();
  absl::Status listening = port->Listen(address);
  if (!listening.ok()) return listening;
  return port;
}

}  // namespace edugate::app
