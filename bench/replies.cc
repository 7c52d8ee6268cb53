#include "bench/replies.h"

#include <fstream>
#include <sstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "adapters/class_enrollment/class_enrollment_mapping.h"
#include "adapters/openapply/openapply_mapping.h"
#include "runtime/codec/decoder.h"

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

absl::StatusOr<v1::Enrollment> EnrollmentOf(std::string record) {
  provider::class_enrollment::v2::ClassEnrollmentReply reply;
  absl::Status decoded = codec::Decode(kJson, std::move(record), {}, &reply);
  if (!decoded.ok()) return decoded;
  if (reply.results_size() != 1) return absl::InternalError("the reply does not hold one record");
  return adapters::ToEnrollment(std::move(*reply.mutable_results(0)), kRecordConnection,
                                v1::VIEW_BASIC);
}

absl::StatusOr<v1::ListEnrollmentsResponse> EnrollmentsOf(std::string page) {
  provider::openapply::v3::ReenrollmentPage reply;
  absl::Status decoded = codec::Decode(kJson, std::move(page), {}, &reply);
  if (!decoded.ok()) return decoded;
  v1::ListEnrollmentsResponse response;
  response.mutable_enrollments()->Reserve(reply.reenrollments_size());
  for (auto& record : *reply.mutable_reenrollments()) {
    *response.add_enrollments() =
        adapters::ToEnrollment(std::move(record), kPageConnection, v1::VIEW_BASIC);
  }
  return response;
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
