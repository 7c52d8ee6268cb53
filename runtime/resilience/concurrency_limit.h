// How many calls a provider gets at a time.
#ifndef RUNTIME_RESILIENCE_CONCURRENCY_LIMIT_H_
#define RUNTIME_RESILIENCE_CONCURRENCY_LIMIT_H_

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "runtime/async/call_context.h"
#include "runtime/async/clock.h"
#include "runtime/async/task.h"
#include "runtime/resilience/least_attempt.h"

namespace edugate::resilience {

struct ConcurrencyOptions {
  // The most in progress, and the most that the limit rises to.
  int max_in_flight = 64;
  // The most that wait for their turn.
  int max_queued = 128;
  // Whether the limit adapts; it is `max_in_flight` otherwise.
  bool adaptive = true;
  // Where it begins, and the least it falls to; `max_in_flight` bounds both.
  int initial = 20;
  int minimum = 4;
  // What of a call's time its turn must leave.
  absl::Duration least_attempt = kLeastAttempt;
};

// What the end of an attempt says about the load that the provider takes.
enum class LoadSign {
  kNone,     // nothing
  kFine,     // it answered
  kTooMuch,  // it asked for less (429, 503) or took too long
};

// A limit of the attempts in progress, with a queue, first come, first served. It adapts (additive
// increase, multiplicative decrease): each round of attempts that end well raises it by one where
// it was needed, each sign of too much lowers it by three tenths, once for all the attempts that
// were in progress then. A call that would not get its turn within its deadline is refused at once.
// Used from every loop at once; a call waits on its own.
class ConcurrencyLimit {
 public:
  // The right to one attempt, given back when it goes.
  class Slot {
   public:
    Slot(Slot&& other) noexcept
        : limit_(std::exchange(other.limit_, nullptr)),
          started_(other.started_),
          round_(other.round_) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (limit_ != nullptr) limit_->Release(*this, LoadSign::kNone, std::nullopt);
    }

    // The attempt ended so. Once.
    void End(LoadSign sign, async::MonotonicTime now) {
      std::exchange(limit_, nullptr)->Release(*this, sign, now);
    }

   private:
    friend class ConcurrencyLimit;
    Slot(ConcurrencyLimit& limit, async::MonotonicTime now, uint64_t round)
        : limit_(&limit), started_(now), round_(round) {}

    ConcurrencyLimit* limit_;
    async::MonotonicTime started_;
    uint64_t round_;  // How often the limit had been lowered when it was given.
  };

  // What came of waiting for a turn.
  struct Turn {
    enum class Kind {
      kGranted,
      kQueueFull,  // Too many wait.
      kTooLate,    // The deadline comes, or came, before the turn.
      kCancelled,  // The call was cancelled.
    };
    Kind kind = Kind::kGranted;
    std::optional<Slot> slot;    // kGranted.
    absl::Duration retry_after;  // kQueueFull and kTooLate: when there may be room.
  };

  explicit ConcurrencyLimit(ConcurrencyOptions options);
  ConcurrencyLimit(const ConcurrencyLimit&) = delete;
  ConcurrencyLimit& operator=(const ConcurrencyLimit&) = delete;

  // A slot if there is one now and nobody waits for it: the path of most calls.
  std::optional<Slot> TryAcquire(async::MonotonicTime now);

  // Waits for a slot. The limit and `call` outlive the task.
  async::Task<Turn> Acquire(async::CallContext& call);

  struct Snapshot {
    int in_flight = 0;
    int queued = 0;
    int limit = 0;
  };
  Snapshot Look() const;

 private:
  struct Waiter;
  class Seat;
  using Queue = std::list<std::shared_ptr<Waiter>>;

  void Release(const Slot& slot, LoadSign sign, std::optional<async::MonotonicTime> now);
  // With the lock held.
  void Adapt(const Slot& slot, LoadSign sign);
  void ServeQueue();
  absl::Duration ExpectedWait(size_t ahead) const;
  int Limit() const { return static_cast<int>(limit_); }

  const ConcurrencyOptions options_;

  mutable std::mutex mutex_;  // Guards what follows.
  double limit_;
  int in_flight_ = 0;
  int ended_well_ = 0;   // Since the limit last changed.
  bool needed_ = false;  // Since then, the limit was reached.
  uint64_t round_ = 0;
  absl::Duration usual_time_;  // For which a slot is held: a moving average; zero until one ended.
  Queue queue_;
};

}  // namespace edugate::resilience

#endif  // RUNTIME_RESILIENCE_CONCURRENCY_LIMIT_H_
