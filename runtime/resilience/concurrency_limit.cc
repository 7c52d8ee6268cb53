#include "runtime/resilience/concurrency_limit.h"

#include <algorithm>

#include "runtime/async/event.h"
#include "runtime/async/event_loop.h"

namespace edugate::resilience {
namespace {

// What is left of the limit after a sign of too much.
constexpr double kDecrease = 0.7;
// How much the latest attempt counts in the average time.
constexpr double kLatestWeight = 0.1;
// Told to callers where nothing is known about when there is room.
constexpr absl::Duration kLeastRetryAfter = absl::Milliseconds(100);

}  // namespace

// A call that waits. It is shared with the work that wakes it, which may come when the call has
// left.
struct ConcurrencyLimit::Waiter {
  explicit Waiter(async::EventLoop& its_loop) : loop(its_loop) {}
  async::EventLoop& loop;
  async::Event turn;  // The loop's.
  // Guarded by the limit's lock.
  bool waits = true;
  std::optional<Slot> slot;
};

// A waiter's place in the queue, left when its call leaves, however it leaves: a loop that is gone
// must not be woken, and a turn that nobody takes goes to the next.
class ConcurrencyLimit::Seat {
 public:
  // With the lock held.
  Seat(ConcurrencyLimit& limit, std::shared_ptr<Waiter> waiter)
      : limit_(limit), place_(limit.queue_.insert(limit.queue_.end(), std::move(waiter))) {
    waiter_ = *place_;
  }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;
  ~Seat() { Leave(); }

  // The slot, if it was given.
  std::optional<Slot> Leave() {
    const std::lock_guard lock(limit_.mutex_);
    if (std::exchange(waiter_->waits, false)) limit_.queue_.erase(place_);
    std::optional<Slot> slot;
    if (waiter_->slot.has_value()) slot.emplace(*std::move(waiter_->slot));
    waiter_->slot.reset();
    return slot;
  }

  Waiter& waiter() { return *waiter_; }

 private:
  ConcurrencyLimit& limit_;
  std::shared_ptr<Waiter> waiter_;
  Queue::iterator place_;
};

ConcurrencyLimit::ConcurrencyLimit(ConcurrencyOptions options)
    : options_(options),
      limit_(options.adaptive ? std::min(options.initial, options.max_in_flight)
                              : options.max_in_flight) {}

std::optional<ConcurrencyLimit::Slot> ConcurrencyLimit::TryAcquire(async::MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  if (in_flight_ >= Limit() || !queue_.empty()) return std::nullopt;
  ++in_flight_;
  if (in_flight_ >= Limit()) needed_ = true;
  return Slot(*this, now, round_);
}

async::Task<ConcurrencyLimit::Turn> ConcurrencyLimit::Acquire(async::CallContext& call) {
  std::optional<Seat> seat;
  {
    const std::lock_guard lock(mutex_);
    Turn refused;
    refused.retry_after = std::max(ExpectedWait(queue_.size()), kLeastRetryAfter);
    const absl::Duration patience = call.remaining() - options_.least_attempt;
    if (queue_.size() >= static_cast<size_t>(options_.max_queued)) {
      refused.kind = Turn::Kind::kQueueFull;
    } else if (patience <= absl::ZeroDuration() || ExpectedWait(queue_.size()) > patience) {
      refused.kind = Turn::Kind::kTooLate;
    } else {
      seat.emplace(*this, std::make_shared<Waiter>(call.loop()));
      // A slot may have come free since the caller looked.
      ServeQueue();
    }
    if (!seat.has_value()) co_return refused;
  }
  async::CallContext patient = call.Child(async::After(call.deadline(), -options_.least_attempt));
  absl::Status waited = co_await seat->waiter().turn.Wait(patient);
  Turn turn{.slot = seat->Leave()};
  if (waited.ok()) co_return turn;
  turn.kind = call.cancelled() ? Turn::Kind::kCancelled : Turn::Kind::kTooLate;
  turn.slot.reset();
  turn.retry_after = kLeastRetryAfter;
  co_return turn;
}

void ConcurrencyLimit::Release(const Slot& slot, LoadSign sign,
                               std::optional<async::MonotonicTime> now) {
  const std::lock_guard lock(mutex_);
  --in_flight_;
  if (now.has_value() && sign != LoadSign::kNone) {
    // The loops' times differ a little.
    const absl::Duration held =
        std::max(absl::FromChrono(*now - slot.started_), absl::ZeroDuration());
    usual_time_ = usual_time_ == absl::ZeroDuration()
                      ? held
                      : usual_time_ * (1 - kLatestWeight) + held * kLatestWeight;
  }
  if (options_.adaptive) Adapt(slot, sign);
  ServeQueue();
}

void ConcurrencyLimit::Adapt(const Slot& slot, LoadSign sign) {
  const double least = std::min(options_.minimum, options_.max_in_flight);
  if (sign == LoadSign::kTooMuch && slot.round_ == round_) {
    limit_ = std::max(least, limit_ * kDecrease);
    ++round_;
  } else if (sign == LoadSign::kFine) {
    if (++ended_well_ < Limit()) return;
    if (needed_) limit_ = std::min(limit_ + 1, static_cast<double>(options_.max_in_flight));
  } else {
    return;
  }
  ended_well_ = 0;
  needed_ = in_flight_ >= Limit();
}

void ConcurrencyLimit::ServeQueue() {
  while (in_flight_ < Limit() && !queue_.empty()) {
    const std::shared_ptr<Waiter> waiter = std::move(queue_.front());
    queue_.pop_front();
    waiter->waits = false;
    ++in_flight_;
    waiter->slot.emplace(Slot(*this, waiter->loop.clock().MonotonicNow(), round_));
    // With the lock held, so that the waiter's loop doesn't go away before it is woken.
    waiter->loop.Post([waiter] { waiter->turn.Set(); });
  }
  if (in_flight_ >= Limit()) needed_ = true;
}

absl::Duration ConcurrencyLimit::ExpectedWait(size_t ahead) const {
  return usual_time_ * (static_cast<double>(ahead + 1) / std::max(Limit(), 1));
}

ConcurrencyLimit::Snapshot ConcurrencyLimit::Look() const {
  const std::lock_guard lock(mutex_);
  return {.in_flight = in_flight_, .queued = static_cast<int>(queue_.size()), .limit = Limit()};
}

}  // namespace edugate::resilience
