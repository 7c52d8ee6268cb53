// Which caller may call which method on which connection (the configuration's `callers.grants`).
#ifndef SERVICES_CALLER_POLICY_H_
#define SERVICES_CALLER_POLICY_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "services/caller_rights.h"

namespace edugate::services {

// A grant with whom and what it is for.
struct GrantRule {
  Grant grant;
  std::vector<std::string> callers;  // `jwt:NAME`, `cert:NAME`, `*`
  // `EnrollmentService.ListEnrollments`, `EnrollmentService.*`, `*`; those of providers by the
  // whole name of their service.
  std::vector<std::string> methods;
};

// What the names of providers' own methods begin with. The pattern `*` doesn't cover them.
inline constexpr char kNativePrefix[] = "edugate.provider.";

// Whether a grant's pattern covers the method.
bool MethodMatches(absl::string_view pattern, absl::string_view method);

// What is not allowed is denied. Thread-safe.
class CallerPolicy {
 public:
  // Decisions that are kept; more are made anew.
  static constexpr std::size_t kRememberedDecisions = 4096;

  struct Decision {
    std::shared_ptr<const CallerRights> rights;  // null: denied
    bool needs_purpose = false;                  // denied only because the call says no purpose
  };

  explicit CallerPolicy(std::vector<GrantRule> rules);

  // `names` are all that the caller is known by; `method` is the public Service.Method, or a
  // provider's with its service's whole name.
  Decision Decide(const std::vector<std::string>& names, absl::string_view method,
                  bool has_purpose) const;

  // Whether some grant lets the caller call a method of this provider's service.
  bool MayUseService(const std::vector<std::string>& names, absl::string_view service) const;

 private:
  struct Rule {
    std::shared_ptr<const Grant> grant;
    std::vector<std::string> callers;
    std::vector<std::string> methods;
  };

  static bool IsFor(const Rule& rule, const std::vector<std::string>& names);
  Decision Make(const std::vector<std::string>& names, absl::string_view method,
                bool has_purpose) const;

  std::vector<Rule> rules_;
  mutable std::mutex mutex_;
  mutable absl::flat_hash_map<std::string, Decision> decisions_;  // Under the mutex.
};

}  // namespace edugate::services

#endif  // SERVICES_CALLER_POLICY_H_
