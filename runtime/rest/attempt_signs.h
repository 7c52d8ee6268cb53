// What one attempt says about its provider, beside the error that its caller gets.
#ifndef RUNTIME_REST_ATTEMPT_SIGNS_H_
#define RUNTIME_REST_ATTEMPT_SIGNS_H_

#include "absl/time/time.h"
#include "runtime/async/call_record.h"
#include "runtime/errors/errors.h"
#include "runtime/http/http_client.h"
#include "runtime/resilience/circuit_breaker.h"
#include "runtime/resilience/concurrency_limit.h"

namespace edugate::rest {

// How an attempt ended.
struct AttemptResult {
  // Why no complete answer came; kNone also where nothing was sent for want of a credential.
  http::Failure failure = http::Failure::kNone;
  // 0: no answer.
  int http_status = 0;
  // UNSPECIFIED: a success.
  edugate::v1::ErrorReason reason = edugate::v1::ERROR_REASON_UNSPECIFIED;
  absl::Duration lasted;
};

// An attempt that its call's deadline ended sooner than this says nothing: its caller was in a
// hurry.
inline constexpr absl::Duration kPatience = absl::Seconds(1);

// For the circuit breaker. A refusal (4xx) is an answer like a success; 5xx is a failure where it
// says that the provider failed (501 says that it does not offer the operation).
resilience::Evidence EvidenceOf(const AttemptResult& result);

// For the adaptive limit: 429 and 503 ask for less, and so does what takes too long. An edX lock is
// a 429, too, and says nothing about load.
resilience::LoadSign LoadSignOf(const AttemptResult& result);

// For the log and the metrics of the call.
void NoteFlags(const AttemptResult& result, async::CallRecord& record);

}  // namespace edugate::rest

#endif  // RUNTIME_REST_ATTEMPT_SIGNS_H_
