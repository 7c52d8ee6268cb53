// Ending the calls that wait for what may never come, when the process is about to end or what they
// began under no longer counts.
#ifndef SERVICES_DRAIN_H_
#define SERVICES_DRAIN_H_

#include <memory>
#include <mutex>

#include "absl/container/flat_hash_set.h"
#include "runtime/async/call_context.h"

namespace edugate::services {

// Watches have no deadline: without this, each would last until the grace is over, and its caller
// would come late to another replica. Thread-safe.
class Drain {
 private:
  struct Place;

 public:
  // A wait that the drain cuts short, for as long as the object lives. On the loop of `waiting`.
  class Wait {
   public:
    // `waiting`, which outlives the object, is cancelled when the drain begins, or soon if it has
    // begun. `drain` may be null: then nothing happens.
    Wait(Drain* drain, async::CallContext& waiting);
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    ~Wait();

    // Whether the drain has begun.
    bool ended() const;

   private:
    Drain* const drain_;
    std::shared_ptr<Place> place_;
  };

  // Ends all waits, now and from now on.
  void Begin();

 private:
  // Held by the wait and by what is posted to its loop.
  struct Place {
    async::EventLoop& loop;
    async::CallContext* waiting;  // The loop's; null once the wait is over.
  };

  static void End(const std::shared_ptr<Place>& place);

  mutable std::mutex mutex_;
  bool begun_ = false;  // These two under the mutex.
  absl::flat_hash_set<std::shared_ptr<Place>> places_;
};

}  // namespace edugate::services

#endif  // SERVICES_DRAIN_H_
