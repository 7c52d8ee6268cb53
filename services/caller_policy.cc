#include "services/caller_policy.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

namespace edugate::services {

bool MethodMatches(absl::string_view pattern, absl::string_view method) {
  if (pattern == "*") return !absl::StartsWith(method, kNativePrefix);
  if (absl::ConsumeSuffix(&pattern, "*")) return absl::StartsWith(method, pattern);
  return pattern == method;
}

CallerPolicy::CallerPolicy(std::vector<GrantRule> rules) {
  for (GrantRule& rule : rules) {
    rules_.push_back({.grant = std::make_shared<const Grant>(std::move(rule.grant)),
                      .callers = std::move(rule.callers),
                      .methods = std::move(rule.methods)});
  }
}

bool CallerPolicy::IsFor(const Rule& rule, const std::vector<std::string>& names) {
  return std::any_of(rule.callers.begin(), rule.callers.end(), [&](const std::string& caller) {
    return caller == "*" || std::find(names.begin(), names.end(), caller) != names.end();
  });
}

CallerPolicy::Decision CallerPolicy::Make(const std::vector<std::string>& names,
                                          absl::string_view method, bool has_purpose) const {
  std::vector<std::shared_ptr<const Grant>> grants;
  bool withheld = false;
  for (const Rule& rule : rules_) {
    const bool covers = IsFor(rule, names) && std::any_of(rule.methods.begin(), rule.methods.end(),
                                                          [&](const std::string& pattern) {
                                                            return MethodMatches(pattern, method);
                                                          });
    if (!covers) continue;
    if (rule.grant->require_purpose && !has_purpose) {
      withheld = true;
    } else {
      grants.push_back(rule.grant);
    }
  }
  if (grants.empty()) return {.needs_purpose = withheld};
  return {.rights = std::make_shared<const CallerRights>(std::move(grants))};
}

CallerPolicy::Decision CallerPolicy::Decide(const std::vector<std::string>& names,
                                            absl::string_view method, bool has_purpose) const {
  // Names hold no white space.
  std::string key = absl::StrCat(has_purpose ? "+" : "-", method, " ", absl::StrJoin(names, " "));
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = decisions_.find(key);
    if (found != decisions_.end()) return found->second;
  }
  Decision decision = Make(names, method, has_purpose);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (decisions_.size() >= kRememberedDecisions) decisions_.clear();
  decisions_.emplace(std::move(key), decision);
  return decision;
}

bool CallerPolicy::MayUseService(const std::vector<std::string>& names,
                                 absl::string_view service) const {
  const std::string prefix = absl::StrCat(service, ".");
  return std::any_of(rules_.begin(), rules_.end(), [&](const Rule& rule) {
    return IsFor(rule, names) &&
           std::any_of(rule.methods.begin(), rule.methods.end(), [&](const std::string& pattern) {
             return absl::StartsWith(pattern, prefix);
           });
  });
}

}  // namespace edugate::services
