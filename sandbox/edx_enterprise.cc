#include "sandbox/edx_enterprise.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "sandbox/authorization.h"
#include "sandbox/counter.h"
#include "sandbox/edx_enterprise_assignments.h"
#include "sandbox/edx_enterprise_catalogs.h"
#include "sandbox/edx_enterprise_ids.h"
#include "sandbox/edx_enterprise_learners.h"
#include "sandbox/edx_enterprise_rendering.h"
#include "sandbox/edx_enterprise_replies.h"
#include "sandbox/edx_enterprise_subscriptions.h"

namespace edugate::sandbox {
namespace edx {
namespace {

constexpr char kTokenPath[] = "/oauth2/v1/access_token";
// The services issue tokens for an hour.
constexpr absl::Duration kTokenLifetime = absl::Hours(1);

class EdxEnterprise final : public Provider {
 public:
  explicit EdxEnterprise(Surroundings surroundings)
      : surroundings_(std::move(surroundings)),
        catalogs_(surroundings_),
        subscriptions_(surroundings_),
        learners_(surroundings_, subscriptions_, issued_),
        assignments_(surroundings_, issued_) {}

  absl::string_view id() const override { return "edx_enterprise"; }

  std::vector<Route> Routes() override {
    const std::string catalog = "/enterprise/v2/enterprise-catalogs/{catalog}";
    const std::string plan = "/enterprise/v1/subscriptions/{plan}/licenses/";
    const std::string assignments =
        "/enterprise/v1/assignment-configurations/{configuration}/admin/assignments/";
    return {
        {"POST", kTokenPath, [this](const Request& request) { return IssueToken(request); },
         /*open=*/true},
        Guarded("GET", "/enterprise/v2/enterprise-catalogs", catalogs_, &Catalogs::List,
                Rendering::kJsonOrXml),
        Guarded("GET", catalog, catalogs_, &Catalogs::Content, Rendering::kJsonOrXml),
        Guarded("GET", catalog + "/courses/{key}", catalogs_, &Catalogs::Course,
                Rendering::kJsonOrXml),
        Guarded("GET", catalog + "/course-runs/{key}", catalogs_, &Catalogs::CourseRun,
                Rendering::kJsonOrXml),
        Guarded("GET", catalog + "/programs/{key}", catalogs_, &Catalogs::Program,
                Rendering::kJsonOrXml),
        Guarded("GET", "/enterprise/v3/enterprise-customer/{customer}/learner-summary", learners_,
                &Learners::Summary, Rendering::kJsonOnly),
        Guarded("POST", "/enterprise/v1/bulk-license-enrollment", learners_, &Learners::BulkEnroll,
                Rendering::kJsonOnly),
        Guarded("GET", "/enterprise/v1/subscriptions", subscriptions_, &Subscriptions::List,
                Rendering::kJsonOnly),
        Guarded("POST", plan + "assign", subscriptions_, &Subscriptions::Assign,
                Rendering::kJsonOnly),
        Guarded("POST", plan + "bulk-revoke", subscriptions_, &Subscriptions::Revoke,
                Rendering::kJsonOnly),
        Guarded("POST", "/enterprise/v1/policy-allocation/{policy}/allocate/", assignments_,
                &Assignments::Allocate, Rendering::kJsonOnly),
        Guarded("GET", assignments, assignments_, &Assignments::List, Rendering::kJsonOnly),
        Guarded("POST", assignments + "remind/", assignments_, &Assignments::Remind,
                Rendering::kJsonOnly),
        Guarded("POST", assignments + "cancel/", assignments_, &Assignments::Cancel,
                Rendering::kJsonOnly),
    };
  }

  bool Authorized(const Request& request) const override {
    if (absl::StartsWith(request.target, kTokenPath)) {
      return request.Argument("client_id") == kEdxClientId &&
             request.Argument("client_secret") == kEdxClientSecret;
    }
    const std::string header = request.Header("authorization");
    if (!absl::StartsWith(header, "JWT ")) return false;
    return tokens_.IsGood(header.substr(sizeof("JWT ") - 1), surroundings_.now());
  }

  Reply Refuse(Refusal refusal) const override {
    switch (refusal) {
      case Refusal::kUnauthorized:
        return Detail(401, "Invalid token.");
      case Refusal::kNotFound:
        return Message(403, "Missing Authentication Token");
      case Refusal::kMethodNotAllowed:
        return Detail(405, "Method not allowed.");
      case Refusal::kThrottled:
        return Throttled();
    }
    return Message(500, "Internal server error");
  }

  void Reset() override {
    // First: no record that is left may have a number that comes again.
    issued_.Reset();
    subscriptions_.Reset();
    learners_.Reset();
    assignments_.Reset();
    tokens_.Clear();
  }

  std::string ConnectionYaml(absl::string_view base_url) const override {
    const std::string common = absl::StrCat(
        "    provider: edx_enterprise\n    base_url: ", base_url,
        "\n    auth: { oauth2_client: { token_url: \"", base_url, kTokenPath,
        "\", client_id: { value: ", kEdxClientId, " }, client_secret: { value: ", kEdxClientSecret,
        " } } }\n    options: { enterprise_customer_uuid: ", kCustomer);
    return absl::StrCat("  - id: edx\n", common, " }\n  - id: edx-xml\n", common,
                        ", response_format: xml }\n");
  }

  std::string Summary() const override {
    return absl::StrCat("customer ", kCustomer, ", catalog ", kCatalog, "\n",  //
                        "plan ", kPlan, ", policy ", kPolicy, "\n",            //
                        "assignment configuration ", kConfiguration, "\n",     //
                        "POST ", kTokenPath, " with ", kEdxClientId, ":", kEdxClientSecret,
                        " and token_type=jwt, then Authorization: JWT ...\n");
  }

 private:
  // A route behind the gateway. It refuses by itself, because the gateway tells a missing
  // credential from a wrong one and the services answer errors in the format asked for.
  template <typename Service>
  Route Guarded(const char* method, std::string pattern, Service& service,
                Reply (Service::*handle)(const Request&), Rendering rendering) {
    return {method, std::move(pattern),
            [this, &service, handle, rendering](const Request& request) {
              if (request.Header("authorization").empty()) {
                return Message(400, "Missing required request parameters: [Authorization]");
              }
              if (!Authorized(request))
                return Rendered(request, Refuse(Refusal::kUnauthorized), rendering);
              return Rendered(request, (service.*handle)(request), rendering);
            },
            /*open=*/true};
  }

  Reply IssueToken(const Request& request) {
    if (!Authorized(request)) return Answer(401, {{"error", "invalid_client"}});
    if (request.Argument("grant_type") != "client_credentials") {
      return Answer(400, {{"error", "unsupported_grant_type"}});
    }
    const absl::Duration lifetime =
        std::min(surroundings_.settings().token_lifetime, kTokenLifetime);
    const bool jwt = request.Argument("token_type") == "jwt";
    const std::string token = absl::StrCat("sandbox-edx-issued-", issued_.Next(), "-not-a-secret");
    // Without token_type=jwt edX issues a token that these services don't take.
    if (jwt) tokens_.Add(token, surroundings_.now() + lifetime);
    return Answer(200, {{"access_token", token},
                        {"expires_in", absl::ToInt64Seconds(lifetime)},
                        {"token_type", jwt ? "JWT" : "Bearer"},
                        {"scope", "read write"}});
  }

  const Surroundings surroundings_;
  // Numbers tokens, jobs and assignments in one row.
  Counter issued_;
  Catalogs catalogs_;
  Subscriptions subscriptions_;
  Learners learners_;
  Assignments assignments_;
  IssuedTokens tokens_;
};

}  // namespace
}  // namespace edx

std::unique_ptr<Provider> MakeEdxEnterprise(Surroundings surroundings) {
  return std::make_unique<edx::EdxEnterprise>(std::move(surroundings));
}

}  // namespace edugate::sandbox
