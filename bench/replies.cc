#include "bench/replies.h"

#include <fstream>
#include <sstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "adapters/class_enrollment/class_enrollment_mapping.h"
#include "adapters/openapply/openapply_mapping.h"
#include "runtime/codec/decoder.h"
#include "runtime/rest/reply.h"

namespace edugate::bench {
namespace {

constexpr char kJson[] = "application/json";

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  if (!file || bytes.str().empty()) return absl::NotFoundError(absl::StrCat("can't read ", path));
  return bytes.str();
}

}  // namespace

absl::StatusOr<ProviderBytes> ReadProviderBytes(const std::string& folder) {
  auto record = ReadFile(folder + "/record.json");
  if (!record.ok()) return record.status();
  auto page = ReadFile(folder + "/page.json");
  if (!page.ok()) return page.status();
  return ProviderBytes{*std::move(record), *std::move(page)};
}

absl::Status DecodeRecord(std::string record, v1::Enrollment& reply) {
  rest::Reply<provider::class_enrollment::v2::ClassEnrollmentReply> from;
  absl::Status decoded = codec::Decode(kJson, std::move(record), {}, &*from);
  if (!decoded.ok()) return decoded;
  if (from->results_size() != 1) return absl::InternalError("the reply does not hold one record");
  adapters::FillEnrollment(from->results(0), kRecordConnection, v1::VIEW_BASIC, reply);
  return absl::OkStatus();
}

absl::Status DecodePage(std::string page, v1::ListEnrollmentsResponse& reply) {
  rest::Reply<provider::openapply::v3::ReenrollmentPage> from;
  absl::Status decoded = codec::Decode(kJson, std::move(page), {}, &*from);
  if (!decoded.ok()) return decoded;
  reply.mutable_enrollments()->Reserve(from->reenrollments_size());
  for (const auto& record : from->reenrollments()) {
    adapters::FillEnrollment(record, kPageConnection, v1::VIEW_BASIC, *reply.add_enrollments());
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Enrollment> EnrollmentOf(std::string record) {
  v1::Enrollment reply;
  absl::Status decoded = DecodeRecord(std::move(record), reply);
  if (!decoded.ok()) return decoded;
  return reply;
}

absl::StatusOr<v1::ListEnrollmentsResponse> EnrollmentsOf(std::string page) {
  v1::ListEnrollmentsResponse reply;
  absl::Status decoded = DecodePage(std::move(page), reply);
  if (!decoded.ok()) return decoded;
  return reply;
}

v1::GetEnrollmentRequest GetRequestFor(const v1::Enrollment& enrollment) {
  v1::GetEnrollmentRequest request;
  request.set_name(enrollment.name());
  return request;
}

v1::ListEnrollmentsRequest ListRequestFor(const v1::ListEnrollmentsResponse& enrollments) {
  v1::ListEnrollmentsRequest request;
  request.set_parent(absl::StrCat("connections/", kPageConnection));
  request.set_page_size(enrollments.enrollments_size());
  return request;
}

}  // namespace edugate::bench
