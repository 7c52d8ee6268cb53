#include "app/config_text.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "app/duration.h"
#include "edugate/privacy/v1/privacy.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/message.h"
#include "runtime/codec/json_text.h"

namespace edugate::app {
namespace {

using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool IsHidden(const FieldDescriptor& field) {
  return field.options().GetExtension(privacy::v1::data_class) == privacy::v1::DATA_CLASS_SECRET;
}

// LOG_LEVEL_WARN of LogLevel as warn.
std::string EnumText(const EnumValueDescriptor& value) {
  // The prefix is the type's name in upper case, with a '_' before each of its inner capitals.
  std::string prefix;
  for (const char c : value.type()->name()) {
    if (absl::ascii_isupper(c) && !prefix.empty()) prefix += '_';
    prefix += absl::ascii_toupper(c);
  }
  return absl::AsciiStrToLower(absl::StripPrefix(value.name(), prefix + "_"));
}

class Printer {
 public:
  std::string Print(const Message& message) {
    Fields(message, 0);
    return std::move(out_);
  }

 private:
  void Fields(const Message& message, int depth) {
    std::vector<const FieldDescriptor*> set;
    message.GetReflection()->ListFields(message, &set);
    for (const FieldDescriptor* field : set) {
      Indent(depth);
      absl::StrAppend(&out_, field->name(), ":");
      if (field->is_map()) {
        Map(message, *field, depth + 1);
      } else if (field->is_repeated()) {
        List(message, *field, depth + 1);
      } else {
        Value(message, *field, -1, depth + 1);
      }
    }
  }

  void List(const Message& message, const FieldDescriptor& field, int depth) {
    out_ += '\n';
    const int size = message.GetReflection()->FieldSize(message, &field);
    for (int i = 0; i < size; ++i) {
      Indent(depth);
      out_ += "-";
      Value(message, field, i, depth + 1);
    }
  }

  // A map's values are free text of whoever wrote the configuration.
  void Map(const Message& message, const FieldDescriptor& field, int depth) {
    out_ += '\n';
    const Reflection& reflection = *message.GetReflection();
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
      Indent(depth);
      const std::string key =
          entry.GetReflection()->GetString(entry, entry.GetDescriptor()->map_key());
      absl::StrAppend(&out_, codec::QuoteJson(key), ": ", codec::QuoteJson(kHidden), "\n");
    }
  }

  // The value behind a key or a dash; `index` -1: of a field that is not repeated.
  void Value(const Message& message, const FieldDescriptor& field, int index, int depth) {
    const Reflection& reflection = *message.GetReflection();
    const bool one = index < 0;
    if (IsHidden(field)) return Scalar(codec::QuoteJson(kHidden));
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE: {
        const Message& value = one ? reflection.GetMessage(message, &field)
                                   : reflection.GetRepeatedMessage(message, &field, index);
        if (value.GetDescriptor() == google::protobuf::Duration::descriptor()) {
          google::protobuf::Duration span;
          span.CopyFrom(value);
          return Scalar(absl::StrCat(absl::ToDoubleSeconds(ToDuration(span)), "s"));
        }
        out_ += '\n';
        return Fields(value, depth);
      }
      case FieldDescriptor::CPPTYPE_STRING:
        return Scalar(codec::QuoteJson(one ? reflection.GetString(message, &field)
                                           : reflection.GetRepeatedString(message, &field, index)));
      case FieldDescriptor::CPPTYPE_BOOL:
        return Scalar((one ? reflection.GetBool(message, &field)
                           : reflection.GetRepeatedBool(message, &field, index))
                          ? "true"
                          : "false");
      case FieldDescriptor::CPPTYPE_ENUM:
        return Scalar(EnumText(one ? *reflection.GetEnum(message, &field)
                                   : *reflection.GetRepeatedEnum(message, &field, index)));
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return Scalar(absl::StrCat(one ? reflection.GetDouble(message, &field)
                                       : reflection.GetRepeatedDouble(message, &field, index)));
      case FieldDescriptor::CPPTYPE_INT32:
        return Scalar(absl::StrCat(one ? reflection.GetInt32(message, &field)
                                       : reflection.GetRepeatedInt32(message, &field, index)));
      case FieldDescriptor::CPPTYPE_INT64:
        return Scalar(absl::StrCat(one ? reflection.GetInt64(message, &field)
                                       : reflection.GetRepeatedInt64(message, &field, index)));
      default:
        return Scalar(codec::QuoteJson(kHidden));
    }
  }

  void Scalar(absl::string_view text) { absl::StrAppend(&out_, " ", text, "\n"); }

  void Indent(int depth) {
    for (int i = 0; i < depth; ++i) out_ += "  ";
  }

  std::string out_;
};

}  // namespace

std::string ConfigText(const v1::Config& config) { return Printer().Print(config); }

}  // namespace edugate::app
