// What the configuration must be beside well-formed: every mistake with its line and key.
#ifndef APP_CONFIG_CHECK_H_
#define APP_CONFIG_CHECK_H_

#include <string>

#include "absl/status/status.h"
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

// Whether `url` is an absolute https URL, or http to a loopback address, without user information,
// query or fragment.
bool IsBaseUrl(absl::string_view url);

// INVALID_ARGUMENT where callers from elsewhere would be served without TLS and nobody has said
// that it is meant. The message goes on from the name of the key.
absl::Status CheckListen(const v1::ServerConfig& server);

// Whether the host of `url` is a loopback address or localhost.
bool IsLoopbackUrl(absl::string_view url);

}  // namespace edugate::app

#endif  // APP_CONFIG_CHECK_H_
