#include "runtime/privacy/redactor.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "runtime/privacy/classification.h"

namespace edugate::privacy {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kMaxDepth = 32;
constexpr absl::string_view kAny = "google.protobuf.Any";
constexpr absl::string_view kHttpBody = "google.api.HttpBody";

// Writes one message.
class Writer {
 public:
  std::string Take() {
    if (text_.size() > Redactor::kMaxBytes) {
      text_.resize(Redactor::kMaxBytes - 3);
      text_ += "...";
    }
    return std::move(text_);
  }

  void Fields(const Message& message, int depth) {
    const Reflection& reflection = *message.GetReflection();
    std::vector<const FieldDescriptor*> set;
    reflection.ListFields(message, &set);
    for (const FieldDescriptor* field : set) {
      if (Full()) return;
      Field(message, *field, depth);
    }
    if (!reflection.GetUnknownFields(message).empty()) Item("[unknown fields]");
  }

 private:
  bool Full() const { return text_.size() > Redactor::kMaxBytes; }

  void Item(absl::string_view text) {
    if (!text_.empty() && text_.back() != '{') text_ += ' ';
    absl::StrAppend(&text_, text);
  }

  void Field(const Message& message, const FieldDescriptor& field, int depth) {
    const Reflection& reflection = *message.GetReflection();
    const int count = field.is_repeated() ? reflection.FieldSize(message, &field) : 1;
    const std::string name =
        field.is_extension() ? absl::StrCat("[", field.full_name(), "]") : field.name();
    const v1::DataClass data_class = ClassOf(field);
    if (data_class != v1::DATA_CLASS_UNSPECIFIED) {
      return Hidden(name, ClassName(data_class), count, field.is_repeated());
    }
    if (IsNotShown(field)) return Hidden(name, "not shown", count, field.is_repeated());
    for (int i = 0; i < count && !Full(); ++i) {
      const int index = field.is_repeated() ? i : -1;
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        const Message& below = index < 0 ? reflection.GetMessage(message, &field)
                                         : reflection.GetRepeatedMessage(message, &field, index);
        Item(absl::StrCat(name, " {"));
        if (depth >= kMaxDepth) {
          Item("[too deep]");
        } else {
          Fields(below, depth + 1);
        }
        text_ += '}';
      } else {
        Item(absl::StrCat(name, ": ", Scalar(message, field, index)));
      }
    }
  }

  void Hidden(const std::string& name, absl::string_view why, int count, bool repeated) {
    Item(repeated ? absl::StrCat(name, ": [", why, " x", count, "]")
                  : absl::StrCat(name, ": [", why, "]"));
  }

  // Tokens of pages and streams are what their callers sent, and need not be tokens.
  static bool IsNotShown(const FieldDescriptor& field) {
    if (field.type() == FieldDescriptor::TYPE_BYTES) return true;
    if (absl::EndsWith(field.name(), "_token")) return true;
    const Descriptor* const type = field.message_type();
    return IsOpenShape(field) || (type != nullptr && absl::string_view(type->full_name()) == kAny);
  }

  static std::string Scalar(const Message& message, const FieldDescriptor& field, int index) {
    const Reflection& reflection = *message.GetReflection();
    const bool one = index < 0;
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_BOOL:
        return (one ? reflection.GetBool(message, &field)
                    : reflection.GetRepeatedBool(message, &field, index))
                   ? "true"
                   : "false";
      case FieldDescriptor::CPPTYPE_INT32:
        return absl::StrCat(one ? reflection.GetInt32(message, &field)
                                : reflection.GetRepeatedInt32(message, &field, index));
      case FieldDescriptor::CPPTYPE_INT64:
        return absl::StrCat(one ? reflection.GetInt64(message, &field)
                                : reflection.GetRepeatedInt64(message, &field, index));
      case FieldDescriptor::CPPTYPE_UINT32:
        return absl::StrCat(one ? reflection.GetUInt32(message, &field)
                                : reflection.GetRepeatedUInt32(message, &field, index));
      case FieldDescriptor::CPPTYPE_UINT64:
        return absl::StrCat(one ? reflection.GetUInt64(message, &field)
                                : reflection.GetRepeatedUInt64(message, &field, index));
      case FieldDescriptor::CPPTYPE_FLOAT:
        return absl::StrCat(one ? reflection.GetFloat(message, &field)
                                : reflection.GetRepeatedFloat(message, &field, index));
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return absl::StrCat(one ? reflection.GetDouble(message, &field)
                                : reflection.GetRepeatedDouble(message, &field, index));
      case FieldDescriptor::CPPTYPE_ENUM: {
        const int number = one ? reflection.GetEnumValue(message, &field)
                               : reflection.GetRepeatedEnumValue(message, &field, index);
        const auto* value = field.enum_type()->FindValueByNumber(number);
        return value == nullptr ? absl::StrCat(number) : value->name();
      }
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string scratch;
        const std::string& value =
            one ? reflection.GetStringReference(message, &field, &scratch)
                : reflection.GetRepeatedStringReference(message, &field, index, &scratch);
        return absl::StrCat("\"", absl::CHexEscape(value.substr(0, Redactor::kMaxBytes)), "\"");
      }
      case FieldDescriptor::CPPTYPE_MESSAGE:
        break;
    }
    return "";
  }

  std::string text_;
};

}  // namespace

std::string Redactor::Text(const Message& message) {
  Writer writer;
  const Descriptor& type = *message.GetDescriptor();
  const absl::string_view name = type.full_name();
  // The message by itself may be what a field of it must not show.
  if (name == kAny || name == kHttpBody || IsOpenShape(type)) {
    return absl::StrCat("[", type.name(), " not shown]");
  }
  writer.Fields(message, 0);
  return writer.Take();
}

}  // namespace edugate::privacy
