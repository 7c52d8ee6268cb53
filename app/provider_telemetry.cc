#include "app/provider_telemetry.h"

#include <string>
#include <utility>
#include <vector>

#include "runtime/errors/errors.h"
#include "runtime/telemetry/log.h"
#include "runtime/telemetry/trace_context.h"

namespace edugate::app {
namespace {

// api.edx.org of https://api.edx.org/base.
std::string HostOf(absl::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != absl::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('/'));
  const std::size_t bracket = url.rfind(']');
  const std::size_t colon = url.rfind(':');
  const bool has_port =
      colon != absl::string_view::npos && (bracket == absl::string_view::npos || colon > bracket);
  return std::string(has_port ? url.substr(0, colon) : url);
}

// What went wrong, in a word: why no answer came, or else the reason.
std::string ErrorWord(const resilience::AttemptEnd& end) {
  if (end.failure != http::Failure::kNone) return std::string(http::FailureName(end.failure));
  return end.reason == v1::ERROR_REASON_UNSPECIFIED ? "" : errors::ReasonName(end.reason);
}

// Whether a request was sent at all; without a credential none is.
bool WasSent(const resilience::AttemptEnd& end) {
  return end.http_status != 0 || end.failure != http::Failure::kNone;
}

void LogAttempt(const async::CallContext& call, const resilience::OperationRef& where,
                const resilience::AttemptEnd& end) {
  telemetry::JsonFields fields;
  fields.Text("connection", where.connection)
      .Text("operation", where.operation)
      .Text("http_method", where.http_method)
      .Text("url_template", where.url_template)
      .Integer("attempt", end.attempt)
      .Integer("http_status", end.http_status)
      .Decimal("duration_ms", absl::ToDoubleMilliseconds(absl::FromChrono(end.ended - end.started)))
      .Integer("reply_bytes", end.reply_bytes);
  const std::string error = ErrorWord(end);
  if (!error.empty()) fields.Text("error", error);
  if (!telemetry::IsNone(call.record().trace.trace_id)) {
    fields.Text("trace_id", telemetry::Hex(call.record().trace.trace_id));
  }
  telemetry::Log(telemetry::LogLevel::kDebug, "attempt", fields);
}

}  // namespace

void ProviderTelemetry::OnAttemptStart(async::CallContext& call,
                                       const resilience::OperationRef& where, int attempt,
                                       http::Request& request) {
  async::CallRecord& record = call.record();
  const async::TracePlace& place = record.trace;
  const async::SpanId span = place.own_spans ? telemetry::NewSpanId() : async::SpanId{};
  std::string traceparent = telemetry::OutgoingTraceparent(place, span);
  if (traceparent.empty()) return;
  request.SetHeader("traceparent", std::move(traceparent));
  if (!place.state.empty()) request.SetHeader("tracestate", place.state);
  const bool kept = record.attempt_records.size() < async::CallRecord::kMaxAttemptRecords;
  if (!place.own_spans || !place.sampled || !kept) return;
  async::AttemptRecord noted;
  noted.part = &call;
  noted.span_id = span;
  noted.connection = std::string(where.connection);
  noted.operation = std::string(where.operation);
  noted.http_method = std::string(where.http_method);
  noted.url_template = std::string(where.url_template);
  noted.server = HostOf(where.base_url);
  noted.attempt = attempt;
  record.attempt_records.push_back(std::move(noted));
}

void ProviderTelemetry::OnAttemptEnd(async::CallContext& call,
                                     const resilience::OperationRef& where,
                                     const resilience::AttemptEnd& end) {
  metrics_.OnAttemptEnd(where, end);
  if (telemetry::Logs(telemetry::LogLevel::kDebug)) LogAttempt(call, where, end);
  async::CallRecord& record = call.record();
  record.provider_time += absl::FromChrono(end.ended - end.started);
  record.provider_reply_bytes += end.reply_bytes;
  if (WasSent(end)) ++record.attempts;
  for (auto noted = record.attempt_records.rbegin(); noted != record.attempt_records.rend();
       ++noted) {
    if (noted->part != &call || noted->attempt != end.attempt) continue;
    if (noted->ended != async::MonotonicTime{} || noted->operation != where.operation) continue;
    noted->http_status = end.http_status;
    noted->error = ErrorWord(end);
    noted->started = end.started;
    noted->ended = end.ended;
    return;
  }
}

void ProviderTelemetry::OnRetry(const resilience::OperationRef& where, int attempt,
                                absl::Duration wait) {
  (void)attempt, (void)wait;
  metrics_.OnRetry(where);
}

void ProviderTelemetry::OnCoalesced(const resilience::OperationRef& where) {
  metrics_.OnCoalesced(where);
}

void ProviderTelemetry::OnCache(const resilience::OperationRef& where, resilience::CacheUse use) {
  metrics_.OnCache(where, use);
}

void ProviderTelemetry::OnBreakerChange(absl::string_view connection, resilience::BreakerState from,
                                        resilience::BreakerState to) {
  metrics_.OnBreakerChange(connection, to);
  telemetry::JsonFields fields;
  fields.Text("connection", connection).Text("from", BreakerName(from)).Text("to", BreakerName(to));
  telemetry::Log(telemetry::LogLevel::kWarn, "a connection's circuit breaker changed", fields);
}

void ProviderTelemetry::OnRefused(const resilience::OperationRef& where, resilience::Refusal why) {
  metrics_.OnRefused(where, why);
}

void ProviderTelemetry::OnQueued(const resilience::OperationRef& where, absl::Duration waited) {
  metrics_.OnQueued(where.connection, waited);
}

void ProviderTelemetry::OnRateWait(const resilience::OperationRef& where, absl::Duration waited) {
  metrics_.OnRateWait(where.connection, waited);
}

void ProviderTelemetry::OnTokenRefresh(absl::string_view connection, bool ok,
                                       absl::Duration duration) {
  metrics_.OnTokenRefresh(connection, ok, duration);
}

}  // namespace edugate::app
