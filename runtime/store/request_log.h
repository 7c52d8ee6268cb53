// RequestLog: what became of the requests that carry an id, so that a write that is sent twice
// happens once (AIP-155).
#ifndef EDUGATE_RUNTIME_STORE_REQUEST_LOG_H_
#define EDUGATE_RUNTIME_STORE_REQUEST_LOG_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"

namespace edugate::store {

// What RequestLog::Begin found.
enum class RequestState {
  kNew,       // The key was free and is now this request's: carry it out, then Finish or Forget.
  kDone,      // It was carried out: `outcome` is what Finish was given.
  kInFlight,  // Another call is carrying it out.
  kOtherRequest,    // The key belongs to a request with another fingerprint.
  kUnknownOutcome,  // Nobody knows whether it happened: LeaveUnknown, or its process ended.
};

struct BegunRequest {
  RequestState state = RequestState::kNew;

  // With kDone: the bytes that Finish was given.
  std::string outcome;

  // With kNew and kUnknownOutcome: names this attempt in Finish and Forget. No two attempts have
  // the same number, so that a late Finish or Forget never meets a later attempt with the same key.
  int64_t attempt = 0;
};

// The key of a request: no two different triples give the same.
std::string RequestKey(absl::string_view caller, absl::string_view method,
                       absl::string_view request_id);

// Keys and fingerprints are opaque bytes. The fingerprint stands for the request's content: a
// digest of it. A key is remembered for the log's retention, counted from Begin; then it is free
// again.
//
// A request that is found with kUnknownOutcome is settled by Finish, once what happened is known,
// or by Forget and another Begin, which gives kNew to one of the calls that try.
//
// Used from any loop; the log outlives its tasks. Errors: CANCELLED or DEADLINE_EXCEEDED as the
// call ends; UNAVAILABLE, STORE_UNAVAILABLE; from Begin also RESOURCE_EXHAUSTED, LOCAL_LIMIT if too
// much waits to be stored.
class RequestLog {
 public:
  virtual ~RequestLog() = default;

  // Looks the key up and, if it is free, takes it: kNew is recorded durably before it is answered.
  // Where the call ends before the answer, the key is given back. `now`: the calendar's time.
  virtual async::Task<absl::StatusOr<BegunRequest>> Begin(async::CallContext& call, std::string key,
                                                          std::string fingerprint,
                                                          absl::Time now) = 0;

  // Records what came of the attempt, also where `call` has ended already. What is recorded first
  // stays; an attempt that is gone is left alone, and both are OK. If it can't be stored, this
  // process answers from memory, and the error says that it is not durable.
  virtual async::Task<absl::Status> Finish(async::CallContext& call, std::string key,
                                           int64_t attempt, std::string outcome) = 0;

  // Frees the key: certainly nothing happened. Also where `call` has ended already.
  virtual async::Task<absl::Status> Forget(async::CallContext& call, std::string key,
                                           int64_t attempt) = 0;

  // Says that nobody knows whether it happened: the next Begin gives kUnknownOutcome. Also where
  // `call` has ended already.
  virtual async::Task<absl::Status> LeaveUnknown(async::CallContext& call, std::string key,
                                                 int64_t attempt) = 0;
};

}  // namespace edugate::store

#endif  // EDUGATE_RUNTIME_STORE_REQUEST_LOG_H_
