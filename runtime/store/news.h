// News: waking those who wait for a topic's next event, on whatever loop they are.
#ifndef EDUGATE_RUNTIME_STORE_NEWS_H_
#define EDUGATE_RUNTIME_STORE_NEWS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "runtime/store/reply.h"

namespace edugate::store {

// Knows the last sequence number that was announced for each topic. Thread-safe: a wake-up is a
// post to the loop that waits, so that a slow one holds up neither the sender nor the others.
class News {
 public:
  // Says that the topic has an event with this number, which can be read already. Wakes all who
  // wait for one like it.
  void Announce(absl::string_view topic, int64_t sequence);

  // The same for the topic's last number, as it was looked up. One that is lower than what was
  // announced may be of a new log: all who wait are woken, to see for themselves.
  void LookedUp(absl::string_view topic, int64_t last);

  // Says that the log is a new one, which has given no number above `last` so far: what was
  // announced beyond it was of a log that is lost. Wakes all who wait, to see for themselves.
  void StartAgain(absl::string_view topic, int64_t last);

  // OK once a number above `after` has been announced, also if that was earlier, and where the log
  // may be a new one; CANCELLED or DEADLINE_EXCEEDED as the call ends. What this process has not
  // announced, it does not know of: read first, then wait. The object and `call` outlive the task.
  async::Task<absl::Status> WaitBeyond(async::CallContext& call, std::string topic, int64_t after);

  // The numbers of all topics may be given again: what is announced next counts, however low it is.
  // Those who wait go on waiting, and are woken by the next LookedUp(), which must follow: who has
  // read before may not wait yet.
  void ForgetNumbers();

  // Counts the topic among those that Topics() names.
  void Know(absl::string_view topic);

  // The topics that were announced, waited for or made known.
  std::vector<std::string> Topics() const;

  // How many wait, for all topics.
  std::size_t waiting() const;

 private:
  using Wake = Reply<std::monostate>;
  class Place;
  struct Topic {
    int64_t latest = 0;
    absl::flat_hash_set<std::shared_ptr<Wake>> waiting;
  };

  // Wakes all who wait for the topic where `change`, which gets its last number, says true.
  template <typename Change>
  void WakeWhere(absl::string_view topic, Change change);

  mutable std::mutex mutex_;
  absl::flat_hash_map<std::string, Topic> topics_;  // Under the mutex.
};

}  // namespace edugate::store

#endif  // EDUGATE_RUNTIME_STORE_NEWS_H_
