// What the codec needs to know of a message type, computed once from its descriptor.
#ifndef EDUGATE_RUNTIME_CODEC_SCHEMA_H_
#define EDUGATE_RUNTIME_CODEC_SCHEMA_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "edugate/rest/v1/options.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "runtime/codec/field_writers.h"

namespace edugate::codec {

class Schema;

// How a field's value (one element of it, where the field is repeated) is written in JSON.
enum class ValueKind : uint8_t {
  kBool,
  kInt32,
  kInt64,
  kUint32,
  kUint64,
  kFloat,
  kDouble,
  kString,
  kBytes,      // base64
  kJsonText,   // a string field that takes any value as its own JSON text
  kEnum,       // a name or a number
  kMessage,    // an object
  kMap,        // an object whose names are the map's keys
  kStruct,     // google.protobuf.Struct
  kValue,      // google.protobuf.Value
  kListValue,  // google.protobuf.ListValue
  kTimestamp,  // google.protobuf.Timestamp, as RFC 3339 text or by the field's date kind
  kWrapper,    // google.protobuf.StringValue and its kin: the bare value
};

// How one field of a message is read and written.
struct FieldPlan {
  // The field. Never null.
  const google::protobuf::FieldDescriptor* field = nullptr;
  // What one value of it looks like.
  ValueKind kind = ValueKind::kString;
  // Writes values into the field; null where only reflection can.
  const FieldWriter* writer = nullptr;
  // The oneof of which it is a member, or null.
  const google::protobuf::OneofDescriptor* oneof = nullptr;
  // A list (a map is not one).
  bool repeated = false;
  // The field tells unset from its default value.
  bool has_presence = false;
  // One scalar, outside oneofs: no list, map or message.
  bool plain = false;
  // (edugate.rest.v1.field).documented_required
  bool documented_required = false;
  // (edugate.rest.v1.field).accept_single
  bool accept_single = false;
  // (edugate.rest.v1.field).write_null
  bool write_null = false;
  // (edugate.rest.v1.field).header is set: the field never stands in a body.
  bool in_header = false;
  // (edugate.rest.v1.field).date
  rest::v1::DateKind date = rest::v1::DATE_KIND_UNSPECIFIED;
  // The position in Schema::fields().
  size_t index = 0;
  // The message's schema, for kMessage; the map entry's, for kMap (its fields are the key and the
  // value); the wrapper's, for kWrapper (its one field is the value). Else null.
  const Schema* nested = nullptr;
  // The enum's values by lower-case name, with and without the enum's own prefix. Empty for other
  // kinds.
  absl::flat_hash_map<std::string, const google::protobuf::EnumValueDescriptor*> enum_values;
};

// A message type, compiled for decoding. Immutable, safe to read from any thread, alive until the
// process ends.
class Schema {
 public:
  // A name under which a field may stand in a reply.
  struct Spelling {
    std::string name;
    const FieldPlan* plan;
  };

  // Returned by Find for a name that the message doesn't know.
  static constexpr int kUnknown = -1;

  // The schema of a message type, compiled with all the types that it reaches when first asked for.
  // The descriptor must live as long as the process, as those of generated code do.
  static const Schema& For(const google::protobuf::Descriptor* descriptor);

  const google::protobuf::Descriptor* descriptor() const { return descriptor_; }

  // The fields in the order of their declaration, without `unknown_fields`.
  const std::vector<FieldPlan>& fields() const { return fields_; }

  // All spellings. The first fields().size() ones are the json_names in the order of fields();
  // aliases and then the names in the .proto follow. A spelling of the earlier sort hides the same
  // one of a later sort.
  const std::vector<Spelling>& spellings() const { return spellings_; }

  // The index in spellings() of a name, or kUnknown.
  int Find(absl::string_view name) const {
    auto it = by_name_.find(name);
    return it == by_name_.end() ? kUnknown : it->second;
  }

  // The plan of the field with this name in the .proto, or null.
  const FieldPlan* FindField(absl::string_view proto_name) const;

  // `repeated edugate.rest.v1.UnknownField unknown_fields`, or null where the message doesn't
  // declare it.
  const google::protobuf::FieldDescriptor* unknown_fields() const { return unknown_fields_; }

  // That of the messages of the type, which are of the generated class. Null for a map's entries.
  const google::protobuf::Reflection* reflection() const { return reflection_; }

  // What an empty message of the type takes in memory.
  size_t message_bytes() const { return message_bytes_; }

  // The positions in fields() of those that the vendor documents as always present.
  const std::vector<size_t>& documented_required() const { return documented_required_; }

 private:
  friend class SchemaRegistry;

  Schema() = default;

  const google::protobuf::Descriptor* descriptor_ = nullptr;
  std::vector<FieldPlan> fields_;
  std::vector<Spelling> spellings_;
  absl::flat_hash_map<std::string, int> by_name_;
  const google::protobuf::FieldDescriptor* unknown_fields_ = nullptr;
  const google::protobuf::Reflection* reflection_ = nullptr;
  size_t message_bytes_ = 0;
  std::vector<size_t> documented_required_;
};

}  // namespace edugate::codec

#endif  // EDUGATE_RUNTIME_CODEC_SCHEMA_H_
