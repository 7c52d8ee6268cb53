#include "runtime/codec/json_writer.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "runtime/codec/dates.h"
#include "runtime/codec/decimal.h"
#include "runtime/codec/json_text.h"
#include "runtime/codec/schema.h"

namespace edugate::codec {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using rest::v1::UnknownField;

// A JSON value under construction. Scalars, and whatever comes from a provider as JSON text, are
// raw text, so that no number is ever read and written again.
struct Node {
  enum Kind { kRaw, kObject, kList };
  Kind kind = kRaw;
  std::string raw = "null";
  // A list's elements, or an object's values beside their names.
  std::vector<Node> items;
  std::vector<std::string> names;

  static Node Raw(std::string text) {
    Node node;
    node.raw = std::move(text);
    return node;
  }
  static Node Of(Kind kind) {
    Node node;
    node.kind = kind;
    return node;
  }
  // An object from a map, which has no order of its own: the same map always gives the same text.
  static Node Sorted(std::map<std::string, Node> members) {
    Node node = Of(kObject);
    for (auto& [name, value] : members) node.Add(name, std::move(value));
    return node;
  }
  Node* Add(std::string name, Node value) {
    names.push_back(std::move(name));
    items.push_back(std::move(value));
    return &items.back();
  }
  Node* Find(absl::string_view name) {
    const auto it = std::find(names.begin(), names.end(), name);
    return it == names.end() ? nullptr : &items[it - names.begin()];
  }
  void AppendTo(std::string* out) const {
    if (kind == kRaw) {
      out->append(raw);
      return;
    }
    out->push_back(kind == kObject ? '{' : '[');
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out->push_back(',');
      if (kind == kObject) absl::StrAppend(out, QuoteJson(names[i]), ":");
      items[i].AppendTo(out);
    }
    out->push_back(kind == kObject ? '}' : ']');
  }
  std::string Text() const {
    std::string out;
    AppendTo(&out);
    return out;
  }
};

template <typename Float>
std::string NumberText(Float value) {
  if (!std::isfinite(value)) return "null";
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return std::string(text, end);
}

// Puts one unknown field back where it stood, unless something stands there.
void PutBack(const UnknownField& unknown, Node* root) {
  const std::optional<std::vector<PathStep>> steps = SplitPath(unknown.path());
  if (!steps || !IsJsonText(unknown.json())) return;
  Node* at = root;
  for (size_t i = 0; i < steps->size(); ++i) {
    const PathStep& step = (*steps)[i];
    const bool last = i + 1 == steps->size();
    Node fresh = Node::Raw(unknown.json());
    if (!last) fresh = Node::Of((*steps)[i + 1].name ? Node::kObject : Node::kList);
    if (step.name) {
      if (at->kind != Node::kObject) return;
      Node* member = at->Find(*step.name);
      if (member == nullptr) {
        member = at->Add(*step.name, std::move(fresh));
      } else if (last) {
        return;
      }
      at = member;
      continue;
    }
    if (at->kind != Node::kList) return;
    // Elements that didn't fit are missing from the list and stand here in their order: what a
    // position means is right again by the time that it is used.
    const size_t index = std::min(step.index, at->items.size());
    if (last || index == at->items.size()) {
      at->items.insert(at->items.begin() + index, std::move(fresh));
    }
    at = &at->items[index];
  }
}

class JsonBuilder {
 public:
  explicit JsonBuilder(const WriteOptions& options) : options_(options) {}

  Node Build(const Message& message, const std::vector<const FieldDescriptor*>& omit) const {
    const Schema& schema = Schema::For(message.GetDescriptor());
    Node object = Node::Of(Node::kObject);
    for (const FieldPlan& plan : schema.fields()) {
      if (plan.in_header || std::find(omit.begin(), omit.end(), plan.field) != omit.end()) {
        continue;
      }
      if (!IsPresent(message, plan) && !plan.write_null) continue;
      object.Add(plan.field->json_name(), Field(message, plan));
    }
    if (options_.include_unknown_fields && schema.unknown_fields() != nullptr) {
      const Reflection* reflection = message.GetReflection();
      const int size = reflection->FieldSize(message, schema.unknown_fields());
      for (int i = 0; i < size; ++i) {
        PutBack(static_cast<const UnknownField&>(
                    reflection->GetRepeatedMessage(message, schema.unknown_fields(), i)),
                &object);
      }
    }
    return object;
  }

  // One field's value, also where it is unset.
  Node Field(const Message& message, const FieldPlan& plan) const {
    const Reflection* reflection = message.GetReflection();
    if (plan.kind == ValueKind::kMap) return Map(message, plan);
    if (plan.repeated) {
      Node list = Node::Of(Node::kList);
      const int size = reflection->FieldSize(message, plan.field);
      for (int i = 0; i < size; ++i) list.items.push_back(One(message, plan, i));
      return list;
    }
    if (plan.has_presence && !reflection->HasField(message, plan.field)) return Node();
    return One(message, plan, kSingular);
  }

  static bool IsPresent(const Message& message, const FieldPlan& plan) {
    const Reflection* reflection = message.GetReflection();
    return plan.field->is_repeated() ? reflection->FieldSize(message, plan.field) > 0
                                     : reflection->HasField(message, plan.field);
  }

 private:
  static constexpr int kSingular = -1;

  Node Map(const Message& message, const FieldPlan& plan) const {
    const Reflection* reflection = message.GetReflection();
    const FieldPlan& key = plan.nested->fields()[0];
    const FieldPlan& value = plan.nested->fields()[1];
    std::map<std::string, Node> members;
    const int size = reflection->FieldSize(message, plan.field);
    for (int i = 0; i < size; ++i) {
      const Message& entry = reflection->GetRepeatedMessage(message, plan.field, i);
      const std::string name = key.kind == ValueKind::kString
                                   ? entry.GetReflection()->GetString(entry, key.field)
                                   : One(entry, key, kSingular).raw;
      members.insert_or_assign(name, One(entry, value, kSingular));
    }
    return Node::Sorted(std::move(members));
  }

  // One value: the field's, or the element's at `index` of a list.
  Node One(const Message& message, const FieldPlan& plan, int index) const {
    const Reflection* r = message.GetReflection();
    const FieldDescriptor* f = plan.field;
    const bool single = index == kSingular;
    switch (plan.kind) {
      case ValueKind::kBool:
        return Node::Raw((single ? r->GetBool(message, f) : r->GetRepeatedBool(message, f, index))
                             ? "true"
                             : "false");
      case ValueKind::kInt32:
        return Node::Raw(absl::StrCat(single ? r->GetInt32(message, f)
                                             : r->GetRepeatedInt32(message, f, index)));
      case ValueKind::kInt64:
        return Node::Raw(absl::StrCat(single ? r->GetInt64(message, f)
                                             : r->GetRepeatedInt64(message, f, index)));
      case ValueKind::kUint32:
        return Node::Raw(absl::StrCat(single ? r->GetUInt32(message, f)
                                             : r->GetRepeatedUInt32(message, f, index)));
      case ValueKind::kUint64:
        return Node::Raw(absl::StrCat(single ? r->GetUInt64(message, f)
                                             : r->GetRepeatedUInt64(message, f, index)));
      case ValueKind::kFloat:
        return Node::Raw(
            NumberText(single ? r->GetFloat(message, f) : r->GetRepeatedFloat(message, f, index)));
      case ValueKind::kDouble:
        return Node::Raw(NumberText(single ? r->GetDouble(message, f)
                                           : r->GetRepeatedDouble(message, f, index)));
      case ValueKind::kEnum: {
        const int number =
            single ? r->GetEnumValue(message, f) : r->GetRepeatedEnumValue(message, f, index);
        const auto* value = f->enum_type()->FindValueByNumber(number);
        return Node::Raw(value != nullptr ? QuoteJson(value->name()) : absl::StrCat(number));
      }
      case ValueKind::kString:
      case ValueKind::kBytes:
      case ValueKind::kJsonText: {
        std::string scratch;
        const std::string& text = single
                                      ? r->GetStringReference(message, f, &scratch)
                                      : r->GetRepeatedStringReference(message, f, index, &scratch);
        if (plan.kind == ValueKind::kBytes) return Node::Raw(QuoteJson(absl::Base64Escape(text)));
        if (plan.kind == ValueKind::kJsonText && IsJsonText(text)) return Node::Raw(text);
        if (f->options().GetExtension(rest::v1::field).json_number() && IsJsonNumber(text)) {
          return Node::Raw(text);
        }
        return Node::Raw(QuoteJson(text));
      }
      default:
        return OfMessage(
            single ? r->GetMessage(message, f) : r->GetRepeatedMessage(message, f, index), plan);
    }
  }

  Node OfMessage(const Message& message, const FieldPlan& plan) const {
    switch (plan.kind) {
      case ValueKind::kStruct:
        return OfStruct(static_cast<const google::protobuf::Struct&>(message));
      case ValueKind::kValue:
        return OfValue(static_cast<const google::protobuf::Value&>(message));
      case ValueKind::kListValue:
        return OfListValue(static_cast<const google::protobuf::ListValue&>(message));
      case ValueKind::kTimestamp:
        return Node::Raw(
            Instant(static_cast<const google::protobuf::Timestamp&>(message), plan.date));
      case ValueKind::kWrapper:
        return One(message, plan.nested->fields()[0], kSingular);
      default:
        return Build(message, {});
    }
  }

  static std::string Instant(const google::protobuf::Timestamp& instant, rest::v1::DateKind kind) {
    constexpr int64_t kMillisPerSecond = 1'000;
    constexpr int64_t kNanosPerMilli = 1'000'000;
    if (kind == rest::v1::DATE_KIND_EPOCH_SECONDS) return absl::StrCat(instant.seconds());
    if (kind == rest::v1::DATE_KIND_EPOCH_MILLIS) {
      return absl::StrCat(instant.seconds() * kMillisPerSecond + instant.nanos() / kNanosPerMilli);
    }
    return QuoteJson(FormatRfc3339(instant));
  }

  static Node OfStruct(const google::protobuf::Struct& message) {
    std::map<std::string, Node> members;
    for (const auto& [name, value] : message.fields()) members.emplace(name, OfValue(value));
    return Node::Sorted(std::move(members));
  }

  static Node OfListValue(const google::protobuf::ListValue& message) {
    Node list = Node::Of(Node::kList);
    for (const google::protobuf::Value& value : message.values()) {
      list.items.push_back(OfValue(value));
    }
    return list;
  }

  static Node OfValue(const google::protobuf::Value& message) {
    switch (message.kind_case()) {
      case google::protobuf::Value::kNumberValue:
        return Node::Raw(NumberText(message.number_value()));
      case google::protobuf::Value::kStringValue:
        return Node::Raw(QuoteJson(message.string_value()));
      case google::protobuf::Value::kBoolValue:
        return Node::Raw(message.bool_value() ? "true" : "false");
      case google::protobuf::Value::kStructValue:
        return OfStruct(message.struct_value());
      case google::protobuf::Value::kListValue:
        return OfListValue(message.list_value());
      default:
        return Node();
    }
  }

  const WriteOptions& options_;
};

void AppendFormEncoded(absl::string_view text, std::string* out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (char c : text) {
    if (absl::ascii_isalnum(c) || c == '*' || c == '-' || c == '.' || c == '_') {
      out->push_back(c);
    } else if (c == ' ') {
      out->push_back('+');
    } else {
      const unsigned char byte = static_cast<unsigned char>(c);
      out->push_back('%');
      out->push_back(kHex[byte >> 4]);
      out->push_back(kHex[byte & 15]);
    }
  }
}

// What a form holds for a value: a JSON string's characters, any other JSON as it is, and nothing
// for null.
std::string FormText(const std::string& json) {
  if (json == "null") return "";
  return json.front() == '"' ? UnquoteJson(json).value_or(json) : json;
}

}  // namespace

std::string WriteJson(const Message& message, const WriteOptions& options) {
  return JsonBuilder(options).Build(message, options.omit).Text();
}

std::string WriteJsonField(const Message& message, const FieldDescriptor* field,
                           const WriteOptions& options) {
  const FieldPlan* plan = Schema::For(message.GetDescriptor()).FindField(field->name());
  if (plan == nullptr) return "null";
  return JsonBuilder(options).Field(message, *plan).Text();
}

std::string WriteForm(const Message& message, const WriteOptions& options) {
  std::string form;
  const JsonBuilder builder(options);
  const auto pair = [&](absl::string_view name, absl::string_view value) {
    if (!form.empty()) form.push_back('&');
    AppendFormEncoded(name, &form);
    form.push_back('=');
    AppendFormEncoded(value, &form);
  };
  for (const FieldPlan& plan : Schema::For(message.GetDescriptor()).fields()) {
    if (plan.in_header ||
        std::find(options.omit.begin(), options.omit.end(), plan.field) != options.omit.end() ||
        (!JsonBuilder::IsPresent(message, plan) && !plan.write_null)) {
      continue;
    }
    const Node node = builder.Field(message, plan);
    if (!plan.repeated) {
      pair(plan.field->json_name(), FormText(node.Text()));
      continue;
    }
    for (const Node& item : node.items) pair(plan.field->json_name(), FormText(item.Text()));
  }
  return form;
}

}  // namespace edugate::codec
