// Leaves a provider that fails alone for a while.
#ifndef RUNTIME_RESILIENCE_CIRCUIT_BREAKER_H_
#define RUNTIME_RESILIENCE_CIRCUIT_BREAKER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "runtime/async/clock.h"
#include "runtime/resilience/client_observer.h"
#include "runtime/resilience/rolling_count.h"

namespace edugate::resilience {

struct BreakerOptions {
  // Calls always go through.
  bool disabled = false;
  // It opens where this share of the calls in `window` fails, of at least `minimum_calls`...
  int failure_percent = 50;
  int minimum_calls = 20;
  absl::Duration window = absl::Seconds(10);
  // ... or where so many attempts in a row get no connection.
  int connect_failures = 5;
  // How long it stays open at first; doubled with each probe that fails, up to `max_open`.
  absl::Duration open = absl::Seconds(5);
  absl::Duration max_open = absl::Seconds(60);
};

// What an attempt says about the provider.
enum class Evidence {
  kNone,          // nothing: it was cancelled, or it failed on this side
  kAnswered,      // it is there, whatever it answered to this request
  kFailed,        // it failed (5xx), broke off or took too long
  kNoConnection,  // it can't be reached
  kUntrusted,     // its certificate is not to be trusted: enough by itself
};

// A connection's breaker. Closed, it lets calls through and counts. Open, it refuses them. When its
// time is up, one call goes through, and what becomes of it closes the breaker or opens it for
// longer. Where that takes as long again, such as a file, another call takes its place, for twice
// as long; an answer to either closes the breaker. Used from every loop at once.
class CircuitBreaker {
 public:
  // Hears of each change, on the thread that made it.
  using Listener = std::function<void(BreakerState from, BreakerState to)>;

  // The right to one attempt. Given back unused, it says nothing about the provider, and a probe's
  // right goes to the next call.
  class Permit {
   public:
    Permit(Permit&& other) noexcept
        : breaker_(std::exchange(other.breaker_, nullptr)), generation_(other.generation_) {}
    Permit& operator=(Permit&&) = delete;
    ~Permit() {
      if (breaker_ != nullptr) breaker_->Report(generation_, Evidence::kNone, {});
    }

    // What the attempt has shown. Once.
    void Report(Evidence evidence, async::MonotonicTime now) {
      std::exchange(breaker_, nullptr)->Report(generation_, evidence, now);
    }

    // Whether the breaker has stayed as it was when it gave the permit: asked by who waited since.
    bool Holds() const {
      return breaker_->generation_.load(std::memory_order_relaxed) == generation_;
    }

   private:
    friend class CircuitBreaker;
    Permit(CircuitBreaker& breaker, uint64_t generation)
        : breaker_(&breaker), generation_(generation) {}

    CircuitBreaker* breaker_;
    uint64_t generation_;
  };

  struct Admission {
    std::optional<Permit> permit;
    // Where there is no permit: when to come back.
    absl::Duration retry_after;
  };

  explicit CircuitBreaker(BreakerOptions options, Listener listener = nullptr);
  CircuitBreaker(const CircuitBreaker&) = delete;
  CircuitBreaker& operator=(const CircuitBreaker&) = delete;

  Admission Admit(async::MonotonicTime now);

  bool IsClosed() const { return state_.load(std::memory_order_acquire) == BreakerState::kClosed; }

  struct Snapshot {
    BreakerState state = BreakerState::kClosed;
    // Until the next probe; zero where it is not open.
    absl::Duration open_for;
    // When a caller that is refused now is to come back; zero where it is closed.
    absl::Duration retry_after;
  };
  Snapshot Look(async::MonotonicTime now) const;

 private:
  void Report(uint64_t generation, Evidence evidence, async::MonotonicTime now);
  // With the lock held. The state before.
  BreakerState Become(BreakerState state);
  void Open(absl::Duration length, async::MonotonicTime now);
  // With the lock held: the time after one that was not enough.
  absl::Duration Longer() const;
  // With the lock held: whether what was counted is enough.
  bool Enough(Evidence evidence, async::MonotonicTime now);

  const BreakerOptions options_;
  const Listener listener_;
  // Counts the changes of the state, so that attempts of an earlier one don't count in this one.
  std::atomic<uint64_t> generation_{0};
  std::atomic<BreakerState> state_{BreakerState::kClosed};

  mutable std::mutex mutex_;  // Guards what follows, and changes of the two above.
  RollingCount calls_;
  RollingCount failures_;
  int connect_failures_ = 0;  // In a row.
  absl::Duration length_;     // Of the time that it is or was open, or leaves to a probe.
  async::MonotonicTime open_until_;
  async::MonotonicTime probing_until_;
  uint64_t first_probe_ = 0;  // The generation of the first probe since it was open.
};

}  // namespace edugate::resilience

#endif  // RUNTIME_RESILIENCE_CIRCUIT_BREAKER_H_
