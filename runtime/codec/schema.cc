#include "runtime/codec/schema.h"

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/synchronization/mutex.h"

namespace edugate::codec {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

bool IsWrapper(const Descriptor& message) {
  switch (message.well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_DOUBLEVALUE:
    case Descriptor::WELLKNOWNTYPE_FLOATVALUE:
    case Descriptor::WELLKNOWNTYPE_INT64VALUE:
    case Descriptor::WELLKNOWNTYPE_UINT64VALUE:
    case Descriptor::WELLKNOWNTYPE_INT32VALUE:
    case Descriptor::WELLKNOWNTYPE_UINT32VALUE:
    case Descriptor::WELLKNOWNTYPE_STRINGVALUE:
    case Descriptor::WELLKNOWNTYPE_BYTESVALUE:
    case Descriptor::WELLKNOWNTYPE_BOOLVALUE:
      return true;
    default:
      return false;
  }
}

ValueKind KindOfMessage(const Descriptor& message) {
  switch (message.well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_STRUCT:
      return ValueKind::kStruct;
    case Descriptor::WELLKNOWNTYPE_VALUE:
      return ValueKind::kValue;
    case Descriptor::WELLKNOWNTYPE_LISTVALUE:
      return ValueKind::kListValue;
    case Descriptor::WELLKNOWNTYPE_TIMESTAMP:
      return ValueKind::kTimestamp;
    default:
      return IsWrapper(message) ? ValueKind::kWrapper : ValueKind::kMessage;
  }
}

ValueKind KindOf(const FieldDescriptor& field, const rest::v1::Field& options) {
  if (field.is_map()) return ValueKind::kMap;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return ValueKind::kBool;
    case FieldDescriptor::CPPTYPE_INT32:
      return ValueKind::kInt32;
    case FieldDescriptor::CPPTYPE_INT64:
      return ValueKind::kInt64;
    case FieldDescriptor::CPPTYPE_UINT32:
      return ValueKind::kUint32;
    case FieldDescriptor::CPPTYPE_UINT64:
      return ValueKind::kUint64;
    case FieldDescriptor::CPPTYPE_FLOAT:
      return ValueKind::kFloat;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return ValueKind::kDouble;
    case FieldDescriptor::CPPTYPE_ENUM:
      return ValueKind::kEnum;
    case FieldDescriptor::CPPTYPE_STRING:
      if (field.type() == FieldDescriptor::TYPE_BYTES) return ValueKind::kBytes;
      return options.json_text() ? ValueKind::kJsonText : ValueKind::kString;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return KindOfMessage(*field.message_type());
  }
  return ValueKind::kString;
}

bool IsUnknownFields(const FieldDescriptor& field) {
  return field.name() == "unknown_fields" && field.is_repeated() &&
         field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         field.message_type()->full_name() == "edugate.rest.v1.UnknownField";
}

// BODY_ENCODING_ for BodyEncoding: the prefix that the style guide puts before each value.
std::string EnumPrefix(const EnumDescriptor& type) {
  std::string prefix;
  for (char c : type.name()) {
    if (absl::ascii_isupper(c) && !prefix.empty()) prefix.push_back('_');
    prefix.push_back(absl::ascii_tolower(c));
  }
  prefix.push_back('_');
  return prefix;
}

absl::flat_hash_map<std::string, const EnumValueDescriptor*> EnumValues(
    const EnumDescriptor& type) {
  absl::flat_hash_map<std::string, const EnumValueDescriptor*> values;
  const std::string prefix = EnumPrefix(type);
  for (int i = 0; i < type.value_count(); ++i) {
    values.try_emplace(absl::AsciiStrToLower(type.value(i)->name()), type.value(i));
  }
  for (int i = 0; i < type.value_count(); ++i) {
    std::string name = absl::AsciiStrToLower(type.value(i)->name());
    if (absl::StartsWith(name, prefix)) {
      values.try_emplace(name.substr(prefix.size()), type.value(i));
    }
  }
  return values;
}

}  // namespace

// All schemas of the process. A schema is published only when everything that it reaches is
// complete.
class SchemaRegistry {
 public:
  static SchemaRegistry& Get() {
    static SchemaRegistry* registry = new SchemaRegistry();
    return *registry;
  }

  const Schema& For(const Descriptor* descriptor) ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      absl::ReaderMutexLock lock(&mutex_);
      auto it = schemas_.find(descriptor);
      if (it != schemas_.end()) return *it->second;
    }
    absl::MutexLock lock(&mutex_);
    return *Compile(descriptor);
  }

 private:
  const Schema* Compile(const Descriptor* descriptor) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    auto [it, is_new] = schemas_.try_emplace(descriptor);
    if (!is_new) return it->second.get();
    it->second.reset(new Schema());
    Schema* schema = it->second.get();
    schema->descriptor_ = descriptor;
    // A map's entries stand in the map and are no messages of their own.
    if (!descriptor->options().map_entry()) {
      const auto* prototype =
          google::protobuf::MessageFactory::generated_factory()->GetPrototype(descriptor);
      if (prototype != nullptr) {
        schema->reflection_ = prototype->GetReflection();
        schema->message_bytes_ = prototype->SpaceUsedLong();
      }
    }
    std::vector<rest::v1::Field> options;
    for (int i = 0; i < descriptor->field_count(); ++i) {
      const FieldDescriptor* field = descriptor->field(i);
      if (IsUnknownFields(*field)) {
        schema->unknown_fields_ = field;
        continue;
      }
      const rest::v1::Field& option = field->options().GetExtension(rest::v1::field);
      FieldPlan plan;
      plan.field = field;
      plan.kind = KindOf(*field, option);
      plan.writer = FieldWriters::Find(descriptor->full_name(), field->number());
      plan.oneof = field->real_containing_oneof();
      plan.repeated = field->is_repeated() && !field->is_map();
      plan.plain = plan.kind <= ValueKind::kEnum && plan.kind != ValueKind::kJsonText &&
                   !plan.repeated && plan.oneof == nullptr;
      plan.has_presence = field->has_presence();
      plan.documented_required = option.documented_required();
      plan.accept_single = option.accept_single();
      plan.write_null = option.write_null();
      plan.in_header = !option.header().empty();
      plan.date = option.date();
      plan.index = schema->fields_.size();
      if (plan.kind == ValueKind::kEnum) plan.enum_values = EnumValues(*field->enum_type());
      if (plan.kind == ValueKind::kMessage || plan.kind == ValueKind::kMap ||
          plan.kind == ValueKind::kWrapper) {
        plan.nested = Compile(field->message_type());
      }
      if (plan.documented_required) schema->documented_required_.push_back(plan.index);
      schema->fields_.push_back(std::move(plan));
      options.push_back(option);
    }
    for (const FieldPlan& plan : schema->fields_) {
      schema->spellings_.push_back({plan.field->json_name(), &plan});
    }
    for (const FieldPlan& plan : schema->fields_) {
      for (const std::string& alias : options[plan.index].alias()) {
        schema->spellings_.push_back({alias, &plan});
      }
    }
    for (const FieldPlan& plan : schema->fields_) {
      if (plan.field->name() != plan.field->json_name()) {
        schema->spellings_.push_back({plan.field->name(), &plan});
      }
    }
    for (size_t i = 0; i < schema->spellings_.size(); ++i) {
      schema->by_name_.try_emplace(schema->spellings_[i].name, static_cast<int>(i));
    }
    return schema;
  }

  absl::Mutex mutex_;
  absl::flat_hash_map<const Descriptor*, std::unique_ptr<Schema>> schemas_ ABSL_GUARDED_BY(mutex_);
};

const Schema& Schema::For(const Descriptor* descriptor) {
  // A thread asks for the same few: these cost neither a lock nor a line that all threads write.
  struct Known {
    const Descriptor* descriptor;
    const Schema* schema;
  };
  constexpr int kPlacesLog2 = 4;
  thread_local Known known[1 << kPlacesLog2];
  constexpr uint64_t kScatter = 0x9E3779B97F4A7C15;
  Known& place = known[(reinterpret_cast<uintptr_t>(descriptor) * kScatter) >> (64 - kPlacesLog2)];
  if (place.descriptor != descriptor) place = {descriptor, &SchemaRegistry::Get().For(descriptor)};
  return *place.schema;
}

const FieldPlan* Schema::FindField(absl::string_view proto_name) const {
  for (const FieldPlan& plan : fields_) {
    if (plan.field->name() == proto_name) return &plan;
  }
  return nullptr;
}

}  // namespace edugate::codec
