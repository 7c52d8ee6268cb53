#include "runtime/privacy/classification.h"

#include <google/protobuf/descriptor.h>

#include <array>
#include <set>

#include "edugate/rest/v1/options.pb.h"

namespace edugate::privacy {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr std::array<absl::string_view, 4> kOpenShapes = {
    "google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.ListValue",
    "google.api.HttpBody"};

bool SaysSomethingOfPersons(const Descriptor& message, std::set<const Descriptor*>& seen) {
  if (!seen.insert(&message).second) return false;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    if (ClassOf(field) != v1::DATA_CLASS_UNSPECIFIED) return true;
    const Descriptor* const below = field.message_type();
    if (below != nullptr && !IsOpenShape(*below) && SaysSomethingOfPersons(*below, seen)) {
      return true;
    }
  }
  return false;
}

}  // namespace

v1::DataClass ClassOf(const FieldDescriptor& field) {
  return field.options().GetExtension(v1::data_class);
}

absl::string_view ClassName(v1::DataClass data_class) {
  switch (data_class) {
    case v1::DATA_CLASS_IDENTITY:
      return "identity";
    case v1::DATA_CLASS_EDUCATION_RECORD:
      return "education_record";
    case v1::DATA_CLASS_SECRET:
      return "secret";
    default:
      return "unspecified";
  }
}

bool IsOpenShape(const Descriptor& message) {
  for (const absl::string_view name : kOpenShapes) {
    if (name == absl::string_view(message.full_name())) return true;
  }
  return message.name() == "UnknownField";
}

bool IsOpenShape(const FieldDescriptor& field) {
  if (field.message_type() != nullptr) return IsOpenShape(*field.message_type());
  return field.options().GetExtension(rest::v1::field).json_text();
}

const FieldDescriptor* RedactedFieldsOf(const Descriptor& message) {
  const FieldDescriptor* const field = message.FindFieldByName("redacted_fields");
  const bool right = field != nullptr && field->is_repeated() &&
                     field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
  return right ? field : nullptr;
}

bool SaysSomethingOfPersons(const Descriptor& message) {
  std::set<const Descriptor*> seen;
  return SaysSomethingOfPersons(message, seen);
}

}  // namespace edugate::privacy
