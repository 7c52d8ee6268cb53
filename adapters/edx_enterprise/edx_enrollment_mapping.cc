#include "adapters/edx_enterprise/edx_enrollment_mapping.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "adapters/edx_enterprise/edx_values.h"
#include "adapters/record_mapping.h"
#include "adapters/resource_name.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

namespace edx = provider::edx_enterprise::v1;

constexpr std::array kCompletions = {
    WordRow<v1::CompletionStatus>{"In Progress", v1::COMPLETION_STATUS_IN_PROGRESS},
    WordRow<v1::CompletionStatus>{"Passed", v1::COMPLETION_STATUS_PASSED},
    WordRow<v1::CompletionStatus>{"Failed", v1::COMPLETION_STATUS_FAILED},
};

// FNV-1a of 64 bits: the same in every version and on every machine.
uint64_t StableHash(absl::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

std::string LearnerId(const edx::LearnerEnrollment& from) {
  if (from.has_enterprise_user_id()) return absl::StrCat(from.enterprise_user_id());
  if (from.has_lms_user_id()) return absl::StrCat(from.lms_user_id());
  return "";
}

// The provider's id of the enrollment; empty where it gives none.
std::string EnrollmentId(const edx::LearnerEnrollment& from) {
  if (from.has_enterprise_enrollment_id()) return absl::StrCat(from.enterprise_enrollment_id());
  if (from.has_enrollment_id()) return absl::StrCat(from.enrollment_id());
  return "";
}

// A name's last part for an enrollment without an id: course run and learner, hashed so that the
// name tells of nobody.
std::string SubstituteId(const edx::LearnerEnrollment& from) {
  const std::string id = LearnerId(from);
  const std::string learner = id.empty() ? EdxEmail(from.user_email()) : id;
  if (from.courserun_key().empty() || learner.empty()) return "";
  return absl::StrFormat("h-%016x", StableHash(absl::StrCat(from.courserun_key(), "\n", learner)));
}

void AddIdentifier(const char* type, const std::string& value,
                   google::protobuf::RepeatedPtrField<v1::Identifier>* out) {
  if (value.empty()) return;
  v1::Identifier& identifier = *out->Add();
  identifier.set_issuer(kEdxProvider);
  identifier.set_type(type);
  identifier.set_value(value);
}

std::vector<std::string> SplitAtCommas(const std::string& text) {
  std::vector<std::string> parts;
  for (absl::string_view part : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    parts.emplace_back(absl::StripAsciiWhitespace(part));
  }
  return parts;
}

// Names and ids come as two lists; where they are of one length they belong together.
void AddGroups(const edx::LearnerEnrollment& from, v1::Learner& out) {
  const std::vector<std::string> names = SplitAtCommas(from.enterprise_group_name());
  const std::vector<std::string> ids = SplitAtCommas(from.enterprise_group_uuid());
  const bool paired = names.size() == ids.size();
  for (size_t i = 0; i < names.size(); ++i) {
    v1::LearnerGroup& group = *out.add_groups();
    group.set_display_name(names[i]);
    if (paired) group.set_provider_id(ids[i]);
  }
  if (paired) return;
  for (const std::string& id : ids) out.add_groups()->set_provider_id(id);
}

v1::Learner ToLearner(const edx::LearnerEnrollment& from) {
  using Out = v1::Learner;
  Out out;
  if (from.has_enterprise_user_id()) out.set_provider_id(absl::StrCat(from.enterprise_user_id()));
  AddIdentifier("enterprise_sso_uid", from.enterprise_sso_uid(), out.mutable_identifiers());
  if (from.has_lms_user_id()) {
    AddIdentifier("lms_user_id", absl::StrCat(from.lms_user_id()), out.mutable_identifiers());
  }
  SetText(from.user_email(), out, &Out::mutable_email);
  SetText(from.user_username(), out, &Out::mutable_username);
  SetText(from.user_first_name(), out, &Out::mutable_given_name);
  SetText(from.user_last_name(), out, &Out::mutable_family_name);
  SetText(from.user_country(), out, &Out::mutable_country_code);
  SetInstant(from.user_account_creation_date(), out, &Out::mutable_account_create_time);
  AddGroups(from, out);
  if (from.has_is_consent_granted()) out.set_data_sharing_consent(from.is_consent_granted());
  return out;
}

// The path of a link: the reference has a whole URL, the service sends the path alone.
std::string PathOf(const std::string& link) {
  const size_t scheme_end = link.find("://");
  if (scheme_end == std::string::npos) return link;
  const size_t path = link.find('/', scheme_end + 3);
  return path == std::string::npos ? "" : link.substr(path);
}

v1::CourseOfferingRef ToOffering(const edx::LearnerEnrollment& from) {
  using Out = v1::CourseOfferingRef;
  Out out;
  out.set_provider_id(from.courserun_key());
  out.set_course_run_key(from.courserun_key());
  out.set_course_key(from.course_key());
  SetText(from.course_title(), out, &Out::mutable_title);
  SetDate(from.course_start(), out, &Out::mutable_start_date);
  SetDate(from.course_end(), out, &Out::mutable_end_date);
  if (from.has_course_duration()) out.set_duration_weeks(from.course_duration());
  out.set_pacing(EdxPacing(from.course_pacing_type()));
  out.set_provider_pacing(from.course_pacing_type());
  if (from.has_course_min_effort()) out.set_min_effort_hours_per_week(from.course_min_effort());
  if (from.has_course_max_effort()) out.set_max_effort_hours_per_week(from.course_max_effort());
  SetText(from.course_primary_program(), out, &Out::mutable_primary_program);
  SetText(from.primary_program_type(), out, &Out::mutable_primary_program_type);
  SetText(from.course_primary_subject(), out, &Out::mutable_primary_subject);
  SetText(from.course_product_line(), out, &Out::mutable_product_line);
  out.set_delivery_mode(v1::DELIVERY_MODE_ONLINE);
  SetText(PathOf(from.course_api_url()), out, &Out::mutable_provider_path);
  return out;
}

// Either of has_passed and progress_status may be null.
v1::GradeStatus GradeStatusOf(const edx::LearnerEnrollment& from) {
  const v1::CompletionStatus completion = EdxCompletion(from.progress_status());
  if (from.has_passed() || completion == v1::COMPLETION_STATUS_PASSED) {
    return v1::GRADE_STATUS_PASS;
  }
  if (completion == v1::COMPLETION_STATUS_FAILED) return v1::GRADE_STATUS_FAIL;
  const bool still_changes = !from.current_grade().empty() && from.passed_date().empty();
  return still_changes ? v1::GRADE_STATUS_IN_PROGRESS : v1::GRADE_STATUS_UNSPECIFIED;
}

v1::Grade ToGrade(const edx::LearnerEnrollment& from) {
  v1::Grade out;
  SetText(from.letter_grade(), out, &v1::Grade::mutable_letter);
  SetDecimal(from.current_grade(), out, &v1::Grade::mutable_numeric);
  SetDecimal(from.course_passing_grade(), out, &v1::Grade::mutable_passing_numeric);
  if (out.has_numeric() || out.has_passing_numeric()) out.set_scale("0-1");
  if (out.has_letter() || out.has_numeric()) out.set_status(GradeStatusOf(from));
  return out;
}

v1::Progress ToProgress(const edx::LearnerEnrollment& from) {
  using Out = v1::Progress;
  Out out;
  SetDecimal(from.course_progress(), out, &Out::mutable_fraction);
  if (from.has_has_passed()) out.set_passed(from.has_passed());
  SetDate(from.passed_date(), out, &Out::mutable_passed_date);
  SetDate(from.last_activity_date(), out, &Out::mutable_last_activity_date);
  SetDecimal(from.total_learning_time_hours(), out, &Out::mutable_hours_spent);
  SetInstant(from.created(), out, &Out::mutable_report_time);
  return out;
}

v1::EnrollmentFunding ToFunding(const edx::LearnerEnrollment& from) {
  using Out = v1::EnrollmentFunding;
  Out out;
  SetDecimal(from.course_list_price(), out, &Out::mutable_list_price);
  SetDecimal(from.amount_learner_paid(), out, &Out::mutable_learner_paid);
  SetDecimal(from.discount_price(), out, &Out::mutable_discounted_price);
  SetText(from.paid_by(), out, &Out::mutable_provider_paid_by);
  if (from.has_is_refunded()) out.set_refunded(from.is_refunded());
  if (from.has_is_subsidy()) out.set_subsidized(from.is_subsidy());
  SetText(from.seat_delivery_method(), out, &Out::mutable_provider_subsidy_type);
  SetText(from.budget_id(), out, &Out::mutable_budget_id);
  SetText(from.contract_id(), out, &Out::mutable_contract_id);
  SetText(from.offer_id(), out, &Out::mutable_offer_id);
  SetText(from.offer_name(), out, &Out::mutable_offer_name);
  SetText(from.offer_type(), out, &Out::mutable_offer_type);
  SetText(from.coupon_code(), out, &Out::mutable_coupon_code);
  SetText(from.coupon_name(), out, &Out::mutable_coupon_name);
  return out;
}

// A row has no status of its own: dates and mode tell.
v1::EnrollmentStatus StatusOf(const edx::LearnerEnrollment& from) {
  if (!from.unenrollment_date().empty()) return v1::ENROLLMENT_STATUS_WITHDRAWN;
  const bool audits =
      EdxEnrollmentMode(from.user_current_enrollment_mode()) == v1::ENROLLMENT_MODE_AUDIT;
  return audits ? v1::ENROLLMENT_STATUS_AUDITING : v1::ENROLLMENT_STATUS_ENROLLED;
}

v1::CompletionStatus CompletionOf(const edx::LearnerEnrollment& from) {
  if (from.progress_status().empty() && from.has_passed()) return v1::COMPLETION_STATUS_PASSED;
  return EdxCompletion(from.progress_status());
}

absl::Status TooMany(size_t learners, size_t runs, int32_t limit) {
  const std::string split =
      static_cast<size_t>(limit) >= runs
          ? absl::StrCat("send at most ", limit / runs, " learners in one call")
          : absl::StrCat("send one learner and at most ", limit, " course runs in one call");
  return errors::ArgumentInvalid(
      "learner_emails",
      absl::StrCat(learners, " learners times ", runs, " course runs are ", learners * runs,
                   " enrollments, and the connection allows ", limit, " in one call: ", split));
}

}  // namespace

v1::CompletionStatus EdxCompletion(absl::string_view progress_status) {
  return ValueOf(kCompletions, progress_status, v1::COMPLETION_STATUS_UNKNOWN);
}

v1::Enrollment ToEnrollment(const edx::LearnerEnrollment& record, absl::string_view connection,
                            v1::View view) {
  using Out = v1::Enrollment;
  Out out;
  const std::string id = EnrollmentId(record);
  out.set_name(MakeName<Resource::kEnrollment>(connection, id.empty() ? SubstituteId(record) : id));
  out.set_provider(kEdxProvider);
  out.set_provider_id(id);
  if (record.has_enrollment_id()) {
    AddIdentifier("enrollment_id", absl::StrCat(record.enrollment_id()), out.mutable_identifiers());
  }
  out.set_kind(v1::ENROLLMENT_KIND_COURSE);
  out.set_status(StatusOf(record));
  out.set_completion(CompletionOf(record));
  out.set_provider_completion(record.progress_status());
  SetUnlessEmpty(ToLearner(record), out, &Out::mutable_learner);
  *out.mutable_course() = ToOffering(record);
  v1::OrganizationRef organization;
  organization.set_provider_id(record.enterprise_customer_uuid());
  organization.set_display_name(record.enterprise_name());
  SetUnlessEmpty(std::move(organization), out, &Out::mutable_organization);
  out.set_mode(EdxEnrollmentMode(record.user_current_enrollment_mode()));
  out.set_provider_mode(record.user_current_enrollment_mode());
  SetUnlessEmpty(ToGrade(record), out, &Out::mutable_grade);
  SetUnlessEmpty(ToProgress(record), out, &Out::mutable_progress);
  SetUnlessEmpty(ToFunding(record), out, &Out::mutable_funding);
  SetDate(record.enrollment_date(), out, &Out::mutable_enrollment_date);
  SetDate(record.unenrollment_date(), out, &Out::mutable_unenrollment_date);
  SetDate(record.unenrollment_end_within_date(), out, &Out::mutable_refund_deadline_date);
  if (view == v1::VIEW_FULL) AttachRecord(record, out);
  return out;
}

absl::StatusOr<BulkEnrollmentPlan> ToBulkEnrollment(const Routed<v1::BulkEnrollRequest>& call,
                                                    absl::string_view enterprise_customer_uuid,
                                                    int32_t limit) {
  const v1::BulkEnrollRequest& from = call.request;
  BulkEnrollmentPlan plan;
  plan.request.set_enterprise_customer_uuid(std::string(enterprise_customer_uuid));
  edx::BulkEnrollment& body = *plan.request.mutable_enrollment();
  body.set_notify(from.notify());

  std::set<std::string> learners;
  for (const std::string& email : from.learner_emails()) {
    std::string plain = EdxEmail(email);
    if (plain.empty()) return errors::ArgumentInvalid("learner_emails", "must not hold empty ones");
    if (learners.insert(plain).second) body.add_emails(std::move(plain));
  }
  std::set<std::string> runs;
  for (const std::string& key : from.course_run_keys()) {
    if (key.empty()) return errors::ArgumentInvalid("course_run_keys", "must not hold empty ones");
    if (runs.insert(key).second) body.add_course_run_keys(key);
  }
  if (runs.empty()) return errors::ArgumentInvalid("course_run_keys", "must not be empty");

  if (!from.subscription_plan().empty()) {
    auto name =
        ParseName("subscription_plan", Resource::kSubscriptionPlan, from.subscription_plan());
    if (!name.ok()) return name.status();
    if (name->connection != call.name.connection) {
      return errors::ArgumentInvalid("subscription_plan",
                                     "must be of the same connection as parent");
    }
    plan.request.set_subscription_uuid(name->id());
  }
  if (from.all_licensed_learners()) {
    if (!learners.empty()) {
      return errors::ArgumentInvalid("learner_emails", "must be empty with all_licensed_learners");
    }
    if (from.subscription_plan().empty()) {
      return errors::ArgumentInvalid("subscription_plan", "is required with all_licensed_learners");
    }
    plan.request.set_enroll_all(true);
    return plan;
  }
  if (learners.empty()) return errors::ArgumentInvalid("learner_emails", "must not be empty");
  const size_t pairs = learners.size() * runs.size();
  if (pairs > static_cast<size_t>(limit)) return TooMany(learners.size(), runs.size(), limit);
  plan.enrollment_count = static_cast<int32_t>(pairs);
  return plan;
}

}  // namespace edugate::adapters
