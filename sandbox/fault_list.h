#ifndef EDUGATE_SANDBOX_FAULT_LIST_H_
#define EDUGATE_SANDBOX_FAULT_LIST_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "sandbox/sandbox.h"

namespace edugate::sandbox {

// The faults that are set, used up request by request. Thread-safe.
class FaultList {
 public:
  int64_t Add(Fault fault);
  bool Remove(int64_t id);
  void Clear();
  std::vector<FaultState> All() const;

  // The fault that this request meets, if any; counts it.
  std::optional<Fault> Take(absl::string_view provider, absl::string_view target);

 private:
  struct Entry {
    FaultState state;
    int skip = 0;
  };

  mutable absl::Mutex mutex_;
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mutex_);
  int64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
};

}  // namespace edugate::sandbox

#endif  // EDUGATE_SANDBOX_FAULT_LIST_H_
