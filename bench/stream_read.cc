// Reads StreamEnrollments of bench_pages's records to the end.
//
//   bench_stream TARGET PID RECORDS EVERY
//
// Every record must come exactly once and in order: 1 to RECORDS. Prints `COUNT SECONDS RSS_KB`
// before the call and after every EVERY records: how many have come, since when, and the resident
// memory of process PID, the server.
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/replies.h"
#include "edugate/v1/enrollment_service.grpc.pb.h"

namespace edugate::bench {
namespace {

// A call without a deadline gets the server's default, which is for short ones.
constexpr auto kDeadline = std::chrono::minutes(30);

// The resident memory of a process, in kilobytes.
absl::StatusOr<int64_t> ResidentKilobytes(const std::string& pid) {
  std::ifstream status(absl::StrCat("/proc/", pid, "/status"));
  for (std::string line; std::getline(status, line);) {
    absl::string_view rest = line;
    int64_t kilobytes = 0;
    if (absl::ConsumePrefix(&rest, "VmRSS:") && absl::ConsumeSuffix(&rest, " kB") &&
        absl::SimpleAtoi(rest, &kilobytes)) {
      return kilobytes;
    }
  }
  return absl::NotFoundError(absl::StrCat("can't read the memory of process ", pid));
}

absl::Status PrintMark(int64_t count, absl::Time begin, const std::string& pid) {
  auto kilobytes = ResidentKilobytes(pid);
  if (!kilobytes.ok()) return kilobytes.status();
  std::cout << absl::StrFormat("%d %.3f %d", count, absl::ToDoubleSeconds(absl::Now() - begin),
                               *kilobytes)
            << '\n';
  return absl::OkStatus();
}

// Whether a record is bench_pages's number `id`: its name, and a field from within.
bool IsRecord(int64_t id, const v1::Enrollment& enrollment) {
  return enrollment.name() == absl::StrCat("connections/", kPageConnection, "/enrollments/", id) &&
         enrollment.learner().student_number() == absl::StrCat(id);
}

absl::Status Read(const std::string& target, const std::string& pid, int64_t records,
                  int64_t every) {
  auto stub = v1::EnrollmentService::NewStub(
      grpc::CreateChannel(target, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kDeadline);
  v1::StreamEnrollmentsRequest request;
  request.set_parent(absl::StrCat("connections/", kPageConnection));

  const absl::Time begin = absl::Now();
  absl::Status printed = PrintMark(0, begin, pid);
  if (!printed.ok()) return printed;
  auto stream = stub->StreamEnrollments(&context, request);
  int64_t count = 0;
  for (v1::Enrollment enrollment; stream->Read(&enrollment);) {
    ++count;
    if (!IsRecord(count, enrollment)) {
      return absl::DataLossError(
          absl::StrCat("record ", count, " of the stream is ", enrollment.name()));
    }
    if (count % every != 0) continue;
    printed = PrintMark(count, begin, pid);
    if (!printed.ok()) return printed;
  }
  const grpc::Status status = stream->Finish();
  if (!status.ok()) {
    return absl::InternalError(absl::StrCat("after ", count, " records: status ",
                                            status.error_code(), ": ", status.error_message()));
  }
  if (count != records) {
    return absl::DataLossError(absl::StrCat(count, " records came, not ", records));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace edugate::bench

int main(int argc, char** argv) {
  int64_t records = 0;
  int64_t every = 0;
  if (argc != 5 || !absl::SimpleAtoi(argv[3], &records) || !absl::SimpleAtoi(argv[4], &every) ||
      every < 1) {
    std::cerr << "usage: bench_stream TARGET PID RECORDS EVERY\n";
    return 2;
  }
  const absl::Status status = edugate::bench::Read(argv[1], argv[2], records, every);
  if (!status.ok()) {
    std::cerr << "bench_stream: " << status.message() << "\n";
    return 1;
  }
  return 0;
}
