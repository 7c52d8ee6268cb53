#include "app/callers.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "app/duration.h"

namespace edugate::app {
namespace {

services::GrantRule ToRule(const v1::GrantConfig& config, int place) {
  services::GrantRule rule;
  services::Grant& grant = rule.grant;
  grant.name = config.name().empty() ? absl::StrCat("grants[", place, "]") : config.name();
  for (const std::string& connection : config.connections()) {
    grant.every_connection |= connection == "*";
    grant.connections.insert(connection);
  }
  std::vector<privacy::v1::DataClass> visible;
  for (const int each : config.visible()) {
    visible.push_back(static_cast<privacy::v1::DataClass>(each));
  }
  grant.scope = services::FieldScope(
      visible, std::set<std::string>(config.hidden_fields().begin(), config.hidden_fields().end()));
  grant.require_purpose = config.require_purpose();
  rule.callers.assign(config.callers().begin(), config.callers().end());
  rule.methods.assign(config.methods().begin(), config.methods().end());
  return rule;
}

}  // namespace

identity::JwtRules JwtRulesOf(const v1::JwtConfig& config) {
  identity::JwtRules rules;
  rules.jwks_file = config.jwks_file();
  rules.issuer = config.issuer();
  rules.audience = config.audience();
  if (!config.caller_claim().empty()) rules.caller_claim = config.caller_claim();
  if (config.has_clock_skew()) rules.clock_skew = ToDuration(config.clock_skew());
  return rules;
}

absl::StatusOr<std::shared_ptr<const services::Callers>> MakeCallers(const v1::Config& config,
                                                                     const async::Clock& clock) {
  if (!config.has_callers()) return std::shared_ptr<const services::Callers>();
  std::vector<services::GrantRule> rules;
  rules.reserve(config.callers().grants_size());
  for (int i = 0; i < config.callers().grants_size(); ++i) {
    rules.push_back(ToRule(config.callers().grants(i), i));
  }
  std::shared_ptr<identity::JwtVerifier> tokens;
  if (config.callers().has_jwt()) {
    auto opened = identity::JwtVerifier::Open(JwtRulesOf(config.callers().jwt()), &clock);
    if (!opened.ok()) {
      return absl::Status(opened.status().code(),
                          absl::StrCat("callers.jwt.jwks_file: ", opened.status().message()));
    }
    tokens = *std::move(opened);
  }
  return std::make_shared<const services::Callers>(std::move(rules), std::move(tokens));
}

}  // namespace edugate::app
