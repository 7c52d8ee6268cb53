#include "runtime/telemetry/call_line.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "runtime/errors/errors.h"
#include "runtime/telemetry/trace_context.h"

namespace edugate::telemetry {
namespace {

// The caller as a log may name it. A token's `sub` may be an e-mail address, which no log holds:
// of one stays the domain.
std::string CallerInLog(absl::string_view caller) {
  const size_t at = caller.rfind('@');
  if (at == absl::string_view::npos) return std::string(caller);
  const size_t before = caller.substr(0, at).find_last_of(":/");
  const absl::string_view kind =
      before == absl::string_view::npos ? "" : caller.substr(0, before + 1);
  return absl::StrCat(kind, "...", caller.substr(at));
}

}  // namespace

using async::CallFlag;

async::CallFlags FlagsOf(const absl::Status& status, const async::CallRecord* record) {
  async::CallFlags flags;
  if (record != nullptr) flags = record->flags;
  if (status.ok()) return flags;
  switch (errors::ReasonOf(status)) {
    case v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID:
      flags.Add(CallFlag::kCredentialsRefused);
      break;
    case v1::ERROR_REASON_PROVIDER_RATE_LIMITED:
      flags.Add(CallFlag::kRateLimited);
      break;
    case v1::ERROR_REASON_PROVIDER_ERROR:
      flags.Add(CallFlag::kProviderError);
      break;
    case v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID:
    case v1::ERROR_REASON_PAGINATION_LOOP:
      flags.Add(CallFlag::kReplyInvalid);
      break;
    case v1::ERROR_REASON_CIRCUIT_OPEN:
      flags.Add(CallFlag::kBreakerOpen);
      break;
    case v1::ERROR_REASON_CONNECTION_UNKNOWN:
      flags.Add(CallFlag::kNoConnection);
      break;
    case v1::ERROR_REASON_CALLER_UNAUTHENTICATED:
    case v1::ERROR_REASON_CALLER_DENIED:
      flags.Add(CallFlag::kCallerRefused);
      break;
    case v1::ERROR_REASON_CANCELLED:
      flags.Add(CallFlag::kCallerGone);
      break;
    case v1::ERROR_REASON_DEADLINE_EXCEEDED:
      flags.Add(CallFlag::kDeadline);
      break;
    case v1::ERROR_REASON_SLOW_CONSUMER:
      flags.Add(CallFlag::kSlowReader);
      break;
    case v1::ERROR_REASON_STORE_UNAVAILABLE:
      flags.Add(CallFlag::kStoreUnavailable);
      break;
    case v1::ERROR_REASON_LOCAL_LIMIT:
      // A limit of a connection has been noted where it refused the call.
      if (!flags.Has(CallFlag::kConnectionLimit) && !flags.Has(CallFlag::kRateLimited)) {
        flags.Add(CallFlag::kShed);
      }
      break;
    default:
      break;
  }
  return flags;
}

JsonFields FieldsOf(const CallLine& line, async::CallFlags flags) {
  JsonFields fields;
  fields.Text("method", line.method);
  if (!line.connection.empty()) fields.Text("connection", line.connection);
  const async::CallRecord* const record = line.record;
  if (record != nullptr && !record->connections.empty()) {
    fields.Texts("connections", record->connections);
  }
  if (!line.caller.empty()) fields.Text("caller", CallerInLog(line.caller));
  fields.Text("code", absl::StatusCodeToString(line.status.code()));
  if (!line.status.ok()) fields.Text("reason", errors::ReasonName(errors::ReasonOf(line.status)));
  if (!flags.empty()) fields.Text("flags", flags.Text());
  fields.Decimal("duration_ms", absl::ToDoubleMilliseconds(line.duration));
  if (record == nullptr) return fields;
  if (record->attempts > 0) {
    fields.Decimal("provider_ms", absl::ToDoubleMilliseconds(record->provider_time));
    fields.Integer("attempts", record->attempts);
    fields.Integer("provider_reply_bytes", record->provider_reply_bytes);
  }
  if (!IsNone(record->trace.trace_id)) {
    fields.Text("trace_id", Hex(record->trace.trace_id));
    fields.Text("span_id", Hex(record->trace.span_id));
  }
  return fields;
}

}  // namespace edugate::telemetry
