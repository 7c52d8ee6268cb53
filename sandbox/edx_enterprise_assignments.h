#ifndef EDUGATE_SANDBOX_EDX_ENTERPRISE_ASSIGNMENTS_H_
#define EDUGATE_SANDBOX_EDX_ENTERPRISE_ASSIGNMENTS_H_

#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "nlohmann/json_fwd.hpp"
#include "sandbox/counter.h"
#include "sandbox/provider.h"

namespace edugate::sandbox::edx {

// The assignments of content to learners: made by a policy, then listed, reminded of and cancelled.
class Assignments {
 public:
  // `issued` numbers the assignments and outlives it.
  Assignments(Surroundings surroundings, Counter& issued);
  ~Assignments();

  void Reset();

  Reply Allocate(const Request& request);
  // The assignments, as administrators see them.
  Reply List(const Request& request);
  Reply Remind(const Request& request);
  Reply Cancel(const Request& request);

 private:
  // Does something to the assignments named, all of them or none. Success and failure have no body.
  Reply Act(const Request& request, void (*act)(nlohmann::ordered_json& assignment));

  const Surroundings surroundings_;
  Counter& issued_;
  absl::Mutex mutex_;
  std::vector<nlohmann::ordered_json> assignments_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace edugate::sandbox::edx

#endif  // EDUGATE_SANDBOX_EDX_ENTERPRISE_ASSIGNMENTS_H_
