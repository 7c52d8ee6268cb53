#include "runtime/telemetry/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"

namespace edugate::telemetry {
namespace {

std::shared_ptr<spdlog::logger>& Logger() {
  static auto* logger = new std::shared_ptr<spdlog::logger>([] {
    auto made = spdlog::stderr_logger_mt("edugate");
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    return made;
  }());
  return *logger;
}

bool json_lines = false;

// The message as the inside of a JSON string.
std::string JsonEscaped(absl::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += ' ';
    } else {
      out += c;
    }
  }
  return out;
}

void Write(spdlog::level::level_enum level, absl::string_view message) {
  const std::string text = json_lines ? JsonEscaped(message) : std::string(message);
  Logger()->log(level, "{}", text);
}

}  // namespace

void ConfigureLog(LogLevel level, LogFormat format) {
  constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                   spdlog::level::warn, spdlog::level::err};
  Logger()->set_level(kLevels[static_cast<int>(level)]);
  json_lines = format == LogFormat::kJson;
  if (json_lines) {
    Logger()->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%v"})",
                          spdlog::pattern_time_type::utc);
  }
}

void Info(absl::string_view message) { Write(spdlog::level::info, message); }
void Warn(absl::string_view message) { Write(spdlog::level::warn, message); }
void Error(absl::string_view message) { Write(spdlog::level::err, message); }

}  // namespace edugate::telemetry
