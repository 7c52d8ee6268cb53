// edX Enterprise's assignments in the domain's terms. Pure functions.
#ifndef ADAPTERS_EDX_ENTERPRISE_EDX_ASSIGNMENT_MAPPING_H_
#define ADAPTERS_EDX_ENTERPRISE_EDX_ASSIGNMENT_MAPPING_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "adapters/ports.h"
#include "edugate/provider/edx_enterprise/v1/assignment.pb.h"
#include "edugate/v1/assignment.pb.h"
#include "edugate/v1/assignment_service.pb.h"
#include "google/protobuf/repeated_field.h"

namespace edugate::adapters {

// edX's word for an assignment's state; UNKNOWN for another word.
v1::AssignmentState EdxAssignmentState(absl::string_view word);

// With view FULL it carries the record and its unknown fields.
v1::Assignment ToAssignment(const provider::edx_enterprise::v1::Assignment& record,
                            absl::string_view connection, v1::View view);

// The provider's arguments for AllocateAssignments. INVALID_ARGUMENT for what can't be allocated.
absl::StatusOr<provider::edx_enterprise::v1::AllocateAssignmentsRequest> ToAllocateRequest(
    const Routed<v1::AllocateAssignmentsRequest>& call);

v1::AllocateAssignmentsResponse ToAllocateResponse(
    const provider::edx_enterprise::v1::AllocateAssignmentsReply& reply,
    absl::string_view connection, v1::View view);

// The provider's ids of assignments that a request names by resource name or by id, repetitions
// dropped. INVALID_ARGUMENT for a name of another configuration than `configuration`.
absl::StatusOr<google::protobuf::RepeatedPtrField<std::string>> ToAssignmentIds(
    const google::protobuf::RepeatedPtrField<std::string>& assignments,
    const NameParts& configuration);

}  // namespace edugate::adapters

#endif  // ADAPTERS_EDX_ENTERPRISE_EDX_ASSIGNMENT_MAPPING_H_
