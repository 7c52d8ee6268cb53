#include <grpcpp/grpcpp.h>

#include <chrono>
#include <iostream>

#include "edugate/v1/enrollment_service.grpc.pb.h"

int main(int, char** argv) {
  const auto channel = grpc::CreateChannel(argv[1], grpc::InsecureChannelCredentials());
  const auto stub = edugate::v1::EnrollmentService::NewStub(channel);
  edugate::v1::ListEnrollmentsRequest request;
  request.set_parent("connections/-");
  request.set_page_size(3);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  edugate::v1::ListEnrollmentsResponse page;
  const grpc::Status status = stub->ListEnrollments(&context, request, &page);
  for (const auto& each : page.enrollments()) {
    std::cout << each.name() << " " << each.provider_status() << std::endl;
  }
  return status.ok() ? 0 : 1;
}
