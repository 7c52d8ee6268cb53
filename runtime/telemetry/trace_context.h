// W3C Trace Context, level 1: the headers traceparent and tracestate.
#ifndef RUNTIME_TELEMETRY_TRACE_CONTEXT_H_
#define RUNTIME_TELEMETRY_TRACE_CONTEXT_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "runtime/async/call_record.h"

namespace edugate::telemetry {

// What a traceparent says.
struct Traceparent {
  async::TraceId trace_id{};
  async::SpanId parent_id{};
  bool sampled = false;
};

// Reads a traceparent header. Nothing where it is not one: then the sender brought no trace. Of a
// version to come, what version 00 knows is read, as the recommendation asks.
std::optional<Traceparent> ParseTraceparent(absl::string_view text);

// The header in version 00.
std::string FormatTraceparent(const async::TraceId& trace_id, const async::SpanId& parent_id,
                              bool sampled);

// Whether the text is a tracestate that may be passed on: at most 32 members and 512 characters,
// every key once.
bool IsTracestate(absl::string_view text);

// Lower-case hexadecimal, as ids are written everywhere.
std::string Hex(const async::TraceId& id);
std::string Hex(const async::SpanId& id);

inline bool IsNone(const async::TraceId& id) { return id == async::TraceId{}; }
inline bool IsNone(const async::SpanId& id) { return id == async::SpanId{}; }

// Random ids, never all zero. From any thread.
async::TraceId NewTraceId();
async::SpanId NewSpanId();

// Whether a trace that nobody has decided about is sampled: `share` (0 to 1) of all ids are, and
// every replica decides the same about one id.
bool Sampled(const async::TraceId& id, double share);

// The place in its trace of a call that brings these headers (empty: none). `share` decides where
// the caller says nothing; `own_spans` as in TracePlace, and then without it nothing is sampled by
// edugate's own choice.
async::TracePlace PlaceOf(absl::string_view traceparent, absl::string_view tracestate, double share,
                          bool own_spans);

// The traceparent for a request to a provider whose span is `attempt`; empty where none is sent.
std::string OutgoingTraceparent(const async::TracePlace& place, const async::SpanId& attempt);

}  // namespace edugate::telemetry

#endif  // RUNTIME_TELEMETRY_TRACE_CONTEXT_H_
