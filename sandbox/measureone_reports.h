#ifndef EDUGATE_SANDBOX_MEASUREONE_REPORTS_H_
#define EDUGATE_SANDBOX_MEASUREONE_REPORTS_H_

#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "sandbox/provider.h"

namespace edugate::sandbox::m1 {

// The reports of MeasureOne's API v3: the enrollment status.
class Reports {
 public:
  explicit Reports(Surroundings surroundings);

  void Reset();

  Reply EnrollmentStatus(const Request& request);

 private:
  // From the first look on: ACQUIRING, then IN_PROGRESS, then COMPLETED.
  Reply Progress(const std::string& id);

  const Surroundings surroundings_;
  absl::Mutex mutex_;
  // When each data request in progress was first asked for.
  std::map<std::string, absl::Time> first_looks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace edugate::sandbox::m1

#endif  // EDUGATE_SANDBOX_MEASUREONE_REPORTS_H_
