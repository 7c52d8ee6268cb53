// The process's log: lines for people and machines on standard error. What is logged is chosen
// field by field: names, counts and edugate's own sentences, never a request, a reply or a secret.
#ifndef RUNTIME_TELEMETRY_LOG_H_
#define RUNTIME_TELEMETRY_LOG_H_

#include "absl/strings/string_view.h"

namespace edugate::telemetry {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kJson, kText };

// Sets what is logged and how. Before it is called: kInfo, kText.
void ConfigureLog(LogLevel level, LogFormat format);

// `message` is a sentence of edugate's own.
void Info(absl::string_view message);
void Warn(absl::string_view message);
void Error(absl::string_view message);

}  // namespace edugate::telemetry

#endif  // RUNTIME_TELEMETRY_LOG_H_
