// What the configuration must be beside well-formed: every mistake with its line and key.
#ifndef APP_CONFIG_CHECK_H_
#define APP_CONFIG_CHECK_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "edugate/v1/config.pb.h"
#include "runtime/config/yaml_loader.h"

namespace edugate::app {

// Reads and checks a configuration file. INVALID_ARGUMENT lists every mistake; NOT_FOUND and
// FAILED_PRECONDITION where the file can't be read.
absl::StatusOr<v1::Config> LoadConfigFile(const std::string& path);

// The same from text; `name` stands for the file in mistakes.
absl::StatusOr<v1::Config> LoadConfigText(absl::string_view text, absl::string_view name);

}  // namespace edugate::app

#endif  // APP_CONFIG_CHECK_H_
