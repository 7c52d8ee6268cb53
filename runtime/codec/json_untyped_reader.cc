#include "runtime/codec/json_untyped_reader.h"

#include <cstddef>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace edugate::codec {

Fit JsonUntypedReader::ReadValue(const JsonValue& value, google::protobuf::Value* out,
                                 const Scope& scope, const ValuePath& path, int depth) {
  if (!body_.TakeMemory(sizeof *out, &path)) return Fit::kFailed;
  switch (value.sort) {
    case Sort::kNull:
      out->set_null_value(google::protobuf::NULL_VALUE);
      return Fit::kFits;
    case Sort::kTrue:
    case Sort::kFalse:
      out->set_bool_value(value.sort == Sort::kTrue);
      return Fit::kFits;
    case Sort::kNumber: {
      const std::optional<double> number = NearestDouble(value.token);
      if (!number) return Fit::kIllFitting;
      out->set_number_value(*number);
      return Fit::kFits;
    }
    case Sort::kString: {
      const std::optional<absl::string_view> text = body_.Text(value);
      if (!text) return Fit::kIllFitting;
      out->set_string_value(std::string(*text));
      return Fit::kFits;
    }
    case Sort::kObject:
      return ReadStruct(out->mutable_struct_value(), scope, path, depth) ? Fit::kFits
                                                                         : Fit::kFailed;
    case Sort::kList:
      return ReadListValue(out->mutable_list_value(), scope, path, depth) ? Fit::kFits
                                                                          : Fit::kFailed;
    case Sort::kInvalid:
      body_.FailSyntax(&path);
      return Fit::kFailed;
  }
  return Fit::kIllFitting;
}

bool JsonUntypedReader::ReadStruct(google::protobuf::Struct* out, const Scope& scope,
                                   const ValuePath& path, int depth) {
  if (!body_.CheckDepth(&path, depth + 1) || !body_.TakeMemory(sizeof *out, &path)) return false;
  if (body_.tokens().TakeIf('}')) return true;
  absl::flat_hash_map<std::string, Seen> members;
  do {
    absl::string_view name_view;
    if (!body_.TakeMemberName(&path, &name_view)) return false;
    if (!body_.ResolveName(&name_view)) return body_.FailSyntax(&path);
    const std::string name(name_view);
    const JsonValue child = body_.tokens().TakeValue();
    const ValuePath child_path = ValuePath::Foreign(&path, name);
    auto [it, is_new] = members.try_emplace(name);
    if (!is_new) {
      out->mutable_fields()->erase(name);
      if (!unknown_fields_.KeepEarlier(it->second, scope, child_path, depth + 1)) return false;
    }
    it->second = {child.token.data(), scope.EntryCount(), 0, 0, 0, false};
    const Fit fit = ReadValue(child, &(*out->mutable_fields())[name], scope, child_path, depth + 1);
    if (fit == Fit::kIllFitting) out->mutable_fields()->erase(name);
    if (!unknown_fields_.Settle(fit, child, scope, child_path, depth + 1)) return false;
    it->second.entries_end = scope.EntryCount();
  } while (body_.tokens().TakeIf(','));
  return body_.tokens().TakeIf('}') || body_.FailSyntax(&path);
}

bool JsonUntypedReader::ReadListValue(google::protobuf::ListValue* out, const Scope& scope,
                                      const ValuePath& path, int depth) {
  if (!body_.CheckDepth(&path, depth + 1) || !body_.TakeMemory(sizeof *out, &path)) return false;
  if (body_.tokens().TakeIf(']')) return true;
  size_t index = 0;
  do {
    const ValuePath element_path = ValuePath::Element(&path, index++);
    if (!body_.CountNode(&path)) return false;
    const JsonValue element = body_.tokens().TakeValue();
    const Fit fit = ReadValue(element, out->add_values(), scope, element_path, depth + 1);
    if (fit == Fit::kIllFitting) out->mutable_values()->RemoveLast();
    if (!unknown_fields_.Settle(fit, element, scope, element_path, depth + 1)) return false;
  } while (body_.tokens().TakeIf(','));
  return body_.EndList(path, index);
}

}  // namespace edugate::codec
