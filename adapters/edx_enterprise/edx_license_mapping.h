// edX Enterprise's subscription plans and licenses in the domain's terms. Pure functions.
#ifndef ADAPTERS_EDX_ENTERPRISE_EDX_LICENSE_MAPPING_H_
#define ADAPTERS_EDX_ENTERPRISE_EDX_LICENSE_MAPPING_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "adapters/ports.h"
#include "edugate/provider/edx_enterprise/v1/subscription.pb.h"
#include "edugate/v1/license.pb.h"
#include "edugate/v1/license_service.pb.h"

namespace edugate::adapters {

// With view FULL it carries the record and its unknown fields.
v1::SubscriptionPlan ToSubscriptionPlan(
    const provider::edx_enterprise::v1::SubscriptionPlan& record, absl::string_view connection,
    v1::View view);

// edX's word for a license's state, and back; UNKNOWN for another word, empty for a state that edX
// has no word for.
v1::LicenseStatus EdxLicenseStatus(absl::string_view word);
absl::string_view EdxLicenseWord(v1::LicenseStatus status);

// The provider's arguments for AssignLicenses. The addresses stay as many and in the order in which
// they were given, because edX's complaints count them. INVALID_ARGUMENT where the Salesforce ids
// are not as many.
absl::StatusOr<provider::edx_enterprise::v1::AssignLicensesRequest> ToAssignRequest(
    const Routed<v1::AssignLicensesRequest>& call);

// The outcome, a result for each different learner of the request. Matched by address in lower
// case: edX drops repetitions and keeps no order.
v1::AssignLicensesResponse ToAssignResponse(
    const provider::edx_enterprise::v1::AssignLicensesReply& reply,
    const Routed<v1::AssignLicensesRequest>& call);

// How a condition on the licenses to revoke is written.
enum class LicenseFilterForm {
  kNamed,       // {"name": "user_email", "filter_value": "al"}: what the service takes
  kDocumented,  // {"user_email": "al"}: what the reference shows
};

// The provider's arguments for RevokeLicenses, with each address once. INVALID_ARGUMENT where the
// request has neither addresses nor conditions, or both, or names a state that edX does not know.
absl::StatusOr<provider::edx_enterprise::v1::RevokeLicensesRequest> ToRevokeRequest(
    const Routed<v1::RevokeLicensesRequest>& call, LicenseFilterForm form);

// The outcome: the learners of the request in its order, then those that a condition found.
// `silent`: the reply had no body, which means that every license was revoked.
v1::RevokeLicensesResponse ToRevokeResponse(
    const provider::edx_enterprise::v1::RevokeLicensesReply& reply, bool silent,
    const Routed<v1::RevokeLicensesRequest>& call);

}  // namespace edugate::adapters

#endif  // ADAPTERS_EDX_ENTERPRISE_EDX_LICENSE_MAPPING_H_
