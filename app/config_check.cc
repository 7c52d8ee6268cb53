#include "app/config_check.h"

#include <algorithm>
#include <array>
#include <set>

#include "absl/strings/str_cat.h"
#include "adapters/resource_name.h"
#include "app/callers_check.h"
#include "app/config_ranges.h"
#include "app/connection_check.h"
#include "app/mistake.h"
#include "app/privacy_check.h"
#include "app/resilience_check.h"
#include "app/server_check.h"
#include "app/state_check.h"
#include "app/telemetry_check.h"
#include "runtime/config/mistakes.h"

namespace edugate::app {
namespace {

using google::protobuf::FieldDescriptor;

constexpr std::array kRuntimeRanges = {NumberRange{"loops", 1, 256}};

// The numbers of which 0 is one.
constexpr std::array<absl::string_view, 2> kMayBeZero = {"runtime.loops", "state.redis.database"};

// Checks one configuration; notes every mistake.
class Checker {
 public:
  Checker(const config::SourceMap& source, absl::string_view file)
      : source_(source), mistakes_(file) {}

  absl::Status Check(const v1::Config& config) {
    CheckServer(config.server(), note_);
    CheckNumbers(config.runtime(), kRuntimeRanges, "runtime", note_);
    CheckState(config, note_);
    CheckZeros(config, "");
    CheckCallers(config, note_);
    CheckVisible(config.callers());
    CheckTelemetry(config.telemetry(), note_);
    CheckPrivacy(config, note_);
    CheckRateLimits(config, note_);
    if (config.connections().empty()) Add("connections", "needs at least one connection");
    std::set<std::string> ids;
    for (int i = 0; i < config.connections_size(); ++i) {
      const v1::ConnectionConfig& connection = config.connections(i);
      const std::string key = absl::StrCat("connections[", i, "]");
      if (!adapters::IsConnectionId(connection.id())) {
        Add(absl::StrCat(key, ".id"),
            "needs a lower-case letter, then at most 62 lower-case letters, digits and hyphens");
      } else if (!ids.insert(connection.id()).second) {
        Add(absl::StrCat(key, ".id"), "is the id of another connection, too");
      }
      CheckConnection(config, connection, key, note_);
    }
    return mistakes_.ToStatus();
  }

 private:
  void Add(const std::string& key, absl::string_view what) {
    mistakes_.Add(source_.LineOf(key), key, what);
  }

  // An empty list is no list to protobuf, and that shows everything.
  void CheckVisible(const v1::CallersConfig& callers) {
    for (int i = 0; i < callers.grants_size(); ++i) {
      const std::string key = absl::StrCat("callers.grants[", i, "].visible");
      if (!callers.grants(i).visible().empty() || !source_.Has(key)) continue;
      Add(key,
          "is empty: [ unspecified ] shows nothing of persons; without the key, everything shows");
    }
  }

  // A whole number that is 0 is no number to protobuf, and its default would hold instead.
  void CheckZeros(const google::protobuf::Message& message, const std::string& at) {
    const google::protobuf::Reflection& reflection = *message.GetReflection();
    const google::protobuf::Descriptor& type = *message.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const std::string key = absl::StrCat(at, at.empty() ? "" : ".", field.name());
      const bool nested = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field.is_map();
      if (nested && field.is_repeated()) {
        for (int place = 0; place < reflection.FieldSize(message, &field); ++place) {
          CheckZeros(reflection.GetRepeatedMessage(message, &field, place),
                     absl::StrCat(key, "[", place, "]"));
        }
      } else if (nested && reflection.HasField(message, &field)) {
        CheckZeros(reflection.GetMessage(message, &field), key);
      } else if (!field.is_repeated() && IsDefaultedNumber(field) &&
                 !reflection.HasField(message, &field) && source_.Has(key) &&
                 std::find(kMayBeZero.begin(), kMayBeZero.end(), key) == kMayBeZero.end()) {
        Add(key, "must not be 0; without the key, its default holds");
      }
    }
  }

  // A whole number that is not told from none where it is 0.
  static bool IsDefaultedNumber(const FieldDescriptor& field) {
    return !field.has_presence() && (field.cpp_type() == FieldDescriptor::CPPTYPE_INT32 ||
                                     field.cpp_type() == FieldDescriptor::CPPTYPE_INT64);
  }

  const config::SourceMap& source_;
  config::Mistakes mistakes_;
  const Mistake note_ = [this](const std::string& key, absl::string_view what) { Add(key, what); };
};

}  // namespace

absl::StatusOr<v1::Config> LoadConfigFile(const std::string& path) {
  v1::Config config;
  auto source = config::LoadYamlFile(path, &config);
  if (!source.ok()) return source.status();
  absl::Status checked = Checker(*source, path).Check(config);
  if (!checked.ok()) return checked;
  return config;
}

absl::StatusOr<v1::Config> LoadConfigText(absl::string_view text, absl::string_view name) {
  v1::Config config;
  auto source = config::LoadYaml(text, name, &config);
  if (!source.ok()) return source.status();
  absl::Status checked = Checker(*source, name).Check(config);
  if (!checked.ok()) return checked;
  return config;
}

}  // namespace edugate::app
