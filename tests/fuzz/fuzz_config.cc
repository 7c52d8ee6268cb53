// Any text as a configuration file. Byte 1 stands for a canary, as a secret that is written into
// the file, which no mistake may repeat.

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "adapters/resource_name.h"
#include "app/base_url.h"
#include "app/config_check.h"
#include "runtime/config/yaml_loader.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace edugate {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Whether a secret would be read from this machine's files, which are none of a fuzzer's business.
bool NamesFile(const Message& message) {
  std::vector<const FieldDescriptor*> set;
  message.GetReflection()->ListFields(message, &set);
  for (const FieldDescriptor* field : set) {
    if (absl::StrContains(field->name(), "file") || absl::StrContains(field->name(), "path")) {
      return true;
    }
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const int count = field->is_repeated() ? message.GetReflection()->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (NamesFile(field->is_repeated()
                        ? message.GetReflection()->GetRepeatedMessage(message, field, i)
                        : message.GetReflection()->GetMessage(message, field))) {
        return true;
      }
    }
  }
  return false;
}

void RequireHelpful(const absl::Status& status, absl::string_view text) {
  fuzz::Require(status.code() == absl::StatusCode::kInvalidArgument, "a mistake is one");
  fuzz::Require(!absl::StrContains(status.message(), fuzz::kCanary), "a mistake repeats no value",
                status.message());
  const size_t lines = std::count(text.begin(), text.end(), '\n') + 1;
  for (absl::string_view line : absl::StrSplit(status.message(), '\n')) {
    if (!absl::StartsWith(line, "edugate.yaml:")) continue;
    const std::vector<absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
    size_t number = 0;
    // A carriage return alone is a line break of YAML's, too.
    if (text.find('\r') == absl::string_view::npos && absl::SimpleAtoi(parts[1], &number)) {
      fuzz::Require(number >= 1 && number <= lines + 1, "a mistake is in the file", line);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = fuzz::WithCanary(fuzz::Input(data, size).Rest());
  v1::Config loaded;
  const auto source = config::LoadYaml(text, "edugate.yaml", &loaded);
  if (!source.ok()) {
    RequireHelpful(source.status(), text);
    return 0;
  }
  if (NamesFile(loaded)) return 0;
  const auto checked = app::LoadConfigText(text, "edugate.yaml");
  if (!checked.ok()) {
    RequireHelpful(checked.status(), text);
    return 0;
  }
  fuzz::Require(checked->SerializeAsString() == loaded.SerializeAsString() ||
                    checked->ByteSizeLong() == loaded.ByteSizeLong(),
                "a check changes nothing");
  fuzz::Require(checked->connections_size() > 0, "there is something to connect to");
  for (const v1::ConnectionConfig& connection : checked->connections()) {
    fuzz::Require(adapters::IsConnectionId(connection.id()), "a connection has an id", text);
    const absl::string_view url = connection.base_url();
    fuzz::Require(absl::StartsWith(url, "https://") || app::IsLoopbackUrl(url),
                  "only this machine is spoken to in plain text", url);
    fuzz::Require(url.find_first_of("?#@ ") == absl::string_view::npos, "a base URL is bare", url);
  }
  return 0;
}

}  // namespace edugate
