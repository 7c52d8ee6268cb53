#include "runtime/resilience/safeguards.h"

#include <algorithm>
#include <utility>

namespace edugate::resilience {
namespace {

bool KeepsReplies(const SafeguardOptions& options) {
  if (options.policy.cache_max_age > absl::ZeroDuration()) return true;
  return std::any_of(options.methods.begin(), options.methods.end(), [](const auto& each) {
    return each.second.cache_max_age > absl::ZeroDuration();
  });
}

}  // namespace

Safeguards::Safeguards(SafeguardOptions options, std::string connection, ClientObserver* observer)
    : options_(std::move(options)),
      connection_(std::move(connection)),
      cache_(KeepsReplies(options_) ? std::make_unique<ReplyCache>(options_.max_cache_bytes)
                                    : nullptr),
      budget_(options_.retry),
      breaker_(
          options_.breaker,
          observer == nullptr
              ? CircuitBreaker::Listener(nullptr)
              : [this, observer](
                    BreakerState from,
                    BreakerState to) { observer->OnBreakerChange(connection_, from, to); }),
      concurrency_(options_.concurrency) {}

const MethodPolicy& Safeguards::PolicyOf(const std::string& method) const {
  if (options_.methods.empty()) return options_.policy;
  const auto found = options_.methods.find(method);
  return found == options_.methods.end() ? options_.policy : found->second;
}

Safeguards::Snapshot Safeguards::Look(async::MonotonicTime now) const {
  Snapshot snapshot{.breaker = breaker_.Look(now),
                    .concurrency = concurrency_.Look(),
                    .retry_tokens = budget_.tokens(),
                    .max_retry_tokens = options_.retry.budget_tokens};
  if (cache_ != nullptr) {
    snapshot.cached_replies = cache_->size();
    snapshot.cached_bytes = cache_->bytes();
  }
  return snapshot;
}

}  // namespace edugate::resilience
