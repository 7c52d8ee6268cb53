// Finds a learner in a list whose provider has no search for one: the whole list is read, and what
// is the learner's is kept.
#ifndef ADAPTERS_LEARNER_SCAN_H_
#define ADAPTERS_LEARNER_SCAN_H_

#include <string>

#include "absl/strings/string_view.h"
#include "adapters/ports.h"

namespace edugate::adapters {

// By what records of a list tell a learner.
struct LearnerScan {
  // Learner.email.
  bool email = false;
  // The type of the one of Learner.identifiers that is the external id. Empty: there is none.
  std::string external_id_type;
};

// The list, which then also takes `learner_email` and `learner_external_id` as far as `scan` says.
// A page may have become empty; its cursor leads on all the same.
PagePort<EnrollmentQuery, v1::Enrollment> ScanningForLearner(
    PagePort<EnrollmentQuery, v1::Enrollment> list, LearnerScan scan);

}  // namespace edugate::adapters

#endif  // ADAPTERS_LEARNER_SCAN_H_
