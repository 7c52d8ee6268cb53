#include "sandbox/edx_enterprise_learners.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
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

constexpr int64_t kMaxSummaryPage = 1000;
constexpr int64_t kBulkEnrollmentLimit = 500;

constexpr int kLearners = 120;

Json MakeSummary(int number) {
  const bool passed = number % 4 == 1;
  Json row;
  row["enrollment_id"] = number % 15 == 0 ? Json() : Json(5000 + number);
  row["enterprise_enrollment_id"] = number % 10 == 0 ? Json() : Json(7000 + number);
  row["is_consent_granted"] = true;
  row["paid_by"] = "Enterprise";
  row["user_current_enrollment_mode"] = number % 6 == 0 ? "audit" : "verified";
  row["enrollment_date"] = "2026-09-01";
  row["unenrollment_date"] = number % 12 == 7 ? Json("2026-10-01") : Json();
  row["unenrollment_end_within_date"] = "2026-09-15";
  row["is_refunded"] = nullptr;
  row["seat_delivery_method"] = "License";
  row["offer_id"] = "12";
  row["offer_name"] = "Autumn";
  row["course_list_price"] = 200.0;
  row["amount_learner_paid"] = 0.0;
  row["course_key"] = absl::StrFormat("SandX+C%03d", number);
  row["courserun_key"] = absl::StrFormat("course-v1:SandX+C%03d+1T2027", number);
  row["course_title"] = absl::StrFormat("Course %d", number);
  row["course_pacing_type"] = "self_paced";
  row["course_start_date"] = "2027-01-15";
  row["course_end_date"] = "2027-03-15";
  row["course_duration_weeks"] = 8;
  row["course_max_effort"] = 4;
  row["course_min_effort"] = 2;
  row["has_passed"] = passed;
  row["passed_date"] = passed ? Json("2027-02-01") : Json();
  row["progress_status"] = passed ? "Passed" : number % 4 == 2 ? "Failed" : "In Progress";
  row["current_grade"] = passed ? 0.93 : 0.2;
  row["letter_grade"] = passed ? Json("A") : Json();
  row["course_progress"] = passed ? 1.0 : 0.25;
  row["total_learning_time_hours"] = 12.5;
  row["last_activity_date"] = "2027-01-31";
  row["enterprise_user_id"] = 900 + number;
  row["user_email"] = absl::StrFormat("learner%03d@example.com", number);
  row["user_username"] = absl::StrFormat("learner%03d", number);
  row["user_first_name"] = "Ann";
  row["user_last_name"] = "Müller";
  row["user_country_code"] = "DE";
  row["user_account_creation_date"] = "2020-05-06T07:08:09.123456Z";
  row["enterprise_name"] = "Sandbox Company";
  row["enterprise_customer_uuid"] = kCustomer;
  row["enterprise_flex_group_name"] = "Sales,Support";
  row["enterprise_flex_group_uuid"] = "g1,g2";
  row["created"] = "2027-02-02T00:00:00Z";
  row["course_api_url"] = absl::StrFormat("/enterprise/v1/catalogs/courses/%d", number);
  return row;
}

}  // namespace

Learners::Learners(Surroundings surroundings, const Subscriptions& subscriptions, Counter& issued)
    : surroundings_(std::move(surroundings)), subscriptions_(subscriptions), issued_(issued) {
  Reset();
}

Learners::~Learners() = default;

void Learners::Reset() {
  absl::MutexLock lock(&mutex_);
  summaries_.clear();
  for (int i = 1; i <= kLearners; ++i) summaries_.push_back(MakeSummary(i));
}

Reply Learners::Summary(const Request& request) {
  if (request.captures.at("customer") != kCustomer) {
    return Detail(403, "You do not have permission to perform this action.");
  }
  absl::MutexLock lock(&mutex_);
  return Paged(request, summaries_,
               PageAsked(request, surroundings_.settings(), kDefaultPage, kMaxSummaryPage),
               kGatewayUrl, "");
}

Reply Learners::BulkEnroll(const Request& request) {
  if (!request.Argument("enterprise_customer_uuid")) {
    return Message(400, "Missing required request parameters: [enterprise_customer_uuid]");
  }
  const Json body = JsonBody(request);
  const bool everyone = request.Argument("enroll_all") == "true";
  if (everyone && !request.Argument("subscription_uuid")) {
    return Answer(400, {{"subscription_id", "This field is required."}});
  }
  const auto keys = Texts(body, "course_run_keys");
  if (!keys) return Answer(400, FieldRequired("course_run_keys"));
  auto emails = Texts(body, "emails");
  if (!emails && !everyone) return Answer(400, FieldRequired("emails"));
  if (!emails) emails.emplace();
  const Json problems = EmailProblems("emails", *emails);
  if (!problems.is_null()) return Answer(400, problems);
  if (static_cast<int64_t>(emails->size() * keys->size()) > kBulkEnrollmentLimit) {
    return BareText(400, absl::StrCat("enrollment request exceeds ", kBulkEnrollmentLimit));
  }
  if (everyone) {
    for (std::string& email : subscriptions_.LearnersOf(*request.Argument("subscription_uuid"))) {
      emails->push_back(std::move(email));
    }
  }
  absl::MutexLock lock(&mutex_);
  for (const std::string& email : Different(*emails)) {
    for (const std::string& key : *keys) {
      Json row = MakeSummary(static_cast<int>(summaries_.size()) + 1);
      row["user_email"] = email;
      row["courserun_key"] = key;
      summaries_.push_back(std::move(row));
    }
  }
  return Answer(201, {{"job_id", absl::StrFormat("job-%08d", issued_.Next())}});
}

}  // namespace edugate::sandbox::edx
