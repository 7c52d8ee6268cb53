#include "app/call_telemetry.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "runtime/errors/errors.h"
#include "runtime/telemetry/call_line.h"
#include "runtime/telemetry/log.h"
#include "runtime/telemetry/trace_context.h"

namespace edugate::app {
namespace {

using telemetry::Span;
using telemetry::SpanKind;

constexpr int kFirstHttpError = 400;

// The codes that are a server's own failure by OpenTelemetry's conventions for gRPC.
bool IsServersFault(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDataLoss:
      return true;
    default:
      return false;
  }
}

// EnrollmentService.GetEnrollment as gRPC's service and method; a provider's own keeps its name.
std::pair<std::string, std::string> ServiceAndMethod(absl::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == absl::string_view::npos) return {"", std::string(name)};
  std::string service(name.substr(0, dot));
  std::string whole = absl::StrCat("edugate.v1.", service);
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  if (pool->FindServiceByName(whole) != nullptr) service = std::move(whole);
  return {std::move(service), std::string(name.substr(dot + 1))};
}

// `now` is the same moment by both clocks.
absl::Time WallTimeOf(async::MonotonicTime when, async::MonotonicTime now, absl::Time wall_now) {
  return wall_now - absl::FromChrono(now - when);
}

}  // namespace

void CallTelemetry::OnBegin(async::CallContext& call, absl::string_view traceparent,
                            absl::string_view tracestate) {
  call.record().trace =
      telemetry::PlaceOf(traceparent, tracestate, options_.sample_share, options_.spans != nullptr);
  options_.metrics->OnBegin(call.method());
}

void CallTelemetry::OnTurnedAway(absl::StatusCode code) {
  async::CallFlags flags;
  flags.Add(async::CallFlag::kShed);
  options_.metrics->OnRefused("refused", code, flags);
}

void CallTelemetry::OnEnd(const services::CallEnd& end) {
  const async::CallRecord* record = end.call != nullptr ? &end.call->record() : nullptr;
  const async::CallFlags flags = telemetry::FlagsOf(end.status, record);
  if (record == nullptr) {
    options_.metrics->OnRefused(end.method, end.status.code(), flags);
  } else {
    options_.metrics->OnEnd(end.method, end.connection, end.status.code(), end.duration, flags);
  }
  if (options_.access_log && telemetry::Logs(telemetry::LogLevel::kInfo)) {
    const telemetry::CallLine line{
        .method = end.method,
        .connection = end.connection,
        .caller = end.call != nullptr ? absl::string_view(end.call->caller()) : "",
        .status = end.status,
        .duration = end.duration,
        .record = record};
    telemetry::Log(telemetry::LogLevel::kInfo, "call", telemetry::FieldsOf(line, flags));
  }
  if (options_.spans != nullptr && record != nullptr && record->trace.sampled) {
    OfferSpans(end, flags);
  }
}

void CallTelemetry::OfferSpans(const services::CallEnd& end, async::CallFlags flags) const {
  const async::CallRecord& record = end.call->record();
  const async::TracePlace& place = record.trace;
  const absl::Time wall_now = options_.clock->WallNow();
  const async::MonotonicTime now = options_.clock->MonotonicNow();

  Span whole;
  whole.trace_id = place.trace_id;
  whole.span_id = place.span_id;
  whole.parent_id = place.parent_id;
  whole.parent_remote = !telemetry::IsNone(place.parent_id);
  whole.trace_state = place.state;
  whole.kind = SpanKind::kServer;
  whole.start = wall_now - end.duration;
  whole.end = wall_now;
  whole.failed = IsServersFault(end.status.code());
  auto [service, method] = ServiceAndMethod(end.method);
  whole.name = absl::StrCat(service, service.empty() ? "" : "/", method);
  whole.attributes = {{"rpc.system", "grpc"},
                      {"rpc.service", std::move(service)},
                      {"rpc.method", std::move(method)},
                      {"rpc.grpc.status_code", static_cast<int64_t>(end.status.code())},
                      {"edugate.attempts", int64_t{record.attempts}}};
  if (!end.connection.empty()) {
    whole.attributes.push_back({"edugate.connection", std::string(end.connection)});
  }
  if (!flags.empty()) whole.attributes.push_back({"edugate.flags", flags.Text()});
  if (!end.status.ok()) {
    whole.attributes.push_back({"error.type", errors::ReasonName(errors::ReasonOf(end.status))});
  }
  options_.spans->Offer(std::move(whole));

  for (const async::AttemptRecord& attempt : record.attempt_records) {
    if (attempt.ended == async::MonotonicTime{}) continue;
    Span span;
    span.trace_id = place.trace_id;
    span.span_id = attempt.span_id;
    span.parent_id = place.span_id;
    span.trace_state = place.state;
    span.kind = SpanKind::kClient;
    span.name = absl::StrCat(attempt.http_method, " ", attempt.url_template);
    span.start = WallTimeOf(attempt.started, now, wall_now);
    span.end = WallTimeOf(attempt.ended, now, wall_now);
    span.failed = !attempt.error.empty() || attempt.http_status >= kFirstHttpError;
    span.attributes = {{"http.request.method", attempt.http_method},
                       {"url.template", attempt.url_template},
                       {"server.address", attempt.server},
                       {"edugate.connection", attempt.connection},
                       {"edugate.operation", attempt.operation}};
    if (attempt.http_status > 0) {
      span.attributes.push_back({"http.response.status_code", int64_t{attempt.http_status}});
    }
    if (attempt.attempt > 1) {
      span.attributes.push_back({"http.request.resend_count", int64_t{attempt.attempt - 1}});
    }
    if (!attempt.error.empty()) span.attributes.push_back({"error.type", attempt.error});
    options_.spans->Offer(std::move(span));
  }
}

}  // namespace edugate::app
