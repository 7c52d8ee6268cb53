#include "app/json_request.h"

#include <optional>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace edugate::app {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using nlohmann::ordered_json;

// EnrollmentStatus -> ENROLLMENT_STATUS_.
std::string PrefixOf(const EnumDescriptor& type) {
  std::string prefix;
  for (const char c : type.name()) {
    if (absl::ascii_isupper(c) && !prefix.empty()) prefix += '_';
    prefix += absl::ascii_toupper(c);
  }
  return prefix + "_";
}

void ExpandEnum(const EnumDescriptor& type, ordered_json& value) {
  if (!value.is_string()) return;
  const std::string word = value.get<std::string>();
  if (type.FindValueByName(word) != nullptr) return;
  const std::string full = absl::StrCat(PrefixOf(type), absl::AsciiStrToUpper(word));
  if (type.FindValueByName(full) != nullptr) value = full;
}

const FieldDescriptor* FindField(const Descriptor& message, const std::string& name) {
  for (int i = 0; i < message.field_count(); ++i) {
    if (message.field(i)->json_name() == name || message.field(i)->name() == name) {
      return message.field(i);
    }
  }
  return nullptr;
}

void ExpandMessage(const Descriptor& message, ordered_json& object);

void ExpandValue(const FieldDescriptor& field, ordered_json& value) {
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) ExpandEnum(*field.enum_type(), value);
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
    ExpandMessage(*field.message_type(), value);
}

void ExpandMessage(const Descriptor& message, ordered_json& object) {
  if (!object.is_object()) return;
  for (auto& [name, value] : object.items()) {
    const FieldDescriptor* field = FindField(message, name);
    if (field == nullptr) continue;
    if (field->is_map()) {
      for (auto& [key, entry] : value.items()) {
        ExpandValue(*field->message_type()->map_value(), entry);
      }
    } else if (field->is_repeated() && value.is_array()) {
      for (ordered_json& each : value) ExpandValue(*field, each);
    } else {
      ExpandValue(*field, value);
    }
  }
}

// No request nests as deeply; nlohmann writes with a call for each level.
constexpr int kMaxDepth = 100;

bool IsTooDeep(absl::string_view json) {
  int depth = 0;
  bool in_text = false;
  for (size_t i = 0; i < json.size(); ++i) {
    if (in_text) {
      if (json[i] == '\\') {
        ++i;
      } else {
        in_text = json[i] != '"';
      }
    } else if (json[i] == '"') {
      in_text = true;
    } else if (json[i] == '{' || json[i] == '[') {
      if (++depth > kMaxDepth) return true;
    } else if (json[i] == '}' || json[i] == ']') {
      --depth;
    }
  }
  return false;
}

// Looks for a name that stands twice in an object: which of the two is meant, nobody can say.
class DuplicateNames {
 public:
  void OnEvent(ordered_json::parse_event_t event, const ordered_json& value) {
    switch (event) {
      case ordered_json::parse_event_t::object_start:
        open_.emplace_back();
        break;
      case ordered_json::parse_event_t::object_end:
        open_.pop_back();
        break;
      case ordered_json::parse_event_t::key: {
        const std::string name = value.get<std::string>();
        if (!open_.back().insert(name).second && !first_.has_value()) first_ = name;
        break;
      }
      default:
        break;
    }
  }

  const std::optional<std::string>& first() const { return first_; }

 private:
  std::vector<std::set<std::string>> open_;
  std::optional<std::string> first_;
};

absl::StatusOr<ordered_json> Parse(absl::string_view json) {
  if (IsTooDeep(json)) return absl::InvalidArgumentError("the request is nested too deeply");
  DuplicateNames duplicates;
  ordered_json parsed = ordered_json::parse(
      json.begin(), json.end(),
      [&](int, ordered_json::parse_event_t event, ordered_json& value) {
        duplicates.OnEvent(event, value);
        return true;
      },
      /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return absl::InvalidArgumentError("the request is not JSON");
  if (duplicates.first().has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the request has ", *duplicates.first(), " twice in one object"));
  }
  return parsed;
}

std::string Expanded(const Descriptor& message, ordered_json& request) {
  ExpandMessage(message, request);
  return request.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

absl::StatusOr<std::string> ExpandEnumNames(absl::string_view json, const Descriptor* message) {
  absl::StatusOr<ordered_json> parsed = Parse(json);
  if (!parsed.ok()) return parsed.status();
  return Expanded(*message, *parsed);
}

absl::StatusOr<std::vector<std::string>> ExpandEnumNamesOfEach(absl::string_view json,
                                                               const Descriptor* message) {
  absl::StatusOr<ordered_json> parsed = Parse(json);
  if (!parsed.ok()) return parsed.status();
  std::vector<std::string> requests;
  if (!parsed->is_array()) {
    requests.push_back(Expanded(*message, *parsed));
  } else {
    for (ordered_json& each : *parsed) requests.push_back(Expanded(*message, each));
  }
  return requests;
}

}  // namespace edugate::app
