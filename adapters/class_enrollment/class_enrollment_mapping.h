// Class enrollments (Skillable TMS) in the domain's terms. Pure functions.
#ifndef ADAPTERS_CLASS_ENROLLMENT_CLASS_ENROLLMENT_MAPPING_H_
#define ADAPTERS_CLASS_ENROLLMENT_CLASS_ENROLLMENT_MAPPING_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "adapters/ports.h"
#include "edugate/provider/class_enrollment/v2/class_enrollment.pb.h"
#include "edugate/v1/enrollment.pb.h"

namespace edugate::adapters {

// What EnrollmentStatusId, CompletionStatusId and LocationTypeId mean; UNKNOWN or OTHER for a value
// that the document doesn't list, UNSPECIFIED for an empty one.
v1::EnrollmentStatus ClassEnrollmentStatus(absl::string_view id);
v1::CompletionStatus ClassCompletionStatus(absl::string_view id);
v1::DeliveryMode ClassDeliveryMode(absl::string_view id);

// A class enrollment as an enrollment of kind COURSE. With view FULL it carries the record and its
// unknown fields.
v1::Enrollment ToEnrollment(const provider::class_enrollment::v2::ClassEnrollment& record,
                            absl::string_view connection, v1::View view);

// The same in place. `out` is empty.
void FillEnrollment(const provider::class_enrollment::v2::ClassEnrollment& record,
                    absl::string_view connection, v1::View view, v1::Enrollment& out);

// The provider's arguments for a search, without the page. FILTER_UNSUPPORTED for what the search
// can't apply.
absl::StatusOr<provider::class_enrollment::v2::SearchClassEnrollmentsRequest> ToSearchRequest(
    const EnrollmentQuery& query);

}  // namespace edugate::adapters

#endif  // ADAPTERS_CLASS_ENROLLMENT_CLASS_ENROLLMENT_MAPPING_H_
