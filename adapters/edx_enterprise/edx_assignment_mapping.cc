#include "adapters/edx_enterprise/edx_assignment_mapping.h"

#include <array>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "adapters/edx_enterprise/edx_values.h"
#include "adapters/record_mapping.h"
#include "adapters/resource_name.h"
#include "runtime/codec/decimal.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

namespace edx = provider::edx_enterprise::v1;

constexpr std::array kStates = {
    WordRow<v1::AssignmentState>{"allocated", v1::ASSIGNMENT_STATE_ALLOCATED},
    WordRow<v1::AssignmentState>{"accepted", v1::ASSIGNMENT_STATE_ACCEPTED},
    WordRow<v1::AssignmentState>{"cancelled", v1::ASSIGNMENT_STATE_CANCELLED},
    WordRow<v1::AssignmentState>{"expired", v1::ASSIGNMENT_STATE_EXPIRED},
    WordRow<v1::AssignmentState>{"errored", v1::ASSIGNMENT_STATE_ERRORED},
    WordRow<v1::AssignmentState>{"reversed", v1::ASSIGNMENT_STATE_REVERSED},
};

v1::AssignmentAction ToAction(const edx::AssignmentAction& from) {
  using Out = v1::AssignmentAction;
  Out out;
  out.set_provider_id(from.uuid());
  out.set_provider_type(from.action_type());
  SetInstant(from.created(), out, &Out::mutable_create_time);
  SetInstant(from.modified(), out, &Out::mutable_update_time);
  SetInstant(from.completed_at(), out, &Out::mutable_complete_time);
  SetText(from.error_reason(), out, &Out::mutable_provider_error_reason);
  if (from.has_learner_acknowledged()) out.set_learner_acknowledged(from.learner_acknowledged());
  return out;
}

}  // namespace

v1::AssignmentState EdxAssignmentState(absl::string_view word) {
  return ValueOf(kStates, word, v1::ASSIGNMENT_STATE_UNKNOWN);
}

v1::Assignment ToAssignment(const edx::Assignment& record, absl::string_view connection,
                            v1::View view) {
  using Out = v1::Assignment;
  Out out;
  out.set_name(MakeName<Resource::kAssignment>(connection, record.assignment_configuration(),
                                               record.uuid()));
  out.set_provider(kEdxProvider);
  out.set_provider_id(record.uuid());
  out.set_learner_email(EdxEmail(record.learner_email()));
  if (record.has_lms_user_id()) out.set_learner_id(absl::StrCat(record.lms_user_id()));
  out.set_content_key(record.content_key());
  SetText(record.parent_content_key(), out, &Out::mutable_parent_content_key);
  if (record.has_is_assigned_course_run()) out.set_is_course_run(record.is_assigned_course_run());
  out.set_content_title(record.content_title());
  // The price is a debit: a negative number of US cents.
  if (record.has_content_quantity() &&
      record.content_quantity() != std::numeric_limits<int64_t>::min()) {
    *out.mutable_price() = codec::CentsToMoney(-record.content_quantity(), "USD");
  }
  out.set_state(EdxAssignmentState(record.state()));
  out.set_provider_state(record.state());
  SetText(record.learner_state(), out, &Out::mutable_provider_learner_state);
  SetText(record.transaction_uuid(), out, &Out::mutable_transaction_id);
  AddAll(record.actions(), out.mutable_actions(), ToAction);
  SetInstant(record.earliest_possible_expiration().date(), out, &Out::mutable_expire_time);
  SetText(record.earliest_possible_expiration().reason(), out,
          &Out::mutable_provider_expire_reason);
  SetText(record.recent_action().action_type(), out, &Out::mutable_provider_recent_action);
  SetInstant(record.recent_action().timestamp(), out, &Out::mutable_recent_action_time);
  SetText(record.error_reason().action_type(), out, &Out::mutable_provider_failed_action);
  SetText(record.error_reason().error_reason(), out, &Out::mutable_provider_error_reason);
  if (view == v1::VIEW_FULL) AttachRecord(record, out);
  return out;
}

absl::StatusOr<edx::AllocateAssignmentsRequest> ToAllocateRequest(
    const Routed<v1::AllocateAssignmentsRequest>& call) {
  const v1::AllocateAssignmentsRequest& from = call.request;
  if (from.learner_emails().empty()) {
    return errors::ArgumentInvalid("learner_emails", "must not be empty");
  }
  // Each once: the service multiplies the price by the addresses as they come, and would refuse
  // what the policy can pay for.
  std::vector<std::string> emails = DifferentEmails(from.learner_emails());
  absl::Status count = CheckCount("learner_emails", emails.size());
  if (!count.ok()) return count;
  if (from.content_key().empty()) {
    return errors::ArgumentInvalid("content_key", "must not be empty");
  }
  if (from.content_price_cents() < 0) {
    return errors::ArgumentInvalid("content_price_cents", "must not be negative");
  }
  edx::AllocateAssignmentsRequest request;
  request.set_policy_uuid(call.name.id());
  for (std::string& email : emails) request.add_learner_emails(std::move(email));
  request.set_content_key(from.content_key());
  request.set_content_price_cents(from.content_price_cents());
  return request;
}

v1::AllocateAssignmentsResponse ToAllocateResponse(const edx::AllocateAssignmentsReply& reply,
                                                   absl::string_view connection, v1::View view) {
  v1::AllocateAssignmentsResponse response;
  for (const edx::Assignment& each : reply.created()) {
    *response.add_created() = ToAssignment(each, connection, view);
  }
  for (const edx::Assignment& each : reply.updated()) {
    *response.add_updated() = ToAssignment(each, connection, view);
  }
  for (const edx::Assignment& each : reply.no_change()) {
    *response.add_no_change() = ToAssignment(each, connection, view);
  }
  return response;
}

absl::StatusOr<google::protobuf::RepeatedPtrField<std::string>> ToAssignmentIds(
    const google::protobuf::RepeatedPtrField<std::string>& assignments,
    const NameParts& configuration) {
  google::protobuf::RepeatedPtrField<std::string> ids;
  std::set<std::string> seen;
  for (const std::string& assignment : assignments) {
    std::string id = assignment;
    if (absl::StartsWith(assignment, "connections/")) {
      auto name = ParseName("assignments", Resource::kAssignment, assignment);
      if (!name.ok()) return name.status();
      if (name->connection != configuration.connection || name->ids.front() != configuration.id()) {
        return errors::ArgumentInvalid("assignments", "must be of the configuration in parent");
      }
      id = name->id();
    }
    if (id.empty()) return errors::ArgumentInvalid("assignments", "must not hold empty ones");
    if (seen.insert(id).second) *ids.Add() = std::move(id);
  }
  if (ids.empty()) return errors::ArgumentInvalid("assignments", "must not be empty");
  absl::Status count = CheckCount("assignments", ids.size());
  if (!count.ok()) return count;
  return ids;
}

}  // namespace edugate::adapters
