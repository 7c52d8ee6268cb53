// What is told about a call at its end: every layer notes here what it did for it, and the log, the
// metrics and the trace read it. Names, counts and times only, nothing of a request or a reply.
#ifndef EDUGATE_RUNTIME_ASYNC_CALL_RECORD_H_
#define EDUGATE_RUNTIME_ASYNC_CALL_RECORD_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "runtime/async/call_flag.h"
#include "runtime/async/clock.h"

namespace edugate::async {

using TraceId = std::array<uint8_t, 16>;  // All zero: none.
using SpanId = std::array<uint8_t, 8>;    // All zero: none.

// Where a call stands in a trace (W3C Trace Context).
struct TracePlace {
  TraceId trace_id{};
  SpanId parent_id{};  // The caller's span; none where the caller brought no trace.
  SpanId span_id{};    // The call's own.
  bool sampled = false;
  // Whether the calls to providers carry spans of edugate's own. Where they don't, the caller's
  // place, if it brought one, is passed on as it is.
  bool own_spans = false;
  std::string state;  // The caller's tracestate, passed on.
};

// One request to a provider, for the trace. Kept only where the call is sampled.
struct AttemptRecord {
  const void* part = nullptr;  // Which part of the call made it, to find it again at its end.
  SpanId span_id{};
  std::string connection;
  std::string operation;     // As in OpenApplyV3.ListReenrollments.
  std::string http_method;   // GET...
  std::string url_template;  // The declared path, as in /api/v3/students/{id}.
  std::string server;        // The base URL's host.
  int attempt = 1;
  int http_status = 0;  // 0: no answer came.
  std::string error;    // A word for what went wrong; empty where nothing did.
  MonotonicTime started{};
  MonotonicTime ended{};
};

// Loop thread only.
struct CallRecord {
  // A stream may make any number of requests; so many of them are kept for the trace.
  static constexpr std::size_t kMaxAttemptRecords = 64;

  CallFlags flags;
  int attempts = 0;  // Requests sent to providers.
  // The connections that parts of the call went to, where it went to several (`connections/-`).
  std::vector<std::string> connections;
  absl::Duration provider_time;      // The time of these requests, added up.
  int64_t provider_reply_bytes = 0;  // What they answered, decoded.
  TracePlace trace;
  std::vector<AttemptRecord> attempt_records;

  void Note(CallFlag flag) { flags.Add(flag); }

  // Notes what another call did that answered this one, too.
  void Add(const CallRecord& other) {
    flags.Add(other.flags);
    attempts += other.attempts;
    provider_time += other.provider_time;
    provider_reply_bytes += other.provider_reply_bytes;
  }
};

}  // namespace edugate::async

#endif  // EDUGATE_RUNTIME_ASYNC_CALL_RECORD_H_
