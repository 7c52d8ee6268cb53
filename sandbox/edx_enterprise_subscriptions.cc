#include "sandbox/edx_enterprise_subscriptions.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "sandbox/edx_enterprise_bodies.h"
#include "sandbox/edx_enterprise_ids.h"
#include "sandbox/edx_enterprise_pages.h"
#include "sandbox/edx_enterprise_records.h"
#include "sandbox/edx_enterprise_replies.h"
#include "sandbox/json_body.h"

namespace edugate::sandbox::edx {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kSubscriptionPage = 100;

constexpr int kLicenses = 100;
constexpr int kFewLicenses = 2;

Plan MakePlan(const std::string& id, int size) {
  Plan plan;
  plan.id = id;
  for (int i = 0; i < size; ++i) {
    plan.licenses.push_back({absl::StrFormat("%s-%04d", id.substr(0, 8), i), "unassigned", ""});
  }
  return plan;
}

Json PlanJson(const Plan& plan) {
  Json json = Json::parse(kDocumentedSubscriptions)["results"][0];
  json["uuid"] = plan.id;
  json["enterprise_customer_uuid"] = kCustomer;
  json["enterprise_catalog_uuid"] = kCatalog;
  Json& counts = json["licenses"];
  for (const char* status : {"activated", "assigned", "unassigned", "revoked"}) {
    counts[status] = plan.Count(status);
  }
  counts["total"] = plan.licenses.size() - plan.Count("revoked");
  counts["allocated"] = plan.Count("activated") + plan.Count("assigned");
  json["is_current"] = true;
  if (plan.id == kSmallPlan) {
    json["title"] = "Two licenses";
    json["is_revocation_cap_enabled"] = false;
    json["revocations"] = nullptr;
    json["prior_renewals"] = Json::array();
  } else {
    json["revocations"] = {{"applied", plan.Count("revoked")}, {"remaining", 100}};
  }
  return json;
}

// The licenses that a list of conditions means; nothing where they are malformed.
std::optional<std::vector<License*>> Filtered(const Json& filters, Plan& plan) {
  if (!filters.is_array() || filters.empty()) return std::nullopt;
  std::vector<License*> found;
  found.reserve(plan.licenses.size());
  for (License& license : plan.licenses) found.push_back(&license);
  for (const Json& filter : filters) {
    if (!filter.is_object() || !filter.contains("name") || !filter.contains("filter_value")) {
      return std::nullopt;
    }
    const Json& value = filter["filter_value"];
    std::vector<License*> kept;
    for (License* license : found) {
      bool holds = false;
      if (filter["name"] == "user_email" && value.is_string()) {
        holds = !license->email.empty() &&
                absl::StrContains(license->email, absl::AsciiStrToLower(value.get<std::string>()));
      } else if (filter["name"] == "status_in" && value.is_array()) {
        holds = std::find(value.begin(), value.end(), license->status) != value.end();
      } else {
        return std::nullopt;
      }
      if (holds) kept.push_back(license);
    }
    found = std::move(kept);
  }
  return found;
}

}  // namespace

License* Plan::Held(const std::string& email) {
  for (License& license : licenses) {
    if (license.email == email && license.live()) return &license;
  }
  return nullptr;
}

License* Plan::Free() {
  for (License& license : licenses) {
    if (license.status == "unassigned") return &license;
  }
  return nullptr;
}

int Plan::Count(absl::string_view status) const {
  int count = 0;
  for (const License& license : licenses) count += license.status == status;
  return count;
}

Subscriptions::Subscriptions(Surroundings surroundings) : surroundings_(std::move(surroundings)) {
  Reset();
}

void Subscriptions::Reset() {
  absl::MutexLock lock(&mutex_);
  plans_ = {MakePlan(kPlan, kLicenses), MakePlan(kSmallPlan, kFewLicenses)};
}

Reply Subscriptions::List(const Request& request) {
  const auto customer = request.Argument("enterprise_customer_uuid");
  if (request.Argument("current") == "true" && !customer) {
    return Detail(400, "enterprise_customer_uuid is required for current.");
  }
  std::vector<Json> plans;
  {
    absl::MutexLock lock(&mutex_);
    for (const Plan& plan : plans_) plans.push_back(PlanJson(plan));
  }
  if (customer && *customer != kCustomer) plans.clear();
  if (request.Argument("current") == "true" && plans.size() > 1) plans.resize(1);
  return Paged(request, plans,
               PageAsked(request, surroundings_.settings(), kSubscriptionPage, kSubscriptionPage),
               kInternalUrl, Json());
}

Reply Subscriptions::Assign(const Request& request) {
  const std::string& id = request.captures.at("plan");
  if (id == "plan-locked") return BareText(423, "Licenses in this plan are locked for renewal.");
  if (id == "plan-timeout") return Message(400, "Endpoint request timed out");
  if (id == "plan-database") {
    return BareText(400, "Database error occurred while assigning licenses.");
  }
  const Json body = JsonBody(request);
  const auto emails = Texts(body, "user_emails");
  if (!emails) return Answer(400, FieldRequired("user_emails"));
  const Json problems = EmailProblems("user_emails", *emails);
  if (!problems.is_null()) return Answer(400, problems);
  if (body.contains("user_sfids") && body["user_sfids"].size() != emails->size()) {
    return Answer(400, {{"non_field_errors",
                         Json::array({"Number of SFIDs did not match number of user emails."})}});
  }
  absl::MutexLock lock(&mutex_);
  Plan* plan = Find(id);
  if (plan == nullptr) return Detail(404, "Not found.");
  std::vector<std::string> without;
  int64_t already = 0;
  for (const std::string& email : Different(*emails)) {
    if (plan->Held(email) != nullptr) {
      ++already;
    } else {
      without.push_back(email);
    }
  }
  if (static_cast<int>(without.size()) > plan->Count("unassigned")) {
    return BareText(400, "There are not enough licenses that can be assigned.");
  }
  Json assigned = Json::array();
  // In another order than asked: nobody may count on it.
  std::reverse(without.begin(), without.end());
  for (const std::string& email : without) {
    License& license = *plan->Free();
    license.status = "assigned";
    license.email = email;
    assigned.push_back({{"user_email", email}, {"license", license.id}});
  }
  return Answer(200, {{"num_successful_assignments", assigned.size()},
                      {"num_already_associated", already},
                      {"license_assignments", assigned}});
}

Reply Subscriptions::Revoke(const Request& request) {
  const std::string& id = request.captures.at("plan");
  const Json body = JsonBody(request);
  const auto emails = Texts(body, "user_emails");
  const bool by_filter = body.is_object() && body.contains("filters");
  if (emails.has_value() == by_filter) {
    return Answer(
        400, {{"non_field_errors", Json::array({"Either user_emails or filters must be given."})}});
  }
  absl::MutexLock lock(&mutex_);
  Plan* plan = Find(id);
  if (plan == nullptr) return Detail(404, "Not found.");
  Json done = Json::array();
  Json failed = Json::array();
  auto revoke = [&done](License& license) {
    done.push_back({{"license_uuid", license.id},
                    {"original_status", license.status},
                    {"user_email", license.email}});
    license.status = "revoked";
  };
  if (by_filter) {
    const auto licenses = Filtered(body["filters"], *plan);
    if (!licenses) return BareText(400, "Malformed filters in request data.");
    for (License* license : *licenses) {
      if (license->status != "revoked") revoke(*license);
    }
  } else {
    for (const std::string& email : Different(*emails)) {
      if (License* license = plan->Held(email)) {
        revoke(*license);
      } else {
        failed.push_back({{"error", absl::StrCat("No license for ", email)},
                          {"error_response_status", 404},
                          {"user_email", email}});
      }
    }
  }
  // What older services and an outdated gateway make of it.
  if (id == "plan-silent" && failed.empty()) return Empty(204);
  const Json outcome = {{"successful_revocations", done}, {"unsuccessful_revocations", failed}};
  if (id == "plan-masked") return Answer(400, outcome);
  return Answer(failed.empty() ? 200 : done.empty() ? 404 : 207, outcome);
}

std::vector<std::string> Subscriptions::LearnersOf(absl::string_view plan) const {
  std::vector<std::string> emails;
  absl::MutexLock lock(&mutex_);
  for (const Plan& each : plans_) {
    if (each.id != plan) continue;
    for (const License& license : each.licenses) {
      if (license.live()) emails.push_back(license.email);
    }
  }
  return emails;
}

Plan* Subscriptions::Find(const std::string& id) {
  // The special ids share the large plan's licenses.
  const std::string known = absl::StartsWith(id, "plan-") ? kPlan : id;
  for (Plan& plan : plans_) {
    if (plan.id == known) return &plan;
  }
  return nullptr;
}

}  // namespace edugate::sandbox::edx
