#include "adapters/testing/mapping_coverage.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "edugate/rest/v1/options.pb.h"
#include "google/protobuf/text_format.h"

namespace edugate::adapters::testing {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The fields from the record down to a leaf.
using Path = std::vector<const FieldDescriptor*>;

std::string PathText(const Path& path) {
  return absl::StrJoin(path, ".", [](std::string* out, const FieldDescriptor* field) {
    absl::StrAppend(out, field->name(), field->is_repeated() ? "[]" : "");
  });
}

bool IsLeaf(const FieldDescriptor& field, const MappingCoverageOptions& options) {
  return field.message_type() == nullptr ||
         options.tested_elsewhere.count(field.message_type()->full_name()) > 0;
}

void CollectLeaves(const Descriptor& type, const MappingCoverageOptions& options, Path& path,
                   std::set<const Descriptor*>& open, std::vector<Path>& leaves) {
  if (!open.insert(&type).second) return;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    if (field->name() == "unknown_fields") continue;
    path.push_back(field);
    if (IsLeaf(*field, options)) {
      leaves.push_back(path);
    } else {
      CollectLeaves(*field->message_type(), options, path, open, leaves);
    }
    path.pop_back();
  }
  open.erase(&type);
}

// The texts that a field may hold, each made of `number`.
std::vector<std::string> Texts(const FieldDescriptor& field, int number,
                               const MappingCoverageOptions& options) {
  const auto& declared = field.options().GetExtension(rest::v1::field);
  const std::string day = absl::StrFormat("20%02d-%02d-%02d", 10 + number / 336 % 80,
                                          1 + number / 28 % 12, 1 + number % 28);
  switch (declared.date()) {
    case rest::v1::DATE_KIND_DATE:
    case rest::v1::DATE_KIND_DATE_OR_INSTANT:
      return {day};
    case rest::v1::DATE_KIND_INSTANT:
      return {day + "T08:00:00Z"};
    case rest::v1::DATE_KIND_EPOCH_SECONDS:
      return {absl::StrCat(1700000000 + number)};
    case rest::v1::DATE_KIND_EPOCH_MILLIS:
      return {absl::StrCat(1700000000000 + number)};
    default:
      break;
  }
  if (!declared.json_text()) return {absl::StrCat(number, ".25"), absl::StrCat("text-", number)};
  std::vector<std::string> texts = {absl::StrCat("[\"", number, "\"]"),
                                    absl::StrCat("\"", number, "\"")};
  for (const std::string& shape : options.json_shapes) {
    texts.push_back(absl::StrReplaceAll(shape, {{"%", absl::StrCat(number)}}));
  }
  return texts;
}

// Sets or, where it is a list, adds a scalar by reflection.
class Setter {
 public:
  Setter(Message& message, const FieldDescriptor& field)
      : message_(message), reflection_(*message.GetReflection()), field_(field) {}

  // Sets the value of that number; several numbers and styles are several values.
  void Set(int number, const std::string& text) {
    using R = google::protobuf::Reflection;
    switch (field_.cpp_type()) {
      case FieldDescriptor::CPPTYPE_BOOL:
        return Put(&R::SetBool, &R::AddBool, number % 2 == 0);
      case FieldDescriptor::CPPTYPE_INT32:
        return Put(&R::SetInt32, &R::AddInt32, number);
      case FieldDescriptor::CPPTYPE_INT64:
        return Put(&R::SetInt64, &R::AddInt64, static_cast<int64_t>(number));
      case FieldDescriptor::CPPTYPE_UINT32:
        return Put(&R::SetUInt32, &R::AddUInt32, static_cast<uint32_t>(number));
      case FieldDescriptor::CPPTYPE_UINT64:
        return Put(&R::SetUInt64, &R::AddUInt64, static_cast<uint64_t>(number));
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return Put(&R::SetDouble, &R::AddDouble, number + 0.25);
      case FieldDescriptor::CPPTYPE_FLOAT:
        return Put(&R::SetFloat, &R::AddFloat, number + 0.25f);
      case FieldDescriptor::CPPTYPE_ENUM: {
        const auto* type = field_.enum_type();
        return Put(&R::SetEnumValue, &R::AddEnumValue,
                   type->value(number % type->value_count())->number());
      }
      case FieldDescriptor::CPPTYPE_STRING:
        if (field_.is_repeated()) return reflection_.AddString(&message_, &field_, text);
        return reflection_.SetString(&message_, &field_, text);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return;
    }
  }

 private:
  template <typename SetOne, typename AddOne, typename T>
  void Put(SetOne set, AddOne add, T value) {
    if (field_.is_repeated()) {
      (reflection_.*add)(&message_, &field_, value);
    } else {
      (reflection_.*set)(&message_, &field_, value);
    }
  }

  Message& message_;
  const google::protobuf::Reflection& reflection_;
  const FieldDescriptor& field_;
};

Message& Child(Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  if (!field.is_repeated()) return *reflection.MutableMessage(&message, &field);
  if (reflection.FieldSize(message, &field) == 0) return *reflection.AddMessage(&message, &field);
  return *reflection.MutableRepeatedMessage(&message, &field, 0);
}

// Fills the scalars of a message that is tested elsewhere.
void FillScalars(Message& message, int number, const MappingCoverageOptions& options) {
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.message_type() != nullptr) continue;
    Setter(message, field).Set(number, Texts(field, number, options).front());
  }
}

// Gives the leaf of `path` the value of that number and style; false where there is no such style.
bool SetLeaf(Message& record, const Path& path, int number, size_t style,
             const MappingCoverageOptions& options) {
  Message* holder = &record;
  for (size_t i = 0; i + 1 < path.size(); ++i) holder = &Child(*holder, *path[i]);
  const FieldDescriptor& leaf = *path.back();
  if (leaf.is_repeated()) holder->GetReflection()->ClearField(holder, &leaf);
  if (leaf.message_type() != nullptr) {
    if (style > 0) return false;
    FillScalars(Child(*holder, leaf), number, options);
    return true;
  }
  const std::vector<std::string> texts = Texts(leaf, number, options);
  if (style >= texts.size()) return false;
  Setter(*holder, leaf).Set(number, texts[style]);
  return true;
}

// Whether two values of the leaf make two domain records of what `record` is beside.
bool Reaches(const Message& record, const Path& path, int number, const Mapping& mapping,
             const MappingCoverageOptions& options) {
  const std::unique_ptr<Message> one(record.New());
  const std::unique_ptr<Message> other(record.New());
  for (size_t style = 0;; ++style) {
    one->CopyFrom(record);
    other->CopyFrom(record);
    if (!SetLeaf(*one, path, number, style, options)) return false;
    SetLeaf(*other, path, number + 1, style, options);
    if (mapping(*one) != mapping(*other)) return true;
  }
}

// The values of a domain record by the fields from the record down to them, places in lists left
// out. What Google's types hold is one value.
using Values = std::map<Path, std::vector<std::string>>;

void CollectValues(const Message& message, Path& path, Values& values) {
  std::vector<const FieldDescriptor*> set;
  const auto& reflection = *message.GetReflection();
  reflection.ListFields(message, &set);
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  for (const FieldDescriptor* field : set) {
    path.push_back(field);
    const int size = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      const bool own = field->message_type() != nullptr && !field->is_map() &&
                       field->message_type()->file()->package() == "edugate.v1";
      if (own) {
        CollectValues(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                           : reflection.GetMessage(message, field),
                      path, values);
        continue;
      }
      std::string text;
      printer.PrintFieldValueToString(message, field, field->is_repeated() ? i : -1, &text);
      values[path].push_back(text);
    }
    path.pop_back();
  }
}

Values ValuesOf(const std::string& bytes, const Message& domain) {
  const std::unique_ptr<Message> message(domain.New());
  Values values;
  Path path;
  if (message->ParseFromString(bytes)) CollectValues(*message, path, values);
  return values;
}

// Adds the domain's fields whose values differ between what two values of the leaf make, and the
// fields that hold them.
void AddChanged(const Message& record, const Path& leaf, int number, const Message& domain,
                const Mapping& mapping, const MappingCoverageOptions& options,
                std::set<std::string>& changed) {
  const bool whole = leaf.back()->message_type() != nullptr;
  const auto add = [&changed, whole](const Path& path) {
    for (const FieldDescriptor* field : path) {
      changed.insert(field->full_name());
      if (whole) return;
    }
  };
  const std::unique_ptr<Message> one(record.New());
  const std::unique_ptr<Message> other(record.New());
  for (size_t style = 0;; ++style) {
    one->CopyFrom(record);
    other->CopyFrom(record);
    if (!SetLeaf(*one, leaf, number, style, options)) return;
    SetLeaf(*other, leaf, number + 1, style, options);
    Values before = ValuesOf(mapping(*one), domain);
    Values after = ValuesOf(mapping(*other), domain);
    for (const auto& [path, texts] : before) {
      if (after[path] != texts) add(path);
    }
    for (const auto& [path, texts] : after) {
      if (before[path] != texts) add(path);
    }
  }
}

// Every leaf with a value that no other has.
std::unique_ptr<Message> Filled(const Message& record, const std::vector<Path>& leaves,
                                const MappingCoverageOptions& options) {
  std::unique_ptr<Message> full(record.New());
  int number = 1;
  for (const Path& leaf : leaves) SetLeaf(*full, leaf, number++, 0, options);
  return full;
}

std::vector<Path> LeavesOf(const Message& record, const MappingCoverageOptions& options) {
  std::vector<Path> leaves;
  Path path;
  std::set<const Descriptor*> open;
  CollectLeaves(*record.GetDescriptor(), options, path, open, leaves);
  return leaves;
}

}  // namespace

std::vector<std::string> UnmappedFields(const Message& record, const Mapping& mapping,
                                        const MappingCoverageOptions& options) {
  const std::vector<Path> leaves = LeavesOf(record, options);
  const std::unique_ptr<Message> full = Filled(record, leaves, options);
  const std::unique_ptr<Message> empty(record.New());
  int number = static_cast<int>(leaves.size()) + 1;
  std::vector<std::string> unmapped;
  for (const Path& leaf : leaves) {
    number += 2;
    if (Reaches(*full, leaf, number, mapping, options)) continue;
    if (Reaches(*empty, leaf, number, mapping, options)) continue;
    unmapped.push_back(PathText(leaf));
  }
  std::sort(unmapped.begin(), unmapped.end());
  return unmapped;
}

std::map<std::string, std::set<std::string>> MappedFields(const Message& record,
                                                          const Message& domain,
                                                          const Mapping& mapping,
                                                          const MappingCoverageOptions& options) {
  const std::vector<Path> leaves = LeavesOf(record, options);
  const std::unique_ptr<Message> full = Filled(record, leaves, options);
  const std::unique_ptr<Message> empty(record.New());
  int number = static_cast<int>(leaves.size()) + 1;
  std::map<std::string, std::set<std::string>> mapped;
  for (const Path& leaf : leaves) {
    number += 2;
    std::set<std::string> changed;
    AddChanged(*full, leaf, number, domain, mapping, options, changed);
    AddChanged(*empty, leaf, number, domain, mapping, options, changed);
    if (!changed.empty()) mapped.emplace(PathText(leaf), std::move(changed));
  }
  return mapped;
}

std::vector<std::string> ListedFields(const std::string& text, const std::string& message) {
  std::vector<std::string> fields;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipWhitespace())) {
    if (!absl::ConsumePrefix(&line, absl::StrCat(message, "."))) continue;
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits(": ", 1));
    fields.emplace_back(parts.second.empty() ? line : parts.first);
  }
  std::sort(fields.begin(), fields.end());
  return fields;
}

}  // namespace edugate::adapters::testing
