// One provider call for identical reads in flight.
#ifndef RUNTIME_RESILIENCE_COALESCING_H_
#define RUNTIME_RESILIENCE_COALESCING_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "runtime/http/http_client.h"
#include "runtime/resilience/kept_reply.h"

namespace edugate::resilience {

// The reads of a connection that are in flight. The first of several identical ones leads and makes
// the call; the others follow, each within its own deadline, and get what it got. A leader that
// ends for reasons of its own leaves its place to the first of its followers. Reads of different
// callers are never identical. Used from every loop at once; each call waits on its own.
class Coalescing {
 public:
  // What makes reads identical: the caller, the operation and the request as it is now, without the
  // credential. Views of what the call owns, for as long as it has its seat; of the request, the
  // headers alone may change meanwhile.
  struct Key {
    absl::string_view caller;
    absl::string_view operation;
    const google::protobuf::Descriptor* reply = nullptr;
    const http::Request* request = nullptr;
  };

  // What the leader's call came to.
  struct Landing {
    absl::Status status;
    std::shared_ptr<const KeptReply> reply;  // Null where the status is an error.
  };

  // A call's place. It ends with the call, however that ends. Not moved: others point at it.
  class Seat {
   public:
    // Joins the flight of the key, or begins it. `loop` is the call's.
    Seat(Coalescing& reads, const Key& key, async::EventLoop& loop);
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;
    // A leader that has not closed the flight leaves it to its followers.
    ~Seat();

    // Whether this call is the one that calls the provider.
    bool leads() const;

    // Followers only. OK: the flight has landed, or this call leads now: see landing().
    // CANCELLED or DEADLINE_EXCEEDED as `call` ends.
    async::Task<absl::Status> Wait(async::CallContext& call);

    // What the flight came to; nothing for a leader. After Wait() alone.
    const std::optional<Landing>& landing() const;

    // Leaders only: ends the flight for further calls. True where there are followers, who are to
    // hear what Land() tells them; false: that is all.
    bool Close();
    void Land(const Landing& landing);

   private:
    friend class Coalescing;
    struct Waiter;

    void Post();

    Coalescing& reads_;
    const Key key_;
    const std::string headers_;  // As they were at the beginning.
    const size_t hash_;
    std::shared_ptr<Waiter> waiter_;  // Null in a call that led from the start.
    // Guarded by the lock.
    Seat* leader_ = nullptr;        // Null in a leader, and in a follower whose flight has landed.
    std::vector<Seat*> followers_;  // A leader's, first come first.
  };

  Coalescing() = default;
  Coalescing(const Coalescing&) = delete;
  Coalescing& operator=(const Coalescing&) = delete;

  // Ends all flights for further calls: something was written, and what began before may not show
  // it. Those who have joined get what they came to.
  void CloseAll();

 private:
  struct Hash {
    size_t operator()(const Seat* seat) const { return seat->hash_; }
  };
  struct Same {
    bool operator()(const Seat* left, const Seat* right) const;
  };

  void Unlist(Seat* seat);

  std::mutex mutex_;
  absl::flat_hash_set<Seat*, Hash, Same> leaders_;
};

}  // namespace edugate::resilience

#endif  // RUNTIME_RESILIENCE_COALESCING_H_
