// What comes of asking for a token.
#ifndef EDUGATE_RUNTIME_AUTH_TOKEN_H_
#define EDUGATE_RUNTIME_AUTH_TOKEN_H_

#include <functional>
#include <variant>

#include "absl/time/time.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "runtime/config/secret.h"
#include "runtime/errors/errors.h"

namespace edugate::auth {

// A token's life is never taken for longer than this.
inline constexpr absl::Duration kMaxTokenLife = absl::Hours(24);

// The life of a token whose reply doesn't say, unless another one is configured.
inline constexpr absl::Duration kDefaultTokenLife = absl::Minutes(5);

// A token, ready for the Authorization header.
struct Token {
  config::Secret authorization;  // Scheme and token: `Bearer x`.
  absl::Duration life;           // From the request on. In [0, 24 h].
};

// How a token is kept.
struct TokenUse {
  // How long one fetch may take.
  absl::Duration request_timeout = absl::Seconds(10);
  // A new token is fetched in the background once this part of the old one's life is over.
  double refresh_after = 0.8;
  // A failure is remembered for the first of these, doubling to the second.
  absl::Duration failure_memory = absl::Seconds(1);
  absl::Duration max_failure_memory = absl::Seconds(30);
};

// A token, or why there is none.
using FetchResult = std::variant<Token, errors::ProviderFailure>;

// Asks for a token.
class TokenFetcher {
 public:
  virtual ~TokenFetcher() = default;

  // Yields at the call's deadline or cancellation at the latest. `call` and the fetcher outlive the
  // task. Called on any loop, by one task at a time.
  virtual async::Task<FetchResult> Fetch(async::CallContext& call) = 0;
};

// Hears of the end of each fetch, on the loop that made it: whether it brought a token, and how
// long it took.
using FetchListener = std::function<void(bool ok, absl::Duration duration)>;

}  // namespace edugate::auth

#endif  // EDUGATE_RUNTIME_AUTH_TOKEN_H_
