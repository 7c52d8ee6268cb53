#include "app/reload_rules.h"

#include <algorithm>
#include <array>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/reflection.h"
#include "google/protobuf/util/message_differencer.h"

namespace edugate::app {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// What each generation of connections is made of anew; the other keys of Config are fixed.
constexpr std::array<absl::string_view, 5> kLiveKeys = {"connections", "log", "callers",
                                                        "rate_limits", "server"};

// The keys of `server` that are read with each generation, or at the end.
constexpr std::array<absl::string_view, 6> kLiveServerKeys = {
    "page_token_key",      "page_token_opening_keys",
    "page_token_lifetime", "connection_deadline_percent",
    "shutdown_grace",      "shutdown_delay"};

template <size_t kSize>
bool Contains(const std::array<absl::string_view, kSize>& keys, absl::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// What is there and empty is not what is absent: `callers: {}` lets nobody in.
bool Differs(const Message& one, const Message& other, const FieldDescriptor& field) {
  if (field.has_presence() && one.GetReflection()->HasField(one, &field) !=
                                  other.GetReflection()->HasField(other, &field)) {
    return true;
  }
  google::protobuf::util::MessageDifferencer differencer;
  return !differencer.CompareWithFields(one, other, {&field}, {&field});
}

// Makes the field of `to` what it is in `from`.
void Take(const Message& from, Message& to, const FieldDescriptor& field) {
  const std::unique_ptr<Message> copy(from.New());
  copy->CopyFrom(from);
  to.GetReflection()->SwapFields(&to, copy.get(), {&field});
}

template <size_t kSize>
void KeepFixed(const Message& running, Message& next,
               const std::array<absl::string_view, kSize>& live, absl::string_view prefix,
               std::vector<std::string>& changed) {
  const auto& type = *next.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (Contains(live, field.name()) || !Differs(running, next, field)) continue;
    changed.push_back(absl::StrCat(prefix, field.name()));
    Take(running, next, field);
  }
}

// Whether a field holds the path of a file that is read: `file`, `ca_file`, `jwks_file`...
bool NamesFile(const FieldDescriptor& field) {
  return field.type() == FieldDescriptor::TYPE_STRING && !field.is_repeated() &&
         (field.name() == "file" || absl::EndsWith(field.name(), "_file"));
}

void AddFilesNamedBy(const Message& message, std::vector<std::string>& files) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection.ListFields(message, &set);
  for (const FieldDescriptor* field : set) {
    if (NamesFile(*field)) files.push_back(reflection.GetString(message, field));
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      AddFilesNamedBy(reflection.GetMessage(message, field), files);
      continue;
    }
    for (const Message& each : reflection.GetRepeatedFieldRef<Message>(message, field)) {
      AddFilesNamedBy(each, files);
    }
  }
}

void AddFile(const v1::Secret& secret, std::vector<std::string>& files) {
  if (!secret.file().empty()) files.push_back(secret.file());
}

}  // namespace

std::vector<std::string> KeepFixedKeys(const v1::Config& running, v1::Config& next) {
  std::vector<std::string> changed;
  KeepFixed(running.server(), *next.mutable_server(), kLiveServerKeys, "server.", changed);
  KeepFixed(running, next, kLiveKeys, "", changed);
  return changed;
}

bool WatchesMayGoOn(const v1::Config& running, const v1::Config& next) {
  const auto& type = *v1::Config::descriptor();
  return !Differs(running, next, *type.FindFieldByName("callers")) &&
         !Differs(running, next, *type.FindFieldByName("connections"));
}

std::vector<std::string> FilesOf(const v1::Config& config) {
  std::vector<std::string> files;
  AddFile(config.server().page_token_key(), files);
  for (const v1::Secret& key : config.server().page_token_opening_keys()) AddFile(key, files);
  return files;
}

std::vector<std::string> FilesNamedBy(const v1::Config& config) {
  std::vector<std::string> files;
  AddFilesNamedBy(config, files);
  return files;
}

}  // namespace edugate::app
