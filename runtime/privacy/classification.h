// What a field's value says about a person, from the options of the protos.
#ifndef EDUGATE_RUNTIME_PRIVACY_CLASSIFICATION_H_
#define EDUGATE_RUNTIME_PRIVACY_CLASSIFICATION_H_

#include "absl/strings/string_view.h"
#include "edugate/privacy/v1/privacy.pb.h"

namespace google::protobuf {
class Descriptor;
class FieldDescriptor;
}  // namespace google::protobuf

namespace edugate::privacy {

// The class that the field declares; DATA_CLASS_UNSPECIFIED where it declares none.
v1::DataClass ClassOf(const google::protobuf::FieldDescriptor& field);

// A word for the class: `identity`, `education_record`, `secret`; `unspecified` for none.
absl::string_view ClassName(v1::DataClass data_class);

// Whether the message's content has an open shape, so that no field of it can be classified:
// google.protobuf.Struct, Value and ListValue, google.api.HttpBody, an UnknownField (what a
// provider sent beyond its schema).
bool IsOpenShape(const google::protobuf::Descriptor& message);

// The same for a field: its type is of open shape, or it holds any JSON as text
// (edugate.rest.v1.field, json_text).
bool IsOpenShape(const google::protobuf::FieldDescriptor& field);

// The list in a record that names what is hidden in it (`repeated string redacted_fields`); null
// where the message has none.
const google::protobuf::FieldDescriptor* RedactedFieldsOf(
    const google::protobuf::Descriptor& message);

// Whether a message of this type may say something about a person: a field of it, or of a message
// inside it, is classified. What a provider sent beyond its schema doesn't count.
bool SaysSomethingOfPersons(const google::protobuf::Descriptor& message);

}  // namespace edugate::privacy

#endif  // EDUGATE_RUNTIME_PRIVACY_CLASSIFICATION_H_
