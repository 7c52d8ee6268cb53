#ifndef EDUGATE_SANDBOX_EDX_ENTERPRISE_LEARNERS_H_
#define EDUGATE_SANDBOX_EDX_ENTERPRISE_LEARNERS_H_

#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "nlohmann/json_fwd.hpp"
#include "sandbox/counter.h"
#include "sandbox/edx_enterprise_subscriptions.h"
#include "sandbox/provider.h"

namespace edugate::sandbox::edx {

// The learners' enrollments: their summary, and enrolling many at once.
class Learners {
 public:
  // `subscriptions` says who has a license, `issued` numbers the jobs; both outlive it.
  Learners(Surroundings surroundings, const Subscriptions& subscriptions, Counter& issued);
  ~Learners();

  void Reset();

  Reply Summary(const Request& request);
  Reply BulkEnroll(const Request& request);

 private:
  const Surroundings surroundings_;
  const Subscriptions& subscriptions_;
  Counter& issued_;
  absl::Mutex mutex_;
  std::vector<nlohmann::ordered_json> summaries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace edugate::sandbox::edx

#endif  // EDUGATE_SANDBOX_EDX_ENTERPRISE_LEARNERS_H_
