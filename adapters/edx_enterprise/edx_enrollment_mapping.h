// edX Enterprise's learner summary as enrollments, and bulk enrollment. Pure functions.
#ifndef ADAPTERS_EDX_ENTERPRISE_EDX_ENROLLMENT_MAPPING_H_
#define ADAPTERS_EDX_ENTERPRISE_EDX_ENROLLMENT_MAPPING_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "adapters/ports.h"
#include "edugate/provider/edx_enterprise/v1/learner.pb.h"
#include "edugate/v1/enrollment.pb.h"

namespace edugate::adapters {

// A row of the learner summary as an enrollment of kind COURSE. With view FULL it carries the
// record and its unknown fields.
v1::Enrollment ToEnrollment(const provider::edx_enterprise::v1::LearnerEnrollment& record,
                            absl::string_view connection, v1::View view);

// How edX calls a learner's progress; UNKNOWN for another word, UNSPECIFIED for none.
v1::CompletionStatus EdxCompletion(absl::string_view progress_status);

// A bulk enrollment in edX's terms, addresses in lower case and repetitions dropped.
struct BulkEnrollmentPlan {
  provider::edx_enterprise::v1::BulkEnrollRequest request;
  // Pairs of learner and course run; 0 where edX itself looks the learners up.
  int32_t enrollment_count = 0;
};

// INVALID_ARGUMENT where the request says too little, contradicts itself, or holds more pairs of
// learner and course run than `limit`; the message says then how to split it.
absl::StatusOr<BulkEnrollmentPlan> ToBulkEnrollment(const Routed<v1::BulkEnrollRequest>& call,
                                                    absl::string_view enterprise_customer_uuid,
                                                    int32_t limit);

}  // namespace edugate::adapters

#endif  // ADAPTERS_EDX_ENTERPRISE_EDX_ENROLLMENT_MAPPING_H_
