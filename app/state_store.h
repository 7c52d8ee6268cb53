// Where edugate keeps what must outlive it, as `state` configures it.
#ifndef APP_STATE_STORE_H_
#define APP_STATE_STORE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "edugate/v1/config.pb.h"
#include "runtime/async/loop_pool.h"
#include "runtime/resilience/rate_limit.h"

namespace edugate::store {
class EventLog;
class RequestLog;
}  // namespace edugate::store

namespace edugate::app {

// How long events are kept, where `state` does not say, and what it says otherwise.
absl::Duration EventRetention(const v1::StateConfig& config);

// Built after the loops and destroyed after them, so after the last task that uses it.
class StateStore {
 public:
  // Opens the store and keeps deleting what has been in it for long enough, on `loops`. Blocks: for
  // start-up. UNAVAILABLE, STORE_UNAVAILABLE, where the message says what to mend.
  static absl::StatusOr<std::unique_ptr<StateStore>> Open(const v1::StateConfig& config,
                                                          async::LoopPool& loops);

  virtual ~StateStore() = default;

  virtual store::RequestLog& requests() = 0;
  virtual store::EventLog& events() = 0;

  // A limit of the configuration's `rate_limits`, which all processes with this store share.
  virtual std::unique_ptr<resilience::RateLimit> MakeRateLimit(
      absl::string_view name, const resilience::TokenBucketOptions& options) = 0;

  // Ends the store's own tasks, before the loops are shut down.
  virtual void StopTasks() = 0;
};

}  // namespace edugate::app

#endif  // APP_STATE_STORE_H_
