// EventLog on a Redis server that several processes share.
#ifndef EDUGATE_RUNTIME_STORE_REDIS_EVENT_LOG_H_
#define EDUGATE_RUNTIME_STORE_REDIS_EVENT_LOG_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "runtime/store/event_log.h"
#include "runtime/store/news.h"
#include "runtime/store/redis_client.h"
#include "runtime/store/retention.h"

namespace edugate::store {

// A topic is a stream whose ids are the sequence numbers. Every process has one subscription to the
// news of all topics, however many wait; after it was broken, those who wait look again.
class RedisEventLog final : public EventLog, public Purgeable {
 public:
  // `client` outlives the log. `retention`: how long an event is kept.
  explicit RedisEventLog(RedisClient& client, absl::Duration retention = absl::Hours(24 * 30));
  ~RedisEventLog() override;

  async::Task<absl::StatusOr<AppendedEvent>> Append(async::CallContext& call, std::string topic,
                                                    std::string dedup_id, std::string payload,
                                                    absl::Time now) override;
  async::Task<absl::StatusOr<EventBatch>> Read(async::CallContext& call, std::string topic,
                                               int64_t after, std::size_t limit) override;
  async::Task<absl::StatusOr<EventBatch>> ReadNext(async::CallContext& call, std::string topic,
                                                   int64_t after, std::size_t limit) override;
  async::Task<absl::StatusOr<int64_t>> LastSequence(async::CallContext& call) override;
  async::Task<absl::StatusOr<bool>> PurgeBatch(async::CallContext& call, absl::Time now) override;

 private:
  void Listen();
  absl::Status ListenUntilItBreaks();
  void CatchUp();

  RedisClient& client_;
  const absl::Duration retention_;
  const std::shared_ptr<News> news_;  // Shared with jobs that may run after the log is gone.
  // Whether looking up what may have been missed has failed; shared as news_.
  const std::shared_ptr<std::atomic<bool>> behind_;
  std::atomic<bool> closing_{false};
  std::thread listener_;
};

}  // namespace edugate::store

#endif  // EDUGATE_RUNTIME_STORE_REDIS_EVENT_LOG_H_
