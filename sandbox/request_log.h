#ifndef EDUGATE_SANDBOX_REQUEST_LOG_H_
#define EDUGATE_SANDBOX_REQUEST_LOG_H_

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "sandbox/sandbox.h"

namespace edugate::sandbox {

// What was asked of the providers, without credentials. Thread-safe.
class RequestLog {
 public:
  // Counts a request and keeps it among the recent ones.
  void Record(SeenRequest request, bool handled, bool faulted);
  void Clear();

  std::vector<RouteCount> Counts() const;
  int64_t Count(absl::string_view provider, absl::string_view route_contains) const;
  std::vector<SeenRequest> Recent() const;

 private:
  mutable absl::Mutex mutex_;
  std::map<std::pair<std::string, std::string>, RouteCount> counts_ ABSL_GUARDED_BY(mutex_);
  std::deque<SeenRequest> recent_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace edugate::sandbox

#endif  // EDUGATE_SANDBOX_REQUEST_LOG_H_
