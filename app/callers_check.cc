#include "app/callers_check.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "app/callers.h"
#include "google/protobuf/descriptor.h"
#include "runtime/config/secret.h"
#include "runtime/identity/jwk_set.h"
#include "services/caller_policy.h"

namespace edugate::app {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::ServiceDescriptor;

constexpr absl::string_view kPublicPackage = "edugate.v1.";

// `EnrollmentService.ListEnrollments`, `EnrollmentService.*`, `*`, or the same of a provider by its
// whole name.
bool IsMethodPattern(absl::string_view pattern) {
  if (pattern == "*") return true;
  const size_t dot = pattern.rfind('.');
  if (dot == absl::string_view::npos) return false;
  const absl::string_view service_name = pattern.substr(0, dot);
  const bool native = absl::StartsWith(pattern, services::kNativePrefix);
  if (!native && absl::StrContains(service_name, ".")) return false;
  const ServiceDescriptor* service = DescriptorPool::generated_pool()->FindServiceByName(
      absl::StrCat(native ? "" : kPublicPackage, service_name));
  if (service == nullptr) return false;
  const absl::string_view method = pattern.substr(dot + 1);
  return method == "*" || service->FindMethodByName(std::string(method)) != nullptr;
}

void CheckJwt(const v1::JwtConfig& jwt, const Mistake& mistake) {
  constexpr int64_t kMostSkewSeconds = 300;
  if (jwt.jwks_file().empty()) {
    mistake("callers.jwt.jwks_file", "is missing");
  } else {
    const auto text = config::SecretSource::File(jwt.jwks_file()).Read();
    const absl::Status usable =
        text.ok() ? identity::JwkSet::Parse(text->Reveal()).status() : text.status();
    if (!usable.ok()) mistake("callers.jwt.jwks_file", usable.message());
  }
  if (jwt.issuer().empty()) mistake("callers.jwt.issuer", "is missing");
  if (jwt.audience().empty()) mistake("callers.jwt.audience", "is missing");
  const absl::Duration skew = JwtRulesOf(jwt).clock_skew;
  if (skew < absl::ZeroDuration() || skew > absl::Seconds(kMostSkewSeconds)) {
    mistake("callers.jwt.clock_skew", "must be from 0 to 5m");
  }
}

void CheckGrant(const v1::GrantConfig& grant, const v1::Config& config, const std::string& key,
                const Mistake& mistake) {
  const bool shows_certificates = !config.server().tls().client_ca_file().empty();
  if (grant.callers().empty()) mistake(absl::StrCat(key, ".callers"), "needs at least one caller");
  for (int i = 0; i < grant.callers_size(); ++i) {
    const std::string at = absl::StrCat(key, ".callers[", i, "]");
    absl::string_view caller = grant.callers(i);
    const bool jwt = absl::ConsumePrefix(&caller, "jwt:");
    const bool certificate = !jwt && absl::ConsumePrefix(&caller, "cert:");
    if ((!jwt && !certificate && caller != "*") || caller.empty()) {
      mistake(at, "must be jwt:NAME, cert:NAME or *");
    } else if (jwt && !config.callers().has_jwt()) {
      mistake(at, "needs callers.jwt: no token is accepted without it");
    } else if (certificate && !shows_certificates) {
      mistake(at, "needs server.tls.client_ca_file: no caller shows a certificate without it");
    }
  }
  if (grant.methods().empty()) mistake(absl::StrCat(key, ".methods"), "needs at least one method");
  for (int i = 0; i < grant.methods_size(); ++i) {
    if (IsMethodPattern(grant.methods(i))) continue;
    mistake(absl::StrCat(key, ".methods[", i, "]"), "there is no such method or service");
  }
  if (grant.connections().empty()) {
    mistake(absl::StrCat(key, ".connections"), "needs at least one connection");
  }
  for (int i = 0; i < grant.connections_size(); ++i) {
    const std::string& id = grant.connections(i);
    const bool known =
        id == "*" || std::any_of(config.connections().begin(), config.connections().end(),
                                 [&](const auto& each) { return each.id() == id; });
    if (!known) mistake(absl::StrCat(key, ".connections[", i, "]"), "there is no such connection");
  }
  for (int i = 0; i < grant.hidden_fields_size(); ++i) {
    const absl::string_view name = grant.hidden_fields(i);
    const size_t dot = name.find('.');
    const auto* type = dot == absl::string_view::npos
                           ? nullptr
                           : DescriptorPool::generated_pool()->FindMessageTypeByName(
                                 absl::StrCat(kPublicPackage, name.substr(0, dot)));
    if (type != nullptr && type->FindFieldByName(std::string(name.substr(dot + 1))) != nullptr) {
      continue;
    }
    mistake(absl::StrCat(key, ".hidden_fields[", i, "]"),
            "there is no such field; needs Message.field, as in Learner.email");
  }
}

}  // namespace

void CheckCallers(const v1::Config& config, const Mistake& mistake) {
  if (!config.has_callers()) return;
  const v1::CallersConfig& callers = config.callers();
  if (callers.has_jwt()) CheckJwt(callers.jwt(), mistake);
  if (!callers.has_jwt() && config.server().tls().client_ca_file().empty()) {
    mistake("callers", "nobody can be known: needs callers.jwt or server.tls.client_ca_file");
  }
  if (callers.grants().empty()) mistake("callers.grants", "needs at least one grant");
  for (int i = 0; i < callers.grants_size(); ++i) {
    CheckGrant(callers.grants(i), config, absl::StrCat("callers.grants[", i, "]"), mistake);
  }
}

}  // namespace edugate::app
