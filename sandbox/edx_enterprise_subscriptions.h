#ifndef EDUGATE_SANDBOX_EDX_ENTERPRISE_SUBSCRIPTIONS_H_
#define EDUGATE_SANDBOX_EDX_ENTERPRISE_SUBSCRIPTIONS_H_

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "sandbox/provider.h"

namespace edugate::sandbox::edx {

struct License {
  std::string id;
  std::string status = "unassigned";
  std::string email;

  // Whether somebody has it.
  bool live() const { return status == "assigned" || status == "activated"; }
};

struct Plan {
  std::string id;
  std::vector<License> licenses;

  License* Held(const std::string& email);
  License* Free();
  int Count(absl::string_view status) const;
};

// The subscription plans of edX Enterprise and their licenses.
class Subscriptions {
 public:
  explicit Subscriptions(Surroundings surroundings);

  void Reset();

  Reply List(const Request& request);
  Reply Assign(const Request& request);
  Reply Revoke(const Request& request);

  // The addresses of those who have a license of the plan.
  std::vector<std::string> LearnersOf(absl::string_view plan) const;

 private:
  Plan* Find(const std::string& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Surroundings surroundings_;
  mutable absl::Mutex mutex_;
  std::vector<Plan> plans_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace edugate::sandbox::edx

#endif  // EDUGATE_SANDBOX_EDX_ENTERPRISE_SUBSCRIPTIONS_H_
