// One token for all calls of a connection, on all loops.
#ifndef EDUGATE_RUNTIME_AUTH_TOKEN_CACHE_H_
#define EDUGATE_RUNTIME_AUTH_TOKEN_CACHE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/async/call_context.h"
#include "runtime/async/clock.h"
#include "runtime/async/task.h"
#include "runtime/auth/token.h"
#include "runtime/errors/errors.h"

namespace edugate::auth {

// Tokens are fetched at most once in this time, and a token counts as good for as long at least.
inline constexpr absl::Duration kMinFetchInterval = absl::Seconds(1);

// Keeps a token for as long as it is good. However many calls need one, on however many loops, one
// request at a time asks for it; that request has a deadline of its own and goes on when callers
// leave. Time is the monotonic clock's: a jump of the calendar changes nothing. Thread-safe.
class TokenCache {
 public:
  // `origin` is named in errors. `clock` outlives the cache and its last fetch.
  TokenCache(std::shared_ptr<TokenFetcher> fetcher, const TokenUse& use, errors::Origin origin,
             const async::Clock* clock);
  TokenCache(const TokenCache&) = delete;
  TokenCache& operator=(const TokenCache&) = delete;
  ~TokenCache();

  // A token that is good now. Waits for the fetch if there is none; then the errors are: CANCELLED
  // and DEADLINE_EXCEEDED as `call` ends, or what the fetch failed with. A failure is answered from
  // memory for a while, with RetryInfo where the reason is one that passes. The cache and `call`
  // outlive the task.
  async::Task<absl::StatusOr<std::shared_ptr<const Token>>> Get(async::CallContext& call);

  // The provider refused `authorization`. Forgets the token if it is this one: a newer one stays.
  void Drop(absl::string_view authorization);

 private:
  class State;
  const std::shared_ptr<State> state_;  // Shared with the fetch in flight.
};

}  // namespace edugate::auth

#endif  // EDUGATE_RUNTIME_AUTH_TOKEN_CACHE_H_
