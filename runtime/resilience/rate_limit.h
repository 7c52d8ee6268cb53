// How many calls a provider gets a second.
#ifndef RUNTIME_RESILIENCE_RATE_LIMIT_H_
#define RUNTIME_RESILIENCE_RATE_LIMIT_H_

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "runtime/resilience/least_attempt.h"

namespace edugate::resilience {

struct TokenBucketOptions {
  double per_second = 1;
  // Tokens that can be saved up; at least 1.
  double burst = 1;
  // What of a call's time a token must leave.
  absl::Duration least_attempt = kLeastAttempt;
};

// What came of asking for a token.
struct RateAnswer {
  enum class Kind {
    kGranted,
    // The call's deadline comes before the next token would, less what a token must leave of it;
    // no token was taken and the call did not wait.
    kRefused,
    // The call ended while it waited: see its Status().
    kEnded,
  };
  Kind kind = Kind::kGranted;
  // kRefused: how long until there would be a token.
  absl::Duration retry_after;
};

// A rate that calls take tokens of, one each. Used from every loop at once.
class RateLimit {
 public:
  virtual ~RateLimit() = default;

  // Takes a token that is there now, without waiting: the path of most calls. False: there is none,
  // or it can't be told without waiting; then Acquire() answers.
  virtual bool TryAcquire(async::MonotonicTime now) {
    (void)now;
    return false;
  }

  // Waits for a token on the call's own loop. The limit and `call` outlive the task.
  virtual async::Task<RateAnswer> Acquire(async::CallContext& call) = 0;
};

// Makes the limit of a name in the configuration's `rate_limits`.
using RateLimitMaker = absl::AnyInvocable<std::unique_ptr<RateLimit>(
    absl::string_view name, const TokenBucketOptions& options) const>;

}  // namespace edugate::resilience

#endif  // RUNTIME_RESILIENCE_RATE_LIMIT_H_
