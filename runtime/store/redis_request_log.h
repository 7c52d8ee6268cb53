// RequestLog on a Redis server that several processes share.
#ifndef EDUGATE_RUNTIME_STORE_REDIS_REQUEST_LOG_H_
#define EDUGATE_RUNTIME_STORE_REDIS_REQUEST_LOG_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "runtime/store/redis_client.h"
#include "runtime/store/request_log.h"

namespace edugate::store {

// A key is a hash that expires after the retention. Each attempt names the process that carries it
// out: where that process' lease has run out, the outcome is unknown. What ends an attempt and
// can't reach the server is sent again when it can, before anything else that this process asks.
class RedisRequestLog final : public RequestLog {
 public:
  // `client` outlives the log. `retention`: how long a key is remembered.
  explicit RedisRequestLog(RedisClient& client, absl::Duration retention = absl::Hours(24));

  async::Task<absl::StatusOr<BegunRequest>> Begin(async::CallContext& call, std::string key,
                                                  std::string fingerprint, absl::Time now) override;
  async::Task<absl::Status> Finish(async::CallContext& call, std::string key, int64_t attempt,
                                   std::string outcome) override;
  async::Task<absl::Status> Forget(async::CallContext& call, std::string key,
                                   int64_t attempt) override;
  async::Task<absl::Status> LeaveUnknown(async::CallContext& call, std::string key,
                                         int64_t attempt) override;

 private:
  int64_t NewAttempt();

  RedisClient& client_;
  const absl::Duration retention_;
  std::atomic<int64_t> last_attempt_{0};
};

}  // namespace edugate::store

#endif  // EDUGATE_RUNTIME_STORE_REDIS_REQUEST_LOG_H_
