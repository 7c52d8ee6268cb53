// OpenApply's reenrollments in the domain's terms. Pure functions.
#ifndef ADAPTERS_OPENAPPLY_OPENAPPLY_MAPPING_H_
#define ADAPTERS_OPENAPPLY_OPENAPPLY_MAPPING_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "adapters/ports.h"
#include "edugate/provider/openapply/v3/openapply.pb.h"
#include "edugate/v1/enrollment.pb.h"

namespace edugate::adapters {

// The status of a reenrollment label, compared without regard to case; UNKNOWN for a school's own
// label, UNSPECIFIED for an empty one.
v1::EnrollmentStatus OpenApplyStatus(absl::string_view label);

// The label that OpenApply itself uses for a status; empty where it has none.
absl::string_view OpenApplyLabel(v1::EnrollmentStatus status);

// A reenrollment as an enrollment of kind SCHOOL_YEAR. With view FULL it carries the record and its
// unknown fields.
v1::Enrollment ToEnrollment(const provider::openapply::v3::Reenrollment& record,
                            absl::string_view connection, v1::View view);

// The same in place. `out` is empty.
void FillEnrollment(const provider::openapply::v3::Reenrollment& record,
                    absl::string_view connection, v1::View view, v1::Enrollment& out);

// The provider's arguments for a list of everyone's reenrollments, without the page.
absl::StatusOr<provider::openapply::v3::ListReenrollmentsRequest> ToListRequest(
    const EnrollmentQuery& query);

// The provider's arguments for a list of one learner's, without the page. FILTER_UNSUPPORTED for a
// filter that this list of the provider's can't apply.
absl::StatusOr<provider::openapply::v3::ListStudentReenrollmentsRequest> ToStudentListRequest(
    const EnrollmentQuery& query);

// The provider's arguments for an update. INVALID_ARGUMENT where a value of the mask can't be said
// to OpenApply.
absl::StatusOr<provider::openapply::v3::UpdateReenrollmentRequest> ToUpdateRequest(
    const EnrollmentUpdate& update);

}  // namespace edugate::adapters

#endif  // ADAPTERS_OPENAPPLY_OPENAPPLY_MAPPING_H_
