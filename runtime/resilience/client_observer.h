// What happens between edugate and a provider, for metrics, logs and spans.
#ifndef RUNTIME_RESILIENCE_CLIENT_OBSERVER_H_
#define RUNTIME_RESILIENCE_CLIENT_OBSERVER_H_

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "edugate/v1/error_reason.pb.h"
#include "runtime/async/call_context.h"

namespace edugate::resilience {

// Where something happened. All three are names of the configuration and of the declared APIs, so
// that there are few of them. The views live only for the call that gets them.
struct OperationRef {
  absl::string_view connection;  // the connection's id
  absl::string_view provider;    // the provider's id in the configuration
  absl::string_view operation;   // OpenApplyV3.ListReenrollments
};

// One attempt that reached for the provider, ended.
struct AttemptEnd {
  // 1 for the first.
  int attempt = 1;
  // UNSPECIFIED: it was a success.
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  // The answer's HTTP status; 0: no answer came.
  int http_status = 0;
  // From asking for a credential to the decoded reply; waits for a turn or a token are not in it.
  absl::Duration duration;
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

// Hears of it, from the loops' threads. Must not block, and must not keep a view. Every function
// does nothing by default.
class ClientObserver {
 public:
  virtual ~ClientObserver() = default;

  // An attempt ended. `call` is the one for which it was made.
  virtual void OnAttemptEnd(const async::CallContext& call, const OperationRef& where,
                            const AttemptEnd& end) {
    (void)call, (void)where, (void)end;
  }

  // A further attempt is made, `wait` after the last one ended.
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

  // A call had to wait for its turn; it was in the queue for `waited`, whatever came of it.
  virtual void OnQueued(const OperationRef& where, absl::Duration waited) {
    (void)where, (void)waited;
  }

  // A call had to wait for a token of a rate limit.
  virtual void OnRateWait(const OperationRef& where, absl::Duration waited) {
    (void)where, (void)waited;
  }

  // A token request of the connection's authorization ended.
  virtual void OnTokenRefresh(absl::string_view connection, bool ok, absl::Duration duration) {
    (void)connection, (void)ok, (void)duration;
  }
};

}  // namespace edugate::resilience

#endif  // RUNTIME_RESILIENCE_CLIENT_OBSERVER_H_
