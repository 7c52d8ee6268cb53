// Read masks (AIP-157): which fields of a record a caller wants.
#ifndef SERVICES_READ_MASK_H_
#define SERVICES_READ_MASK_H_

#include "absl/status/status.h"

namespace google::protobuf {
class Descriptor;
class FieldMask;
class Message;
}  // namespace google::protobuf

namespace edugate::services {

// ARGUMENT_INVALID where a path is not of the record's type. Empty: all fields.
absl::Status CheckReadMask(const google::protobuf::FieldMask& mask,
                           const google::protobuf::Descriptor* record);

// Clears every field of a record that the mask doesn't ask for. Its `redacted_fields` go on naming
// what the caller asked for and may not see.
void ApplyReadMask(const google::protobuf::FieldMask& mask, google::protobuf::Message& record);

// The same for a reply, with the mask in the field `read_mask` of its request, if there is one: for
// the reply itself where it is a record (RedactedFieldsOf in runtime/privacy/classification.h),
// else for the records in it. Comes last: whose a record is has to be known to the disclosure log,
// and of which connection to the field scopes, whatever the caller wants of it.
void ApplyReadMaskOf(const google::protobuf::Message& request, google::protobuf::Message& reply);

}  // namespace edugate::services

#endif  // SERVICES_READ_MASK_H_
