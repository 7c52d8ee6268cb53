// What happens between edugate and a provider, for metrics, logs and spans.
#ifndef RUNTIME_RESILIENCE_CLIENT_OBSERVER_H_
#define RUNTIME_RESILIENCE_CLIENT_OBSERVER_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/async/call_context.h"
#include "runtime/errors/errors.h"
#include "runtime/http/http_client.h"

namespace edugate::resilience {

// Where something happened: names of the configuration and of the declared APIs, so that there are
// few of them, and never a value of a request. The views live only for the call that gets them.
struct OperationRef {
  absl::string_view connection;    // the connection's id
  absl::string_view provider;      // the provider's id in the configuration
  absl::string_view operation;     // OpenApplyV3.ListReenrollments
  absl::string_view http_method;   // GET
  absl::string_view url_template;  // the declared path, as in /api/v3/students/{id}
  absl::string_view base_url;      // the connection's
};

// One attempt that reached for the provider, ended.
struct AttemptEnd {
  // 1 for the first.
  int attempt = 1;
  // UNSPECIFIED: it was a success.
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  // Why no complete answer came; kNone where one did, or where the attempt got no credential.
  http::Failure failure = http::Failure::kNone;
  // The answer's HTTP status; 0: no answer came.
  int http_status = 0;
  // The answer's body, decoded; what a file's receiver took is not counted.
  int64_t reply_bytes = 0;
  // From asking for a credential to the decoded reply; waits for a turn or a token are before it.
  async::MonotonicTime started;
  async::MonotonicTime ended;
};

// What the cache did for a read.
enum class CacheUse {
  kHit,          // answered from memory
  kRevalidated,  // the provider said that what is kept still holds (304)
  kMiss,         // the provider was asked
};

// How a connection's circuit breaker stands.
enum class BreakerState {
  kClosed,  // calls go through
  kOpen,    // calls are refused
  kProbing  // one call finds out; others are refused
};

// Why edugate itself sent a request not at all, or not once more.
enum class Refusal {
  kBreakerOpen,  // the provider is left alone
  kQueueFull,    // too many calls wait already
  kTooLate,      // its deadline comes before its turn would
  kRateLimit,    // its deadline comes before the next token would
  kRetryBudget,  // a retry was due, and the connection's budget is used up
};

// Hears of it, on the call's loop; calls of all loops share one observer. Must not block, and must
// not keep a view. Every function does nothing by default. The flags of the call's record that are
// the client's to know (retried, shared, from the cache, refused...) are noted by the client
// itself.
class ClientObserver {
 public:
  virtual ~ClientObserver() = default;

  // An attempt is about to be sent, authorized. The observer may set headers, such as traceparent;
  // the next attempt of the call gets the same request with the same headers.
  virtual void OnAttemptStart(async::CallContext& call, const OperationRef& where, int attempt,
                              http::Request& request) {
    (void)call, (void)where, (void)attempt, (void)request;
  }

  // An attempt ended.
  virtual void OnAttemptEnd(async::CallContext& call, const OperationRef& where,
                            const AttemptEnd& end) {
    (void)call, (void)where, (void)end;
  }

  // A further attempt will be made in `wait`.
  virtual void OnRetry(const OperationRef& where, int attempt, absl::Duration wait) {
    (void)where, (void)attempt, (void)wait;
  }

  // A read got the reply of an identical one that was in flight.
  virtual void OnCoalesced(const OperationRef& where) { (void)where; }

  // The connection keeps replies, and the cache was asked for one.
  virtual void OnCache(const OperationRef& where, CacheUse use) { (void)where, (void)use; }

  // The breaker of a connection changed.
  virtual void OnBreakerChange(absl::string_view connection, BreakerState from, BreakerState to) {
    (void)connection, (void)from, (void)to;
  }

  // A request, or one more attempt of it, was not sent.
  virtual void OnRefused(const OperationRef& where, Refusal why) { (void)where, (void)why; }

  // A call had to wait for its turn, whatever came of it.
  virtual void OnQueued(const OperationRef& where, absl::Duration waited) {
    (void)where, (void)waited;
  }

  // A call had to wait for a token of a rate limit, whatever came of it.
  virtual void OnRateWait(const OperationRef& where, absl::Duration waited) {
    (void)where, (void)waited;
  }

  // A token request of the connection's authorization ended. On any loop.
  virtual void OnTokenRefresh(absl::string_view connection, bool ok, absl::Duration duration) {
    (void)connection, (void)ok, (void)duration;
  }
};

}  // namespace edugate::resilience

#endif  // RUNTIME_RESILIENCE_CLIENT_OBSERVER_H_
