#include "runtime/telemetry/log.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "runtime/telemetry/line_writer.h"

namespace edugate::telemetry {
namespace {

// Some seconds of a busy replica's lines.
constexpr std::size_t kMaxQueuedBytes = std::size_t{8} << 20;

struct Level {
  absl::string_view name;     // in the configuration
  absl::string_view written;  // in a line
};
constexpr std::array<Level, 4> kLevels = {
    {{"debug", "debug"}, {"info", "info"}, {"warn", "warning"}, {"error", "error"}}};

std::atomic<LogLevel> lowest{LogLevel::kInfo};
std::atomic<LogFormat> lines_as{LogFormat::kText};

// 2026-01-02T03:04:05.678Z. The calendar is asked once a second.
void AppendNow(std::string& out) {
  constexpr int64_t kMillisASecond = 1000;
  thread_local int64_t second = -1;
  thread_local std::string calendar;
  const int64_t now = absl::ToUnixMillis(absl::Now());
  if (now / kMillisASecond != second) {
    second = now / kMillisASecond;
    calendar =
        absl::FormatTime("%Y-%m-%dT%H:%M:%S.", absl::FromUnixSeconds(second), absl::UTCTimeZone());
  }
  const int64_t millis = now % kMillisASecond;
  absl::StrAppend(&out, calendar, absl::Dec(millis, absl::kZeroPad3), "Z");
}

// The whole line, in the format of the moment.
std::string LineOf(LogLevel level, absl::string_view message, const JsonFields* fields) {
  const absl::string_view name = kLevels[static_cast<std::size_t>(level)].written;
  std::string line;
  line.reserve(128 + message.size() + (fields != nullptr ? fields->text().size() : 0));
  if (lines_as.load(std::memory_order_relaxed) == LogFormat::kText) {
    AppendNow(line);
    absl::StrAppend(&line, " ", name, " ", message);
    if (fields != nullptr) absl::StrAppend(&line, " {", fields->text(), "}");
  } else {
    line += "{\"time\":\"";
    AppendNow(line);
    JsonFields said;
    said.Text("message", message);
    absl::StrAppend(&line, "\",\"level\":\"", name, "\",", said.text());
    if (fields != nullptr && !fields->text().empty()) absl::StrAppend(&line, ",", fields->text());
    line += '}';
  }
  line += '\n';
  return line;
}

std::string LineOfTheDropped(int64_t dropped) {
  JsonFields fields;
  fields.Integer("lines", dropped);
  return LineOf(LogLevel::kWarn, "lines of the log were dropped while it could not be written",
                &fields);
}

LineWriter& Writer() {
  // Lives to the end of the process, whose last lines are logged by destructors.
  static LineWriter* const writer = [] {
    std::atexit([] { FlushLog(); });
    return new LineWriter(STDERR_FILENO, kMaxQueuedBytes, LineOfTheDropped);
  }();
  return *writer;
}

void Write(LogLevel level, absl::string_view message, const JsonFields* fields) {
  if (Logs(level)) Writer().Write(LineOf(level, message, fields));
}

}  // namespace

absl::string_view LogLevelName(LogLevel level) {
  return kLevels[static_cast<std::size_t>(level)].name;
}

std::optional<LogLevel> LogLevelNamed(absl::string_view name) {
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    if (kLevels[i].name == name) return static_cast<LogLevel>(i);
  }
  return std::nullopt;
}

void ConfigureLog(LogLevel level, LogFormat format) {
  lines_as = format;
  SetLogLevel(level);
}

void SetLogLevel(LogLevel level) { lowest = level; }
LogLevel CurrentLogLevel() { return lowest.load(std::memory_order_relaxed); }
bool Logs(LogLevel level) { return level >= CurrentLogLevel(); }

void Debug(absl::string_view message) { Write(LogLevel::kDebug, message, nullptr); }
void Info(absl::string_view message) { Write(LogLevel::kInfo, message, nullptr); }
void Warn(absl::string_view message) { Write(LogLevel::kWarn, message, nullptr); }
void Error(absl::string_view message) { Write(LogLevel::kError, message, nullptr); }

void Log(LogLevel level, absl::string_view message, const JsonFields& fields) {
  Write(level, message, &fields);
}

void FlushLog(absl::Duration patience) { Writer().Flush(patience); }

LogCounts CountsOfLog() { return {.lines = Writer().written(), .dropped = Writer().dropped()}; }

}  // namespace edugate::telemetry
