#include "runtime/codec/xml_decoder.h"

#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "pugixml.hpp"
#include "runtime/codec/json_text.h"
#include "runtime/codec/xml_scan.h"

namespace edugate::codec {

namespace {

constexpr char kListItem[] = "list-item";
// What attributes and the like may take in all, as unknown fields may in JSON.
constexpr size_t kFreeRoom = 1 << 20;
constexpr size_t kRoomPerByte = 8;

bool IsElement(const pugi::xml_node& node) { return node.type() == pugi::node_element; }

bool HasElements(const pugi::xml_node& node) {
  for (const pugi::xml_node& child : node.children()) {
    if (IsElement(child)) return true;
  }
  return false;
}

// An element that holds <list-item>s only is a list.
bool IsList(const pugi::xml_node& node) {
  bool any = false;
  for (const pugi::xml_node& child : node.children()) {
    if (!IsElement(child)) continue;
    if (std::strcmp(child.name(), kListItem) != 0) return false;
    any = true;
  }
  return any;
}

std::string TextOf(const pugi::xml_node& node) {
  std::string text;
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)
      text += child.value();
  }
  return text;
}

bool IsBlank(absl::string_view text) { return absl::StripAsciiWhitespace(text).empty(); }

// Writes a document as the JSON that its schema lets it stand for. All coercion, and with it every
// rule about what fits, is DecodeJson's: here text stays text, and only what XML can't tell apart
// is settled.
class JsonRendering {
 public:
  // `room`: see room_.
  explicit JsonRendering(size_t room) : room_(room) {}

  std::string TakeText() { return std::move(json_); }

  // Whether something was left out for want of room.
  bool overflowed() const { return overflowed_; }

  void Body(const pugi::xml_node& root, const Schema& schema) {
    if (!HasElements(root) && !IsBlank(TextOf(root))) {
      Quote(TextOf(root));
    } else if (IsList(root) && schema.Find(kListItem) == Schema::kUnknown) {
      Untyped(root);
    } else {
      Object(root, &schema);
    }
  }

  void Field(const pugi::xml_node& node, const FieldPlan& plan) {
    if (plan.kind == ValueKind::kMap) {
      if (HasElements(node) || IsBlank(TextOf(node))) {
        Map(node, plan.nested->fields()[1]);
      } else {
        Quote(TextOf(node));
      }
      return;
    }
    if (plan.repeated && IsList(node)) {
      json_ += '[';
      for (const pugi::xml_node& child : node.children()) {
        if (!IsElement(child)) continue;
        Separate('[');
        KeepAttributes(child);
        One(child, plan, /*in_list=*/true);
      }
      json_ += ']';
      KeepTextBeside(node);
    } else if (plan.repeated && !HasElements(node) && IsBlank(TextOf(node))) {
      json_ += "[]";
    } else {
      One(node, plan, /*in_list=*/false);
    }
  }

 private:
  void Separate(char open) {
    if (json_.back() != open) json_ += ',';
  }

  void Quote(absl::string_view text) { json_ += QuoteJson(text); }

  void Member(absl::string_view name) {
    Separate('{');
    Quote(name);
    json_ += ':';
  }

  void One(const pugi::xml_node& node, const FieldPlan& plan, bool in_list) {
    if (HasElements(node)) {
      if (plan.kind == ValueKind::kMessage && !IsList(node)) {
        Object(node, plan.nested);
      } else {
        Untyped(node);
      }
      return;
    }
    const ValueKind kind = Bare(plan);
    const bool is_text =
        kind == ValueKind::kString || kind == ValueKind::kValue || kind == ValueKind::kJsonText;
    const std::string all = TextOf(node);
    const absl::string_view text = is_text ? all : absl::StripAsciiWhitespace(all);
    if (text.empty()) {
      Empty(plan, in_list);
    } else {
      Quote(text);
    }
  }

  // A wrapper is written as what it wraps.
  static ValueKind Bare(const FieldPlan& plan) {
    return plan.kind == ValueKind::kWrapper ? plan.nested->fields()[0].kind : plan.kind;
  }

  // Of null, "", [] and {}, the one that the field can hold and that says least. In a list each
  // element counts.
  void Empty(const FieldPlan& plan, bool in_list) {
    if (!in_list) {
      json_ += "null";
      return;
    }
    switch (Bare(plan)) {
      case ValueKind::kString:
      case ValueKind::kBytes:
        json_ += "\"\"";
        break;
      case ValueKind::kMessage:
      case ValueKind::kStruct:
        json_ += "{}";
        break;
      case ValueKind::kListValue:
        json_ += "[]";
        break;
      default:
        json_ += "null";
        break;
    }
  }

  // An object whose members are the schema's or (without one) whatever they look like.
  void Object(const pugi::xml_node& node, const Schema* schema) {
    std::string outer;
    std::swap(beside_, outer);
    json_ += '{';
    if (IsRoot(node)) KeepAttributes(node);
    for (const pugi::xml_node& child : node.children()) {
      if (!IsElement(child)) continue;
      Member(child.name());
      KeepAttributes(child);
      const int spelling = schema == nullptr ? Schema::kUnknown : schema->Find(child.name());
      if (spelling != Schema::kUnknown) {
        Field(child, *schema->spellings()[spelling].plan);
      } else {
        Untyped(child);
      }
    }
    const std::string text = TextOf(node);
    if (!IsBlank(text)) {
      Member("#text");
      Quote(text);
    }
    if (!beside_.empty()) {
      Separate('{');
      json_ += beside_;
    }
    json_ += '}';
    std::swap(beside_, outer);
  }

  // An object whose members are a map's entries: what is no entry stands beside the map.
  void Map(const pugi::xml_node& node, const FieldPlan& value) {
    json_ += '{';
    for (const pugi::xml_node& child : node.children()) {
      if (!IsElement(child)) continue;
      Member(child.name());
      KeepAttributes(child);
      One(child, value, /*in_list=*/true);
    }
    json_ += '}';
    KeepTextBeside(node);
  }

  static bool IsRoot(const pugi::xml_node& node) {
    return node.parent().type() == pugi::node_document;
  }

  // A member of the object that is being written, behind those that are written yet, named after
  // the element.
  void Keep(absl::string_view element, absl::string_view what, absl::string_view value) {
    const size_t size = element.size() + what.size() + value.size();
    overflowed_ = overflowed_ || size > room_;
    if (overflowed_) return;
    room_ -= size;
    absl::StrAppend(&beside_, beside_.empty() ? "" : ",", QuoteJson(absl::StrCat(element, what)),
                    ":", QuoteJson(value));
  }

  void KeepAttributes(const pugi::xml_node& node) {
    const absl::string_view element = node.name();
    for (const pugi::xml_attribute& attribute : node.attributes()) {
      if (overflowed_) return;
      Keep(element, absl::StrCat("@", attribute.name()), attribute.value());
    }
  }

  // Of a list or a map, which have no place for it.
  void KeepTextBeside(const pugi::xml_node& node) {
    const std::string text = TextOf(node);
    if (!IsBlank(text)) Keep(node.name(), "#text", text);
  }

  void Untyped(const pugi::xml_node& node) {
    if (IsList(node)) {
      json_ += '[';
      for (const pugi::xml_node& child : node.children()) {
        if (!IsElement(child)) continue;
        Separate('[');
        KeepAttributes(child);
        Untyped(child);
      }
      json_ += ']';
      KeepTextBeside(node);
    } else if (HasElements(node)) {
      Object(node, nullptr);
    } else {
      Quote(TextOf(node));
    }
  }

  std::string json_;
  // What was met since the innermost open object began and has no place in the values themselves,
  // as members of it.
  std::string beside_;
  // How many more bytes may be kept there: an element's long name stands before each of its
  // attributes.
  size_t room_;
  bool overflowed_ = false;
};

absl::Status Refusal(absl::string_view problem) {
  return absl::InternalError(absl::StrCat("the body ", problem));
}

}  // namespace

absl::Status DecodeXml(std::string body, const DecodeOptions& options,
                       google::protobuf::Message* out) {
  out->Clear();
  if (body.size() > options.max_bytes) return Refusal("is too large");
  if (absl::StartsWith(body, "\xEF\xBB\xBF")) body.erase(0, 3);
  if (absl::StripAsciiWhitespace(body).empty()) return Refusal("is empty");
  // A scalar's own element is a level here and none in JSON.
  const XmlBounds bounds{options.max_depth + 1, options.max_nodes};
  if (absl::Status status = ScanXml(body, bounds); !status.ok()) return status;
  pugi::xml_document document;
  constexpr unsigned kFlags = pugi::parse_cdata | pugi::parse_escapes | pugi::parse_eol |
                              pugi::parse_wconv_attribute | pugi::parse_ws_pcdata_single;
  const pugi::xml_parse_result parsed =
      document.load_buffer_inplace(body.data(), body.size(), kFlags, pugi::encoding_utf8);
  if (!parsed) return Refusal("is not well-formed XML");

  const Schema& schema = Schema::For(out->GetDescriptor());
  const pugi::xml_node root = document.document_element();
  JsonRendering rendering(kFreeRoom + kRoomPerByte * body.size());
  if (options.response_field.empty()) {
    rendering.Body(root, schema);
  } else if (const FieldPlan* plan = schema.FindField(options.response_field)) {
    rendering.Field(root, *plan);
  } else {
    return absl::InternalError(absl::StrCat("the message has no field ", options.response_field));
  }
  if (rendering.overflowed()) return Refusal("holds too much outside its schema");
  DecodeOptions json_options = options;
  // The XML was measured; what it stands for in JSON may be a little longer.
  json_options.max_bytes = SIZE_MAX;
  return DecodeJson(rendering.TakeText(), json_options, out);
}

}  // namespace edugate::codec
