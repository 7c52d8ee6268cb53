// What a Redis server's answers to the store's scripts mean. An answer that is none of theirs is an
// error (INTERNAL), and never taken for one.
#ifndef EDUGATE_RUNTIME_STORE_REDIS_ANSWERS_H_
#define EDUGATE_RUNTIME_STORE_REDIS_ANSWERS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "runtime/store/event_log.h"
#include "runtime/store/redis_connection.h"
#include "runtime/store/request_log.h"

namespace edugate::store {

// {the event's number, whether it was there}.
absl::StatusOr<AppendedEvent> AppendedIn(const RedisValue& answer);

// {the last number that was purged, entries of a stream}, asked for behind `after`.
absl::StatusOr<EventBatch> EventsIn(const RedisValue& answer, int64_t after);

// {state, attempt, outcome}.
absl::StatusOr<BegunRequest> BegunIn(const RedisValue& answer);

// An event that was appended, as the channel of news tells it.
struct EventNews {
  int64_t sequence = 0;
  std::string topic;
};

// Nothing for another message.
std::optional<EventNews> NewsIn(const RedisValue& message);

}  // namespace edugate::store

#endif  // EDUGATE_RUNTIME_STORE_REDIS_ANSWERS_H_
