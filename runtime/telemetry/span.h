// A span of a trace, and how spans are written for a collector: OTLP, JSON encoding
// (opentelemetry-proto 1.x, collector/trace/v1/ExportTraceServiceRequest).
#ifndef RUNTIME_TELEMETRY_SPAN_H_
#define RUNTIME_TELEMETRY_SPAN_H_

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/async/call_record.h"

namespace edugate::telemetry {

// An attribute of the OpenTelemetry semantic conventions, or of edugate's own (`edugate.`).
struct Attribute {
  absl::string_view key;  // a literal
  std::variant<std::string, int64_t> value;
};

// The numbers are OTLP's.
enum class SpanKind { kServer = 2, kClient = 3 };

struct Span {
  async::TraceId trace_id{};
  async::SpanId span_id{};
  async::SpanId parent_id{};   // none: the trace begins here
  bool parent_remote = false;  // the parent is another process's
  std::string trace_state;
  std::string name;
  SpanKind kind = SpanKind::kServer;
  absl::Time start;
  absl::Time end;
  std::vector<Attribute> attributes;
  bool failed = false;
};

// Who tells.
struct SpanResource {
  std::string service_name;
  std::string service_version;
  std::string service_instance_id;
};

// One request's body.
std::string OtlpJson(const SpanResource& resource, const std::vector<Span>& spans);

}  // namespace edugate::telemetry

#endif  // RUNTIME_TELEMETRY_SPAN_H_
