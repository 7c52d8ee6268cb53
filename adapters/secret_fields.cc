#include "adapters/secret_fields.h"

#include <set>
#include <string>

#include "edugate/privacy/v1/privacy.pb.h"
#include "edugate/rest/v1/options.pb.h"
#include "runtime/codec/json_text.h"

namespace edugate::adapters {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

bool HoldsSecretAnywhere(const Descriptor& message, std::set<const Descriptor*>& seen) {
  if (!seen.insert(&message).second) return false;
  if (HoldsSecret(message)) return true;
  for (int i = 0; i < message.field_count(); ++i) {
    const Descriptor* inner = message.field(i)->message_type();
    if (inner != nullptr && HoldsSecretAnywhere(*inner, seen)) return true;
  }
  return false;
}

// The field that a reply's name means, in any of its spellings.
const FieldDescriptor* FieldNamed(const Descriptor& message, const std::string& name) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    if (field.json_name() == name || field.name() == name) return &field;
    for (const std::string& alias : field.options().GetExtension(rest::v1::field).alias()) {
      if (alias == name) return &field;
    }
  }
  return nullptr;
}

}  // namespace

bool IsSecret(const FieldDescriptor& field) {
  return field.options().GetExtension(privacy::v1::data_class) == privacy::v1::DATA_CLASS_SECRET;
}

bool HoldsSecret(const Descriptor& message) {
  for (int i = 0; i < message.field_count(); ++i) {
    if (IsSecret(*message.field(i))) return true;
  }
  return false;
}

bool HoldsSecretAnywhere(const Descriptor& message) {
  std::set<const Descriptor*> seen;
  return HoldsSecretAnywhere(message, seen);
}

bool LeadsToSecret(const Descriptor& message, absl::string_view path) {
  const auto steps = codec::SplitPath(path);
  if (!steps.has_value()) return true;
  const Descriptor* at = &message;
  for (const codec::PathStep& step : *steps) {
    if (!step.name.has_value()) continue;
    const FieldDescriptor* field = at == nullptr ? nullptr : FieldNamed(*at, *step.name);
    if (field == nullptr) return false;
    if (IsSecret(*field)) return true;
    at = field->message_type();
  }
  return at != nullptr && HoldsSecretAnywhere(*at);
}

}  // namespace edugate::adapters
