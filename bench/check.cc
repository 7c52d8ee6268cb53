// Checks that servers give the right answers to the two measured calls, before they are measured.
//
//   bench_check FOLDER TARGET...
//
// FOLDER holds the providers' bytes; get_request.bin and list_request.bin are written there, as
// gRPC sends them. Each target (HOST:PORT) must answer both calls with exactly what the providers'
// bytes mean. Prints the size of both answers on the wire: `GET_BYTES LIST_BYTES`.
#include <google/protobuf/util/message_differencer.h>
#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "bench/replies.h"
#include "edugate/v1/enrollment_service.grpc.pb.h"

namespace edugate::bench {
namespace {

// A message with gRPC's prefix: not compressed, and the length in four bytes, the highest first.
std::string Framed(const google::protobuf::Message& message) {
  const std::string bytes = message.SerializeAsString();
  std::string framed(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) {
    framed.push_back(static_cast<char>(bytes.size() >> shift & 0xff));
  }
  return framed + bytes;
}

absl::Status Write(const std::string& path, const google::protobuf::Message& message) {
  std::ofstream file(path, std::ios::binary);
  file << Framed(message);
  file.close();
  return file ? absl::OkStatus() : absl::InternalError(absl::StrCat("can't write ", path));
}

absl::Status Compare(const std::string& target, const grpc::Status& status,
                     const google::protobuf::Message& reply,
                     const google::protobuf::Message& expected) {
  const std::string name = reply.GetDescriptor()->name();
  if (!status.ok()) {
    return absl::InternalError(absl::StrCat(target, ": ", name, ": status ", status.error_code(),
                                            ": ", status.error_message()));
  }
  google::protobuf::util::MessageDifferencer differencer;
  std::string difference;
  differencer.ReportDifferencesToString(&difference);
  if (differencer.Compare(expected, reply)) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat(target, ": ", name, " is not what the provider said:\n", difference));
}

absl::Status CheckTarget(const std::string& target, const v1::Enrollment& enrollment,
                         const v1::ListEnrollmentsResponse& enrollments) {
  auto stub = v1::EnrollmentService::NewStub(
      grpc::CreateChannel(target, grpc::InsecureChannelCredentials()));
  const auto deadline = std::chrono::system_clock::now() + std::chrono::seconds(10);
  {
    grpc::ClientContext context;
    context.set_deadline(deadline);
    v1::Enrollment reply;
    const grpc::Status status = stub->GetEnrollment(&context, GetRequestFor(enrollment), &reply);
    absl::Status same = Compare(target, status, reply, enrollment);
    if (!same.ok()) return same;
  }
  grpc::ClientContext context;
  context.set_deadline(deadline);
  v1::ListEnrollmentsResponse reply;
  const grpc::Status status = stub->ListEnrollments(&context, ListRequestFor(enrollments), &reply);
  return Compare(target, status, reply, enrollments);
}

absl::Status Run(const std::string& folder, char** targets, int count) {
  auto bytes = ReadProviderBytes(folder);
  if (!bytes.ok()) return bytes.status();
  auto enrollment = EnrollmentOf(bytes->record);
  if (!enrollment.ok()) return enrollment.status();
  auto enrollments = EnrollmentsOf(bytes->page);
  if (!enrollments.ok()) return enrollments.status();

  absl::Status written = Write(folder + "/get_request.bin", GetRequestFor(*enrollment));
  if (!written.ok()) return written;
  written = Write(folder + "/list_request.bin", ListRequestFor(*enrollments));
  if (!written.ok()) return written;

  for (int i = 0; i < count; ++i) {
    absl::Status right = CheckTarget(targets[i], *enrollment, *enrollments);
    if (!right.ok()) return right;
  }
  std::cout << Framed(*enrollment).size() << " " << Framed(*enrollments).size() << "\n";
  return absl::OkStatus();
}

}  // namespace
}  // namespace edugate::bench

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: bench_check FOLDER TARGET...\n";
    return 2;
  }
  const absl::Status status = edugate::bench::Run(argv[1], argv + 2, argc - 2);
  if (!status.ok()) {
    std::cerr << "bench_check: " << status.message() << "\n";
    return 1;
  }
  return 0;
}
