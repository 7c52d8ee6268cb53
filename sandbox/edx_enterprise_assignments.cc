#include "sandbox/edx_enterprise_assignments.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "sandbox/edx_enterprise_bodies.h"
#include "sandbox/edx_enterprise_ids.h"
#include "sandbox/edx_enterprise_pages.h"
#include "sandbox/edx_enterprise_replies.h"
#include "sandbox/json_body.h"

namespace edugate::sandbox::edx {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kAssignmentPage = 100;
constexpr int64_t kMaxAssignmentPage = 500;

Json MakeAssignment(int64_t number, const std::string& email, const Json& key, int64_t cents) {
  Json assignment;
  assignment["uuid"] = absl::StrFormat("assignment-%08d", number);
  assignment["assignment_configuration"] = kConfiguration;
  assignment["learner_email"] = email;
  assignment["lms_user_id"] = nullptr;
  assignment["content_key"] = key;
  assignment["parent_content_key"] = nullptr;
  assignment["is_assigned_course_run"] = false;
  assignment["content_title"] = "Sandbox content";
  assignment["content_quantity"] = -cents;
  assignment["state"] = "allocated";
  assignment["transaction_uuid"] = nullptr;
  assignment["actions"] = Json::array();
  assignment["earliest_possible_expiration"] = {{"date", "2027-08-20T11:58:34.666249Z"},
                                                {"reason", "NINETY_DAYS_PASSED"}};
  return assignment;
}

}  // namespace

Assignments::Assignments(Surroundings surroundings, Counter& issued)
    : surroundings_(std::move(surroundings)), issued_(issued) {}

Assignments::~Assignments() = default;

void Assignments::Reset() {
  absl::MutexLock lock(&mutex_);
  assignments_.clear();
}

Reply Assignments::Allocate(const Request& request) {
  const std::string& policy = request.captures.at("policy");
  if (policy == "policy-locked") {
    return Detail(429, "Enrollment currently locked for this subsidy access policy.");
  }
  if (policy == "policy-refuses") {
    return Answer(422, Json::array({{{"reason", "not_enough_value_in_subsidy"},
                                     {"user_message", "You can't enroll right now."},
                                     {"metadata", Json::object()},
                                     {"policy_uuids", Json::array({policy})}}}));
  }
  if (policy != kPolicy) return Detail(404, "Not found.");
  const Json body = JsonBody(request);
  const auto emails = Texts(body, "learner_emails");
  if (!emails) return Answer(400, FieldRequired("learner_emails"));
  const Json problems = EmailProblems("learner_emails", *emails);
  if (!problems.is_null()) return Answer(400, problems);
  if (!body.contains("content_key") || !body["content_key"].is_string()) {
    return Answer(400, FieldRequired("content_key"));
  }
  const Json price = body.value("content_price_cents", Json());
  if (!price.is_number_integer() || price < 0) {
    return Answer(400, FieldRequired("content_price_cents"));
  }
  absl::MutexLock lock(&mutex_);
  Json outcome = {
      {"updated", Json::array()}, {"created", Json::array()}, {"no_change", Json::array()}};
  for (const std::string& email : Different(*emails)) {
    Json* known = nullptr;
    for (Json& assignment : assignments_) {
      if (assignment["learner_email"] == email &&
          assignment["content_key"] == body["content_key"]) {
        known = &assignment;
      }
    }
    if (known == nullptr) {
      assignments_.push_back(
          MakeAssignment(issued_.Next(), email, body["content_key"], price.get<int64_t>()));
      outcome["created"].push_back(assignments_.back());
    } else if ((*known)["state"] == "allocated") {
      outcome["no_change"].push_back(*known);
    } else {
      (*known)["state"] = "allocated";
      outcome["updated"].push_back(*known);
    }
  }
  return Answer(202, outcome);
}

Reply Assignments::List(const Request& request) {
  if (request.captures.at("configuration") != kConfiguration) {
    return Detail(403, "You do not have permission to perform this action.");
  }
  auto asked = [&](const Json& assignment, const char* field) {
    const std::optional<std::string> value = request.Argument(field);
    return !value || assignment[field] == *value;
  };
  absl::MutexLock lock(&mutex_);
  std::vector<Json> found;
  for (Json assignment : assignments_) {
    if (!asked(assignment, "state") || !asked(assignment, "learner_email") ||
        !asked(assignment, "content_key")) {
      continue;
    }
    assignment["recent_action"] = {{"action_type", "assigned"},
                                   {"timestamp", "2026-11-21T21:09:56.175672Z"}};
    assignment["learner_state"] = assignment["state"] == "allocated" ? Json("waiting") : Json();
    assignment["error_reason"] = nullptr;
    found.push_back(std::move(assignment));
  }
  return Paged(request, found,
               PageAsked(request, surroundings_.settings(), kAssignmentPage, kMaxAssignmentPage),
               kInternalUrl, nullptr);
}

Reply Assignments::Remind(const Request& request) {
  return Act(request, [](Json&) {});
}
Reply Assignments::Cancel(const Request& request) {
  return Act(request, [](Json& assignment) { assignment["state"] = "cancelled"; });
}

Reply Assignments::Act(const Request& request, void (*act)(Json& assignment)) {
  const Json body = JsonBody(request);
  const auto ids = Texts(body, "assignment_uuids");
  if (!ids) return Answer(400, FieldRequired("assignment_uuids"));
  if (request.captures.at("configuration") != kConfiguration) return Empty(422);
  absl::MutexLock lock(&mutex_);
  std::vector<Json*> named;
  for (const std::string& id : *ids) {
    for (Json& assignment : assignments_) {
      if (assignment["uuid"] == id) named.push_back(&assignment);
    }
  }
  if (named.size() != ids->size()) return Empty(422);
  for (Json* assignment : named) act(*assignment);
  return Empty(200);
}

}  // namespace edugate::sandbox::edx
