#include "adapters/edx_enterprise/edx_license_mapping.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "adapters/edx_enterprise/edx_values.h"
#include "adapters/record_mapping.h"
#include "adapters/resource_name.h"
#include "nlohmann/json.hpp"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

namespace edx = provider::edx_enterprise::v1;
using nlohmann::json;

constexpr std::array kStatuses = {
    WordRow<v1::LicenseStatus>{"unassigned", v1::LICENSE_STATUS_UNASSIGNED},
    WordRow<v1::LicenseStatus>{"assigned", v1::LICENSE_STATUS_ASSIGNED},
    WordRow<v1::LicenseStatus>{"activated", v1::LICENSE_STATUS_ACTIVATED},
    WordRow<v1::LicenseStatus>{"revoked", v1::LICENSE_STATUS_REVOKED},
};

struct CodeRow {
  int32_t status;
  google::rpc::Code code;
};

// What the HTTP statuses of single failures mean.
constexpr std::array kCodes = {
    CodeRow{400, google::rpc::INVALID_ARGUMENT},    CodeRow{403, google::rpc::PERMISSION_DENIED},
    CodeRow{404, google::rpc::NOT_FOUND},           CodeRow{409, google::rpc::ABORTED},
    CodeRow{422, google::rpc::FAILED_PRECONDITION}, CodeRow{423, google::rpc::ABORTED},
    CodeRow{429, google::rpc::RESOURCE_EXHAUSTED},
};

google::rpc::Code CodeOf(int32_t status) {
  for (const CodeRow& row : kCodes) {
    if (row.status == status) return row.code;
  }
  return google::rpc::UNKNOWN;
}

v1::License LicenseOf(const NameParts& plan, const std::string& id, const std::string& email,
                      v1::LicenseStatus status) {
  v1::License license;
  license.set_name(MakeName<Resource::kLicense>(plan.connection, plan.id(), id));
  license.set_provider(kEdxProvider);
  license.set_provider_id(id);
  license.set_learner_email(EdxEmail(email));
  license.set_status(status);
  return license;
}

v1::LicenseResult AssignedResult(const edx::LicenseAssignment& record,
                                 const Routed<v1::AssignLicensesRequest>& call) {
  v1::LicenseResult result;
  result.set_learner_email(EdxEmail(record.user_email()));
  result.set_outcome(v1::LICENSE_OUTCOME_ASSIGNED);
  v1::License& license = *result.mutable_license();
  license =
      LicenseOf(call.name, record.license(), record.user_email(), v1::LICENSE_STATUS_ASSIGNED);
  if (call.request.view() == v1::VIEW_FULL) AttachRecord(record, license);
  return result;
}

v1::LicenseResult RevokedResult(const edx::LicenseRevocation& record,
                                const Routed<v1::RevokeLicensesRequest>& call) {
  v1::LicenseResult result;
  result.set_learner_email(EdxEmail(record.user_email()));
  result.set_outcome(v1::LICENSE_OUTCOME_REVOKED);
  v1::License& license = *result.mutable_license();
  license =
      LicenseOf(call.name, record.license_uuid(), record.user_email(), v1::LICENSE_STATUS_REVOKED);
  license.set_previous_status(EdxLicenseStatus(record.original_status()));
  license.set_provider_previous_status(record.original_status());
  if (call.request.view() == v1::VIEW_FULL) AttachRecord(record, license);
  return result;
}

v1::LicenseResult FailedResult(const edx::FailedRevocation& record) {
  v1::LicenseResult result;
  result.set_learner_email(EdxEmail(record.user_email()));
  result.set_outcome(v1::LICENSE_OUTCOME_FAILED);
  result.set_code(CodeOf(record.error_response_status()));
  if (record.has_error_response_status()) {
    result.set_provider_code(absl::StrCat(record.error_response_status()));
  }
  result.set_provider_error(record.error());
  return result;
}

v1::LicenseResult ResultWithout(const std::string& email, v1::LicenseOutcome outcome) {
  v1::LicenseResult result;
  result.set_learner_email(email);
  result.set_outcome(outcome);
  return result;
}

// Results by learner, taken out one by one.
class ReportedResults {
 public:
  void Add(v1::LicenseResult result) { results_.emplace_back(std::move(result)); }

  // Moves every result of a learner to `out`; false where there is none.
  bool MoveOf(const std::string& email,
              google::protobuf::RepeatedPtrField<v1::LicenseResult>* out) {
    bool any = false;
    for (std::optional<v1::LicenseResult>& each : results_) {
      if (!each.has_value() || each->learner_email() != email) continue;
      *out->Add() = std::move(*each);
      each.reset();
      any = true;
    }
    return any;
  }

  void MoveRest(google::protobuf::RepeatedPtrField<v1::LicenseResult>* out) {
    for (std::optional<v1::LicenseResult>& each : results_) {
      if (each.has_value()) *out->Add() = std::move(*each);
    }
    results_.clear();
  }

 private:
  std::vector<std::optional<v1::LicenseResult>> results_;
};

void AddFilter(const char* name, const json& value, LicenseFilterForm form,
               edx::RevokeLicensesRequest& out) {
  edx::LicenseFilter& filter = *out.add_filters();
  if (form == LicenseFilterForm::kNamed) {
    filter.set_name(name);
    filter.set_filter_value(value.dump());
  } else if (value.is_string()) {
    filter.set_user_email(value.get<std::string>());
  } else {
    for (const json& each : value) filter.add_status_in(each.get<std::string>());
  }
}

}  // namespace

v1::SubscriptionPlan ToSubscriptionPlan(const edx::SubscriptionPlan& record,
                                        absl::string_view connection, v1::View view) {
  using Out = v1::SubscriptionPlan;
  Out out;
  out.set_name(MakeName<Resource::kSubscriptionPlan>(connection, record.uuid()));
  out.set_provider(kEdxProvider);
  out.set_provider_id(record.uuid());
  out.set_title(record.title());
  SetInstant(record.start_date(), out, &Out::mutable_start_time);
  SetInstant(record.expiration_date(), out, &Out::mutable_expire_time);
  if (!record.enterprise_customer_uuid().empty()) {
    out.mutable_organization()->set_provider_id(record.enterprise_customer_uuid());
  }
  out.set_catalog(MakeName<Resource::kCatalog>(connection, record.enterprise_catalog_uuid()));
  if (record.has_is_active()) out.set_active(record.is_active());
  if (record.has_is_current()) out.set_current(record.is_current());
  if (record.has_days_until_expiration()) {
    out.set_days_until_expiration(record.days_until_expiration());
  }
  if (record.has_days_until_expiration_including_renewals()) {
    out.set_days_until_expiration_with_renewals(record.days_until_expiration_including_renewals());
  }
  if (record.has_is_locked_for_renewal_processing()) {
    out.set_locked_for_renewal(record.is_locked_for_renewal_processing());
  }
  if (record.has_should_auto_apply_licenses()) {
    out.set_auto_apply_licenses(record.should_auto_apply_licenses());
  }
  if (record.has_licenses()) {
    const edx::LicenseCounts& from = record.licenses();
    v1::LicenseCounts counts;
    if (from.has_activated()) counts.set_activated(from.activated());
    if (from.has_assigned()) counts.set_assigned(from.assigned());
    if (from.has_unassigned()) counts.set_unassigned(from.unassigned());
    if (from.has_revoked()) counts.set_revoked(from.revoked());
    if (from.has_total()) counts.set_total(from.total());
    if (from.has_allocated()) counts.set_allocated(from.allocated());
    SetUnlessEmpty(std::move(counts), out, &Out::mutable_license_counts);
  }
  if (record.has_is_revocation_cap_enabled()) {
    out.set_revocation_limited(record.is_revocation_cap_enabled());
  }
  if (record.has_revocations()) {
    const edx::Revocations& from = record.revocations();
    v1::RevocationLimit limit;
    if (from.has_total()) limit.set_total(from.total());
    if (from.has_used()) limit.set_used(from.used());
    if (from.has_remaining()) limit.set_remaining(from.remaining());
    SetUnlessEmpty(std::move(limit), out, &Out::mutable_revocations);
  }
  for (const edx::PriorRenewal& from : record.prior_renewals()) {
    using Renewal = v1::PlanRenewal;
    Renewal& renewal = *out.add_prior_renewals();
    renewal.set_prior_plan_id(from.prior_subscription_plan_id());
    SetInstant(from.prior_subscription_plan_start_date(), renewal,
               &Renewal::mutable_prior_plan_start_time);
    renewal.set_renewed_plan_id(from.renewed_subscription_plan_id());
    SetInstant(from.renewed_subscription_plan_start_date(), renewal,
               &Renewal::mutable_renewed_plan_start_time);
  }
  SetInstant(record.created(), out, &Out::mutable_create_time);
  SetText(record.plan_type(), out, &Out::mutable_provider_plan_type);
  SetText(record.product(), out, &Out::mutable_provider_product);
  SetText(record.salesforce_opportunity_line_item(), out, &Out::mutable_sale_id);
  if (view == v1::VIEW_FULL) AttachRecord(record, out);
  return out;
}

v1::LicenseStatus EdxLicenseStatus(absl::string_view word) {
  return ValueOf(kStatuses, word, v1::LICENSE_STATUS_UNKNOWN);
}

absl::string_view EdxLicenseWord(v1::LicenseStatus status) {
  for (const WordRow<v1::LicenseStatus>& row : kStatuses) {
    if (row.value == status) return row.word;
  }
  return "";
}

absl::StatusOr<edx::AssignLicensesRequest> ToAssignRequest(
    const Routed<v1::AssignLicensesRequest>& call) {
  const v1::AssignLicensesRequest& from = call.request;
  if (from.learner_emails().empty()) {
    return errors::ArgumentInvalid("learner_emails", "must not be empty");
  }
  absl::Status count = CheckCount("learner_emails", DifferentEmails(from.learner_emails()).size());
  if (!count.ok()) return count;
  if (!from.learner_salesforce_ids().empty() &&
      from.learner_salesforce_ids_size() != from.learner_emails_size()) {
    return errors::ArgumentInvalid("learner_salesforce_ids",
                                   "must be none, or one for each of learner_emails");
  }
  edx::AssignLicensesRequest request;
  request.set_subscription_plan_uuid(call.name.id());
  for (const std::string& email : from.learner_emails()) request.add_user_emails(EdxEmail(email));
  *request.mutable_user_sfids() = from.learner_salesforce_ids();
  SetText(from.greeting(), request, &edx::AssignLicensesRequest::mutable_greeting);
  SetText(from.closing(), request, &edx::AssignLicensesRequest::mutable_closing);
  request.set_notify_users(from.notify());
  return request;
}

v1::AssignLicensesResponse ToAssignResponse(const edx::AssignLicensesReply& reply,
                                            const Routed<v1::AssignLicensesRequest>& call) {
  v1::AssignLicensesResponse response;
  ReportedResults reported;
  for (const edx::LicenseAssignment& record : reply.license_assignments()) {
    reported.Add(AssignedResult(record, call));
  }
  std::vector<v1::LicenseResult*> unreported;
  for (const std::string& email : DifferentEmails(call.request.learner_emails())) {
    if (reported.MoveOf(email, response.mutable_results())) continue;
    *response.add_results() = ResultWithout(email, v1::LICENSE_OUTCOME_UNKNOWN);
    unreported.push_back(response.mutable_results(response.results_size() - 1));
  }
  // Who had a license is not named: the count tells only where it accounts for everyone who is
  // left.
  if (reply.num_already_associated() == static_cast<int64_t>(unreported.size())) {
    for (v1::LicenseResult* result : unreported) {
      result->set_outcome(v1::LICENSE_OUTCOME_ALREADY_ASSIGNED);
    }
  }
  reported.MoveRest(response.mutable_results());
  response.set_assigned_count(static_cast<int32_t>(reply.has_num_successful_assignments()
                                                       ? reply.num_successful_assignments()
                                                       : reply.license_assignments_size()));
  response.set_already_assigned_count(static_cast<int32_t>(reply.num_already_associated()));
  return response;
}

absl::StatusOr<edx::RevokeLicensesRequest> ToRevokeRequest(
    const Routed<v1::RevokeLicensesRequest>& call, LicenseFilterForm form) {
  const v1::RevokeLicensesRequest& from = call.request;
  const bool by_email = !from.learner_emails().empty();
  const bool by_filter = !from.email_contains().empty() || !from.statuses().empty();
  if (by_email && by_filter) {
    return errors::ArgumentInvalid(
        "learner_emails",
        "can't be combined with email_contains and statuses: send one of the two");
  }
  if (!by_email && !by_filter) {
    return errors::ArgumentInvalid("learner_emails",
                                   "must not be empty without email_contains and statuses");
  }
  // Each once: the service drops no repetitions, and where an address comes again it finds no
  // license of it any more and refuses the whole call.
  std::vector<std::string> emails = DifferentEmails(from.learner_emails());
  absl::Status count = CheckCount("learner_emails", emails.size());
  if (!count.ok()) return count;
  edx::RevokeLicensesRequest request;
  request.set_subscription_plan_uuid(call.name.id());
  for (std::string& email : emails) request.add_user_emails(std::move(email));
  if (!from.email_contains().empty()) {
    AddFilter("user_email", json(from.email_contains()), form, request);
  }
  json words = json::array();
  for (const int status : from.statuses()) {
    const absl::string_view word = EdxLicenseWord(static_cast<v1::LicenseStatus>(status));
    if (word.empty()) {
      return errors::ArgumentInvalid("statuses",
                                     "must be UNASSIGNED, ASSIGNED, ACTIVATED or REVOKED");
    }
    words.push_back(std::string(word));
  }
  if (!words.empty()) AddFilter("status_in", words, form, request);
  return request;
}

v1::RevokeLicensesResponse ToRevokeResponse(const edx::RevokeLicensesReply& reply, bool silent,
                                            const Routed<v1::RevokeLicensesRequest>& call) {
  v1::RevokeLicensesResponse response;
  ReportedResults reported;
  int32_t revoked = reply.successful_revocations_size();
  response.set_failed_count(reply.unsuccessful_revocations_size());
  for (const edx::LicenseRevocation& record : reply.successful_revocations()) {
    reported.Add(RevokedResult(record, call));
  }
  for (const edx::FailedRevocation& record : reply.unsuccessful_revocations()) {
    reported.Add(FailedResult(record));
  }
  for (const std::string& email : DifferentEmails(call.request.learner_emails())) {
    if (reported.MoveOf(email, response.mutable_results())) continue;
    *response.add_results() =
        ResultWithout(email, silent ? v1::LICENSE_OUTCOME_REVOKED : v1::LICENSE_OUTCOME_UNKNOWN);
    if (silent) ++revoked;
  }
  reported.MoveRest(response.mutable_results());
  response.set_revoked_count(revoked);
  return response;
}

}  // namespace edugate::adapters
