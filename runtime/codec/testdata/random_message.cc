#include "runtime/codec/testdata/random_message.h"

#include <cmath>

#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "runtime/codec/scalar.h"
#include "runtime/codec/schema.h"

namespace edugate::codec::testing {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::string RandomFiller::Text() {
  static const char* const kPieces[] = {"a",     "Pending", "é",    "😀",   " ",   "<p>x</p>",
                                        "&amp;", "\"",      "\\",   "0012", "{}",  "\n",
                                        "null",  "True",    "日本", "'",    "+",   "#",
                                        "/",     "\t.",     "1.50", "]]>",  "%2B", "list-item"};
  std::string text;
  const uint64_t pieces = Number(4) + (contents_ == Contents::kForXml ? 1 : 0);
  for (uint64_t i = 0; i < pieces; ++i) text += kPieces[Number(std::size(kPieces))];
  if (contents_ == Contents::kForJson && Number(8) == 0) text.push_back('\x01');
  return text;
}

int64_t RandomFiller::Integer() {
  const uint64_t bits = random_();
  return static_cast<int64_t>(Sometimes() ? bits : bits >> (Number(63) + 1));
}

double RandomFiller::Real() {
  switch (Number(3)) {
    case 0:
      return static_cast<double>(static_cast<int64_t>(Number(2'000'000))) / 1000 - 1000;
    case 1:
      return static_cast<double>(Integer());
    default: {
      const int exponent = static_cast<int>(Number(600)) - 300;
      return std::ldexp(static_cast<double>(Number(1 << 30)), exponent);
    }
  }
}

void RandomFiller::FillValue(Message* message, int depth) {
  auto* value = static_cast<google::protobuf::Value*>(message);
  switch (Number(depth > 4 ? 4 : 6)) {
    case 0:
      value->set_null_value(google::protobuf::NULL_VALUE);
      break;
    case 1:
      value->set_bool_value(Sometimes());
      break;
    case 2:
      value->set_number_value(Real());
      break;
    case 3:
      value->set_string_value(Text());
      break;
    case 4:
      FillValue(value->mutable_list_value()->add_values(), depth + 1);
      break;
    default:
      FillValue(&(*value->mutable_struct_value()->mutable_fields())[Text()], depth + 1);
      break;
  }
}

void RandomFiller::FillSubmessage(Message* message, const FieldDescriptor* field, int depth) {
  const Schema& schema = Schema::For(field->containing_type());
  const FieldPlan& plan = *schema.FindField(field->name());
  switch (plan.kind) {
    case ValueKind::kStruct: {
      auto* fields = static_cast<google::protobuf::Struct*>(message)->mutable_fields();
      for (uint64_t i = Number(4); i > 0; --i) FillValue(&(*fields)[Text()], depth + 1);
      break;
    }
    case ValueKind::kListValue: {
      auto* list = static_cast<google::protobuf::ListValue*>(message);
      for (uint64_t i = Number(4); i > 0; --i) FillValue(list->add_values(), depth + 1);
      break;
    }
    case ValueKind::kValue:
      FillValue(message, depth + 1);
      break;
    case ValueKind::kTimestamp: {
      auto* instant = static_cast<google::protobuf::Timestamp*>(message);
      constexpr int64_t kFirst = -62'135'596'800;
      constexpr uint64_t kSpan = 315'537'897'600;
      instant->set_seconds(kFirst + static_cast<int64_t>(Number(kSpan)));
      const bool millis = plan.date == rest::v1::DATE_KIND_EPOCH_MILLIS;
      if (millis) instant->set_nanos(static_cast<int32_t>(Number(1'000)) * 1'000'000);
      if (plan.date == rest::v1::DATE_KIND_UNSPECIFIED && Sometimes()) {
        instant->set_nanos(static_cast<int32_t>(Number(1'000'000'000)));
      }
      break;
    }
    case ValueKind::kWrapper:
      FillField(message, plan.nested->fields()[0].field, depth);
      break;
    default:
      Fill(message, depth + 1);
      break;
  }
}

void RandomFiller::FillField(Message* message, const FieldDescriptor* field, int depth) {
  const FieldPlan* plan = Schema::For(message->GetDescriptor()).FindField(field->name());
  const Slot slot(message, *plan);
  if (plan->kind == ValueKind::kJsonText) {
    static const char* const kTexts[] = {"1e400", "{\"a\": [1, 2.50]}", "\"x\"", "[]", "true",
                                         "-0"};
    slot.String(kTexts[Number(std::size(kTexts))]);
    return;
  }
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      slot.Bool(Sometimes());
      break;
    case FieldDescriptor::CPPTYPE_INT32:
      slot.Int32(static_cast<int32_t>(Integer()));
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      slot.Int64(Integer());
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      slot.Uint32(static_cast<uint32_t>(Integer()));
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      slot.Uint64(static_cast<uint64_t>(Integer()));
      break;
    case FieldDescriptor::CPPTYPE_FLOAT:
      slot.Float(static_cast<float>(Number(1 << 30)) / 1024);
      break;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      slot.Double(Real());
      break;
    case FieldDescriptor::CPPTYPE_STRING:
      slot.String(Text());
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      slot.Enum(field->enum_type()
                    ->value(static_cast<int>(Number(field->enum_type()->value_count())))
                    ->number());
      break;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      FillSubmessage(slot.Submessage(), field, depth);
      break;
  }
}

void RandomFiller::FillMap(Message* message, const FieldDescriptor* field, int depth) {
  const FieldDescriptor* key = field->message_type()->map_key();
  const FieldDescriptor* value = field->message_type()->map_value();
  Message* entry = message->GetReflection()->AddMessage(message, field);
  if (contents_ == Contents::kForXml && key->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    // An element's name.
    const FieldPlan* plan = Schema::For(entry->GetDescriptor()).FindField(key->name());
    Slot(entry, *plan).String("key" + std::to_string(Number(100)));
  } else {
    FillField(entry, key, depth);
  }
  FillField(entry, value, depth);
}

void RandomFiller::Fill(Message* message, int depth) {
  constexpr int kDeepest = 3;
  const Reflection* reflection = message->GetReflection();
  for (const FieldPlan& plan : Schema::For(message->GetDescriptor()).fields()) {
    const FieldDescriptor* field = plan.field;
    const bool nests = plan.kind == ValueKind::kMessage || plan.kind == ValueKind::kMap;
    if (plan.in_header || (nests && depth >= kDeepest)) continue;
    const auto* oneof = field->real_containing_oneof();
    if (oneof != nullptr && reflection->HasOneof(*message, oneof)) continue;
    const bool untyped = plan.kind == ValueKind::kJsonText || plan.kind == ValueKind::kStruct ||
                         plan.kind == ValueKind::kValue || plan.kind == ValueKind::kListValue;
    if (contents_ == Contents::kForXml) {
      const auto* key = plan.kind == ValueKind::kMap ? field->message_type()->map_key() : nullptr;
      // An element's name can't begin with a digit.
      const bool no_name = key != nullptr && key->cpp_type() != FieldDescriptor::CPPTYPE_STRING &&
                           key->cpp_type() != FieldDescriptor::CPPTYPE_BOOL;
      const bool untyped_map =
          plan.kind == ValueKind::kMap && plan.nested->fields()[1].kind == ValueKind::kValue;
      if (untyped || no_name || untyped_map) continue;
    } else if (Sometimes()) {
      continue;
    }
    if (plan.kind == ValueKind::kMap) {
      FillMap(message, field, depth);
    } else if (plan.repeated) {
      for (uint64_t i = Number(3) + 1; i > 0; --i) FillField(message, field, depth);
    } else {
      FillField(message, field, depth);
    }
  }
}

}  // namespace edugate::codec::testing
