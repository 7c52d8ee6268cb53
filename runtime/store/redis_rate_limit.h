// A rate that several processes share through a Redis server.
#ifndef EDUGATE_RUNTIME_STORE_REDIS_RATE_LIMIT_H_
#define EDUGATE_RUNTIME_STORE_REDIS_RATE_LIMIT_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "absl/strings/string_view.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "runtime/resilience/rate_limit.h"
#include "runtime/resilience/token_bucket.h"
#include "runtime/store/redis_client.h"

namespace edugate::store {

// A token bucket at the server, by the server's clock: every token costs one question. Exact up to
// 10,000,000 tokens a second, and for processes before and after an upgrade. While the
// server can't be reached, each process has a bucket of its own with its share of the rate, by how
// many processes there were when the server was last heard of.
class RedisRateLimit final : public resilience::RateLimit {
 public:
  // `client` outlives the limit. Processes whose limits have one name share the tokens.
  RedisRateLimit(RedisClient& client, absl::string_view name,
                 const resilience::TokenBucketOptions& options);

  async::Task<resilience::RateAnswer> Acquire(async::CallContext& call) override;

 private:
  // The bucket of this process alone, for as many processes as there are.
  std::shared_ptr<resilience::TokenBucket> OwnShare();

  RedisClient& client_;
  const std::string key_;
  const resilience::TokenBucketOptions options_;
  std::mutex mutex_;
  int64_t shares_ = 0;  // These two under the mutex.
  std::shared_ptr<resilience::TokenBucket> own_;
};

}  // namespace edugate::store

#endif  // EDUGATE_RUNTIME_STORE_REDIS_RATE_LIMIT_H_
