// One line of the access log: what is told about a call at its end, and nothing else.
#ifndef RUNTIME_TELEMETRY_CALL_LINE_H_
#define RUNTIME_TELEMETRY_CALL_LINE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/async/call_record.h"
#include "runtime/telemetry/json_fields.h"

namespace edugate::telemetry {

// Names and figures of one call. The views outlive the line's making.
struct CallLine {
  absl::string_view method;      // EnrollmentService.GetEnrollment
  absl::string_view connection;  // empty where the call was refused before it had one
  absl::string_view caller;      // a machine's identity; empty where callers aren't known
  absl::Status status;
  absl::Duration duration;
  // Null where the call was refused before it had one.
  const async::CallRecord* record = nullptr;
};

// Why the call ended as it did: what its layers noted, and what its status says by itself.
async::CallFlags FlagsOf(const absl::Status& status, const async::CallRecord* record);

// The line's fields: method, connection, connections, caller, code, reason, flags, duration_ms,
// provider_ms, attempts, provider_reply_bytes, trace_id, span_id. Those that say nothing are left
// out, but for method, code and duration_ms.
JsonFields FieldsOf(const CallLine& line, async::CallFlags flags);

}  // namespace edugate::telemetry

#endif  // RUNTIME_TELEMETRY_CALL_LINE_H_
