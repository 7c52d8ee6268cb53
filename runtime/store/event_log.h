// EventLog: events of topics, kept in order until their time is up, for readers that come when they
// like.
#ifndef EDUGATE_RUNTIME_STORE_EVENT_LOG_H_
#define EDUGATE_RUNTIME_STORE_EVENT_LOG_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"

namespace edugate::store {

struct Event {
  int64_t sequence = 0;
  std::string dedup_id;
  std::string payload;
  absl::Time stored;  // The `now` of Append, to the microsecond.
};

struct AppendedEvent {
  int64_t sequence = 0;

  // An event with this id was there already: `sequence` is that event's, and nothing was stored.
  bool duplicate = false;
};

struct EventBatch {
  // By sequence, ascending.
  std::vector<Event> events;

  // Events of the topic beyond `after` have been purged: the reader has missed some. Also where
  // `after` is beyond all that the log ever had: it is from one that is lost, whose numbers are
  // given again, and the reader gets what there is from the beginning.
  bool missed = false;

  // What to give as `after` to go on behind this batch.
  int64_t last = 0;
};

// A topic's events, by sequence number. Sequence numbers are positive, ascend over all topics, and
// are never used again, also after a purge and a restart. An event becomes readable only after all
// with lower numbers: who reads on from the last number seen misses none.
//
// Used from any loop; the log outlives its tasks. Errors: CANCELLED or DEADLINE_EXCEEDED as the
// call ends; UNAVAILABLE, STORE_UNAVAILABLE; RESOURCE_EXHAUSTED, LOCAL_LIMIT if too much waits to
// be stored.
class EventLog {
 public:
  virtual ~EventLog() = default;

  // Stores an event, durably before it answers. Within a topic, and until the event is purged, the
  // same `dedup_id` gives the same sequence. If the call ends before the answer, the event may have
  // been stored. `now`: the calendar's time, from which the event's age counts.
  virtual async::Task<absl::StatusOr<AppendedEvent>> Append(async::CallContext& call,
                                                            std::string topic, std::string dedup_id,
                                                            std::string payload,
                                                            absl::Time now) = 0;

  // The first events of the topic beyond the sequence `after` (0: from the oldest): at most `limit`
  // (at least 1), and fewer where the payloads are large. None if there are none yet.
  virtual async::Task<absl::StatusOr<EventBatch>> Read(async::CallContext& call, std::string topic,
                                                       int64_t after, std::size_t limit) = 0;

  // As Read, but waits until there is an event, or news of missed ones.
  virtual async::Task<absl::StatusOr<EventBatch>> ReadNext(async::CallContext& call,
                                                           std::string topic, int64_t after,
                                                           std::size_t limit) = 0;

  // The last sequence number that was given to any event, 0 before the first: whatever comes later
  // has a higher one. For a reader that starts with what comes next.
  virtual async::Task<absl::StatusOr<int64_t>> LastSequence(async::CallContext& call) = 0;
};

}  // namespace edugate::store

#endif  // EDUGATE_RUNTIME_STORE_EVENT_LOG_H_
