// Which fields of messages grant access, by their class in the protos.
#ifndef ADAPTERS_SECRET_FIELDS_H_
#define ADAPTERS_SECRET_FIELDS_H_

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace edugate::adapters {

// Whether the field is of class SECRET.
bool IsSecret(const google::protobuf::FieldDescriptor& field);

// Whether a field of the message itself is.
bool HoldsSecret(const google::protobuf::Descriptor& message);

// The same of the message and of every message in it.
bool HoldsSecretAnywhere(const google::protobuf::Descriptor& message);

// Whether an unknown field of the message with this path may be a credential, or hold one: a value
// that doesn't fit its field, or one that stands there twice. False for a name that the schema
// doesn't know.
bool LeadsToSecret(const google::protobuf::Descriptor& message, absl::string_view path);

}  // namespace edugate::adapters

#endif  // ADAPTERS_SECRET_FIELDS_H_
