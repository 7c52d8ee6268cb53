// What the two measured calls answer, made of the providers' bytes by edugate's own decoding and
// mapping, as the adapters do it: the provider's message on an arena, the domain's where the reply
// is.
#ifndef EDUGATE_BENCH_REPLIES_H_
#define EDUGATE_BENCH_REPLIES_H_

#include <string>

#include "absl/status/statusor.h"
#include "edugate/v1/enrollment_service.pb.h"

namespace edugate::bench {

// The connections of the measured edugate, as in its configuration.
inline constexpr char kRecordConnection[] = "tms";
inline constexpr char kPageConnection[] = "oa";

// The replies of the simulated providers, as nginx serves them.
struct ProviderBytes {
  std::string record;  // record.json: one class enrollment in its envelope.
  std::string page;    // page.json: a page of reenrollments.
};

// Reads both files of a folder. kNotFound: one of them can't be read, or is empty.
absl::StatusOr<ProviderBytes> ReadProviderBytes(const std::string& folder);

// Decodes the class-enrollment API's reply and maps its record into `reply`, which is empty.
// kInternal: it can't be decoded, or does not hold exactly one record.
absl::Status DecodeRecord(std::string record, v1::Enrollment& reply);

// Decodes OpenApply's reply and maps its records into `reply`, which is empty. kInternal: it can't
// be decoded.
absl::Status DecodePage(std::string page, v1::ListEnrollmentsResponse& reply);

// The same as values.
absl::StatusOr<v1::Enrollment> EnrollmentOf(std::string record);
absl::StatusOr<v1::ListEnrollmentsResponse> EnrollmentsOf(std::string page);

// The two requests that are measured. The page is as large as `enrollments`.
v1::GetEnrollmentRequest GetRequestFor(const v1::Enrollment& enrollment);
v1::ListEnrollmentsRequest ListRequestFor(const v1::ListEnrollmentsResponse& enrollments);

}  // namespace edugate::bench

#endif  // EDUGATE_BENCH_REPLIES_H_
