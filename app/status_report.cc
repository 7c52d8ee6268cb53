#include "app/status_report.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "app/duration.h"
#include "runtime/telemetry/json_fields.h"

namespace edugate::app {
namespace {

using telemetry::JsonFields;

constexpr double kFailingPercent = 50;
constexpr double kDegradedPercent = 5;
constexpr double kSomeCalls = 5;

void AddFigures(const Figures& figures, JsonFields& fields) {
  fields.Decimal("total", figures.total)
      .Decimal("per_second", figures.per_second)
      .Decimal("failed_percent", figures.failed_percent);
  if (figures.p50_ms.has_value()) fields.Decimal("p50_ms", *figures.p50_ms);
  if (figures.p99_ms.has_value()) fields.Decimal("p99_ms", *figures.p99_ms);
  if (!figures.top_failure.empty()) fields.Text("top_failure", figures.top_failure);
}

std::string CheckJson(const v1::ConnectionCheck& check) {
  JsonFields fields;
  const std::string state = v1::ConnectionState_Name(check.state());
  fields.Text("state", absl::AsciiStrToLower(absl::StripPrefix(state, "CONNECTION_STATE_")))
      .Integer("time", check.check_time().seconds())
      .Decimal("latency_ms", absl::ToDoubleMilliseconds(ToDuration(check.latency())));
  if (!check.reason().empty()) fields.Text("reason", check.reason());
  if (!check.message().empty()) fields.Text("message", check.message());
  if (check.has_clock_skew()) {
    fields.Decimal("clock_skew_s", absl::ToDoubleSeconds(ToDuration(check.clock_skew())));
  }
  return fields.Object();
}

std::string ConnectionJson(const ConnectionStatus& connection) {
  JsonFields fields;
  fields.Text("id", connection.id)
      .Text("provider", connection.provider)
      .Text("display_name", connection.display_name)
      .Text("state", StateOf(connection))
      .Text("breaker", connection.breaker)
      .Integer("in_flight", connection.in_flight)
      .Integer("queued", connection.queued)
      .Integer("limit", connection.limit)
      .Integer("drift", connection.drift)
      .Texts("capabilities", connection.capabilities);
  if (connection.open_for > absl::ZeroDuration()) {
    fields.Decimal("open_for_s", absl::ToDoubleSeconds(connection.open_for));
  }
  AddFigures(connection.figures, fields);
  if (connection.last_check.has_value()) fields.Json("check", CheckJson(*connection.last_check));
  return fields.Object();
}

std::string MethodJson(const MethodStatus& method) {
  JsonFields fields;
  fields.Text("method", method.method);
  AddFigures(method.figures, fields);
  return fields.Object();
}

template <typename Items, typename ToJson>
std::string ListJson(const Items& items, ToJson to_json) {
  std::string out = "[";
  for (const auto& item : items) absl::StrAppend(&out, out.size() > 1 ? "," : "", to_json(item));
  return absl::StrCat(out, "]");
}

}  // namespace

std::string StateOf(const ConnectionStatus& connection) {
  if (connection.breaker != "closed") return "down";
  const Figures& figures = connection.figures;
  if (figures.total >= kSomeCalls) {
    if (figures.failed_percent >= kFailingPercent) return "failing";
    return figures.failed_percent >= kDegradedPercent ? "degraded" : "working";
  }
  if (connection.last_check.has_value()) {
    const bool works = connection.last_check->state() == v1::CONNECTION_STATE_WORKING;
    return works ? "working" : "failing";
  }
  if (figures.total > 0) return figures.failed_percent > 0 ? "degraded" : "working";
  return "idle";
}

std::string StatusJson(const StatusReport& report) {
  const double uptime = report.process.start_time_seconds > 0
                            ? absl::ToDoubleSeconds(report.now - absl::UnixEpoch()) -
                                  report.process.start_time_seconds
                            : 0;
  const std::string lags = ListJson(report.loop_lags, [](absl::Duration lag) {
    return absl::StrCat(absl::ToInt64Microseconds(lag));
  });
  JsonFields fields;
  fields.Text("version", report.version)
      .Text("host", report.host)
      .Integer("now", absl::ToUnixSeconds(report.now))
      .Decimal("uptime_s", std::max(uptime, 0.0))
      .Bool("ready", report.ready)
      .Integer("config_generation", report.config_generation)
      .Text("log_level", report.log_level)
      .Integer("memory_bytes", report.process.resident_bytes)
      .Decimal("cpu_seconds", report.process.cpu_seconds)
      .Integer("open_fds", report.process.open_fds)
      .Integer("max_fds", report.process.max_fds)
      .Integer("threads", report.process.threads)
      .Json("loop_lag_us", lags)
      .Integer("calls_in_flight", report.calls_in_flight)
      .Decimal("window_s", absl::ToDoubleSeconds(report.window))
      .Json("methods", ListJson(report.methods, MethodJson))
      .Json("connections", ListJson(report.connections, ConnectionJson));
  return fields.Object();
}

}  // namespace edugate::app
