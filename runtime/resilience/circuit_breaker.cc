#include "runtime/resilience/circuit_breaker.h"

#include <algorithm>
#include <chrono>

namespace edugate::resilience {
namespace {

// Told to callers while a probe is on its way: what it finds is known soon.
constexpr absl::Duration kWhileProbing = absl::Seconds(1);

}  // namespace

CircuitBreaker::CircuitBreaker(BreakerOptions options, Listener listener)
    : options_(options),
      listener_(std::move(listener)),
      calls_(options.window),
      failures_(options.window) {}

CircuitBreaker::Admission CircuitBreaker::Admit(async::MonotonicTime now) {
  // Read before the state, which changes first: a change in between makes the permit one of an
  // earlier generation, which counts for nothing.
  const uint64_t generation = generation_.load(std::memory_order_acquire);
  if (state_.load(std::memory_order_acquire) == BreakerState::kClosed) {
    return {.permit = Permit(*this, generation)};
  }
  BreakerState from;
  uint64_t probing = 0;
  {
    const std::lock_guard lock(mutex_);
    switch (state_.load(std::memory_order_relaxed)) {
      case BreakerState::kClosed:
        return {.permit = Permit(*this, generation_.load(std::memory_order_relaxed))};
      case BreakerState::kProbing:
        if (now < probing_until_) return {.retry_after = kWhileProbing};
        // Probes that hang are as good as failed.
        length_ = Longer();
        break;
      case BreakerState::kOpen:
        if (now < open_until_) return {.retry_after = absl::FromChrono(open_until_ - now)};
        break;
    }
    from = Become(BreakerState::kProbing);
    probing_until_ = async::After(now, length_);
    probing = generation_.load(std::memory_order_relaxed);
    if (from != BreakerState::kProbing) first_probe_ = probing;
  }
  if (listener_ && from != BreakerState::kProbing) listener_(from, BreakerState::kProbing);
  return {.permit = Permit(*this, probing)};
}

void CircuitBreaker::Report(uint64_t generation, Evidence evidence, async::MonotonicTime now) {
  if (options_.disabled) return;
  BreakerState from;
  BreakerState to;
  {
    const std::lock_guard lock(mutex_);
    if (generation != generation_.load(std::memory_order_relaxed)) {
      // That a probe was answered counts also where another call has taken its place: a provider
      // that takes its time with every answer would never be found well.
      const bool probed = state_.load(std::memory_order_relaxed) == BreakerState::kProbing &&
                          generation >= first_probe_;
      if (!probed || evidence != Evidence::kAnswered) return;
    }
    if (state_.load(std::memory_order_relaxed) == BreakerState::kClosed) {
      if (!Enough(evidence, now)) return;
      Open(options_.open, now);
      to = BreakerState::kOpen;
    } else if (evidence == Evidence::kAnswered) {
      to = BreakerState::kClosed;
    } else {
      // A probe that says nothing leaves the place to the next call, at once.
      if (evidence != Evidence::kNone) Open(Longer(), now);
      to = BreakerState::kOpen;
    }
    from = Become(to);
  }
  if (listener_) listener_(from, to);
}

BreakerState CircuitBreaker::Become(BreakerState state) {
  calls_.Clear();
  failures_.Clear();
  connect_failures_ = 0;
  const BreakerState from = state_.exchange(state, std::memory_order_release);
  generation_.fetch_add(1, std::memory_order_release);
  return from;
}

void CircuitBreaker::Open(absl::Duration length, async::MonotonicTime now) {
  length_ = std::min(length, std::max(options_.max_open, options_.open));
  open_until_ = async::After(now, length_);
}

absl::Duration CircuitBreaker::Longer() const { return std::min(2 * length_, options_.max_open); }

bool CircuitBreaker::Enough(Evidence evidence, async::MonotonicTime now) {
  if (evidence == Evidence::kNone) return false;
  calls_.Add(now);
  if (evidence == Evidence::kAnswered) {
    connect_failures_ = 0;
    return false;
  }
  failures_.Add(now);
  connect_failures_ = evidence == Evidence::kNoConnection ? connect_failures_ + 1 : 0;
  if (evidence == Evidence::kUntrusted) return true;
  if (connect_failures_ >= options_.connect_failures) return true;
  const int64_t calls = calls_.AtMost(now);
  return calls >= options_.minimum_calls &&
         failures_.AtMost(now) * 100 >= calls * options_.failure_percent;
}

CircuitBreaker::Snapshot CircuitBreaker::Look(async::MonotonicTime now) const {
  const std::lock_guard lock(mutex_);
  Snapshot snapshot{.state = state_.load(std::memory_order_relaxed)};
  if (snapshot.state == BreakerState::kOpen && now < open_until_) {
    snapshot.open_for = absl::FromChrono(open_until_ - now);
    snapshot.retry_after = snapshot.open_for;
  } else if (snapshot.state != BreakerState::kClosed) {
    // The next call is the probe, or it is on its way.
    snapshot.retry_after = kWhileProbing;
  }
  return snapshot;
}

}  // namespace edugate::resilience
