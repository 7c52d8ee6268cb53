// The process's log: lines for people and machines on standard error. What is logged is chosen
// field by field: names, counts and edugate's own sentences, never a request, a reply or a secret.
// Logging never waits: lines go through a bounded queue, and those that it has no room for are
// counted (LogCounts).
#ifndef RUNTIME_TELEMETRY_LOG_H_
#define RUNTIME_TELEMETRY_LOG_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/telemetry/json_fields.h"

namespace edugate::telemetry {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kJson, kText };

// debug, info, warn, error: as the configuration writes them.
absl::string_view LogLevelName(LogLevel level);
std::optional<LogLevel> LogLevelNamed(absl::string_view name);

// Sets what is logged and how. Before it is called: kInfo, kText. At any time, from any thread.
void ConfigureLog(LogLevel level, LogFormat format);
void SetLogLevel(LogLevel level);
LogLevel CurrentLogLevel();

// Whether a line of the level is logged now, for whom making one costs something.
bool Logs(LogLevel level);

// `message` is a sentence of edugate's own.
void Debug(absl::string_view message);
void Info(absl::string_view message);
void Warn(absl::string_view message);
void Error(absl::string_view message);

// A line with fields of its own.
void Log(LogLevel level, absl::string_view message, const JsonFields& fields);

// Waits until what was logged is written, for at most `patience`. Called at the program's end.
void FlushLog(absl::Duration patience = absl::Seconds(1));

struct LogCounts {
  int64_t lines = 0;    // taken for writing
  int64_t dropped = 0;  // dropped, because nobody read
};
LogCounts CountsOfLog();

}  // namespace edugate::telemetry

#endif  // RUNTIME_TELEMETRY_LOG_H_
