#include "runtime/auth/token_cache.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "runtime/async/event.h"
#include "runtime/async/event_loop.h"
#include "runtime/async/sleep.h"

namespace edugate::auth {
namespace {

using async::After;
using async::MonotonicTime;

// Whether a failure goes by itself, so that a caller does well to try again.
bool Passes(v1::ErrorReason reason) {
  return reason == v1::ERROR_REASON_PROVIDER_UNAVAILABLE ||
         reason == v1::ERROR_REASON_PROVIDER_RATE_LIMITED;
}

absl::Duration FailureMemory(const TokenUse& use, int failures) {
  absl::Duration memory = use.failure_memory;
  for (int i = 1; i < failures && memory < use.max_failure_memory; ++i) memory *= 2;
  return std::min(memory, use.max_failure_memory);
}

}  // namespace

class TokenCache::State {
 public:
  using TokenPtr = std::shared_ptr<const Token>;
  using Answer = absl::StatusOr<TokenPtr>;

  // A call that waits for the fetch in flight. It is shared with the work that wakes it, which may
  // come when the call has left.
  struct Waiter {
    explicit Waiter(async::EventLoop& its_loop) : loop(its_loop) {}
    async::EventLoop& loop;
    async::Event answered;  // The loop's.
    Answer answer = TokenPtr();
  };

  // What a call finds: an answer, or a place to wait at.
  struct Found {
    std::optional<Answer> answer;
    std::shared_ptr<Waiter> waiter;
    bool must_fetch = false;  // The call's loop is to run Fly().
  };

  // Takes a waiter out when its call leaves, however it leaves: a loop that is gone must not be
  // woken.
  class Seat {
   public:
    Seat(State& state, std::shared_ptr<Waiter> waiter)
        : state_(state), waiter_(std::move(waiter)) {}
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;
    ~Seat() {
      if (waiter_ != nullptr) state_.Leave(waiter_);
    }

   private:
    State& state_;
    const std::shared_ptr<Waiter> waiter_;
  };

  State(std::shared_ptr<TokenFetcher> fetcher, const TokenUse& use, errors::Origin origin,
        const async::Clock* clock)
      : fetcher_(std::move(fetcher)), use_(use), origin_(std::move(origin)), clock_(*clock) {}

  // The catalogue's error for a call that has ended.
  absl::Status EndedStatus(const absl::Status& status) const {
    return absl::IsDeadlineExceeded(status) ? errors::DeadlineExceeded(origin_)
                                            : errors::Cancelled(origin_);
  }

  Found Look(async::EventLoop& loop) {
    Found found;
    const MonotonicTime now = clock_.MonotonicNow();
    const std::lock_guard lock(mutex_);
    if (token_ != nullptr && now < expires_) {
      found.answer = token_;
      found.must_fetch = !in_flight_ && now >= refresh_at_ && now >= not_before_;
    } else if (!in_flight_ && failure_.has_value() && now < not_before_) {
      found.answer = FailureStatus(now);
    } else {
      found.waiter = std::make_shared<Waiter>(loop);
      waiters_.insert(found.waiter);
      found.must_fetch = !in_flight_;
    }
    if (found.must_fetch) in_flight_ = true;
    return found;
  }

  void Leave(const std::shared_ptr<Waiter>& waiter) {
    const std::lock_guard lock(mutex_);
    waiters_.erase(waiter);
  }

  void Drop(absl::string_view authorization) {
    const std::lock_guard lock(mutex_);
    if (token_ != nullptr && token_->authorization.Reveal() == authorization) token_ = nullptr;
  }

  // One fetch, from Look()'s must_fetch to its landing. `loop` runs it. It goes on when the call
  // that began it has left, and so keeps what that stands on.
  static async::Task<void> Fly(std::shared_ptr<State> state, async::EventLoop* loop,
                               std::shared_ptr<const async::Footing> footing) {
    Flight flight(*state);
    const absl::Duration pause = state->TimeToWait();
    // Not the caller's context: the fetch is for all, and the caller may leave.
    async::CallContext call(
        *loop, After(state->clock_.MonotonicNow(), pause + state->use_.request_timeout));
    call.set_connection(state->origin_.connection);
    call.StandOn(std::move(footing));
    absl::Status slept = co_await async::Sleep(call, pause);
    if (!slept.ok()) co_return;
    const MonotonicTime sent = state->clock_.MonotonicNow();
    FetchResult result = co_await state->fetcher_->Fetch(call);
    flight.Land(sent, std::move(result));
  }

 private:
  // Ends the flight for those who wait even if its loop is destroyed under it.
  class Flight {
   public:
    explicit Flight(State& state) : state_(state) {}
    Flight(const Flight&) = delete;
    Flight& operator=(const Flight&) = delete;
    ~Flight() {
      if (!landed_) state_.Abandon();
    }
    void Land(MonotonicTime sent, FetchResult result) {
      landed_ = true;
      state_.Land(sent, std::move(result));
    }

   private:
    State& state_;
    bool landed_ = false;
  };

  absl::Duration TimeToWait() {
    const MonotonicTime now = clock_.MonotonicNow();
    const std::lock_guard lock(mutex_);
    return std::max(absl::FromChrono(not_before_ - now), absl::ZeroDuration());
  }

  void Land(MonotonicTime sent, FetchResult result) {
    const MonotonicTime now = clock_.MonotonicNow();
    const std::lock_guard lock(mutex_);
    if (auto* token = std::get_if<Token>(&result)) {
      // Counted from the sending, since the provider may have counted from any moment after it.
      refresh_at_ = After(sent, token->life * use_.refresh_after);
      expires_ = std::max(After(sent, token->life), After(now, kMinFetchInterval));
      not_before_ = After(sent, kMinFetchInterval);
      failures_ = 0;
      failure_.reset();
      token_ = std::make_shared<const Token>(std::move(*token));
      AnswerAll(token_);
      return;
    }
    failure_ = std::get<errors::ProviderFailure>(std::move(result));
    const absl::Duration asked = failure_->retry_after.value_or(absl::ZeroDuration());
    const absl::Duration memory = FailureMemory(use_, ++failures_);
    // A provider that asks for more is left alone longer, but never so long that a mistaken header
    // takes the connection down.
    not_before_ = After(now, std::max(memory, std::min(asked, use_.max_failure_memory)));
    retry_at_ = std::max(not_before_, After(now, asked));
    AnswerAll(FailureStatus(now));
  }

  void Abandon() {
    errors::ProviderFailure failure;
    failure.reason = v1::ERROR_REASON_PROVIDER_UNAVAILABLE;
    failure.message = "the token request was given up";
    failure.retry_after = kMinFetchInterval;
    const std::lock_guard lock(mutex_);
    AnswerAll(errors::FromProvider(failure, origin_));
  }

  // With the lock held, so that no waiter's loop goes away between the look and the waking.
  void AnswerAll(const Answer& answer) {
    in_flight_ = false;
    for (const std::shared_ptr<Waiter>& waiter : waiters_) {
      waiter->answer = answer;
      waiter->loop.Post([waiter] { waiter->answered.Set(); });
    }
    waiters_.clear();
  }

  // With the lock held.
  absl::Status FailureStatus(MonotonicTime now) const {
    errors::ProviderFailure failure = *failure_;
    failure.retry_after.reset();
    if (Passes(failure.reason)) failure.retry_after = absl::FromChrono(retry_at_ - now);
    return errors::FromProvider(failure, origin_);
  }

  const std::shared_ptr<TokenFetcher> fetcher_;
  const TokenUse use_;
  const errors::Origin origin_;
  const async::Clock& clock_;

  std::mutex mutex_;  // Guards what follows.
  TokenPtr token_;
  MonotonicTime refresh_at_ = MonotonicTime::min();
  MonotonicTime expires_ = MonotonicTime::min();
  // No fetch is sent earlier; a failure is remembered as long.
  MonotonicTime not_before_;
  bool in_flight_ = false;
  absl::flat_hash_set<std::shared_ptr<Waiter>> waiters_;
  std::optional<errors::ProviderFailure> failure_;
  int failures_ = 0;  // In a row.
  MonotonicTime retry_at_;
};

TokenCache::TokenCache(std::shared_ptr<TokenFetcher> fetcher, const TokenUse& use,
                       errors::Origin origin, const async::Clock* clock)
    : state_(std::make_shared<State>(std::move(fetcher), use, std::move(origin), clock)) {}

TokenCache::~TokenCache() = default;

async::Task<absl::StatusOr<std::shared_ptr<const Token>>> TokenCache::Get(
    async::CallContext& call) {
  absl::Status ended = call.Status();
  if (!ended.ok()) co_return state_->EndedStatus(ended);
  State::Found found = state_->Look(call.loop());
  const State::Seat seat(*state_, found.waiter);
  if (found.must_fetch) call.loop().Spawn(State::Fly(state_, &call.loop(), call.footing()));
  if (found.answer.has_value()) co_return *std::move(found.answer);
  absl::Status waited = co_await found.waiter->answered.Wait(call);
  if (!waited.ok()) co_return state_->EndedStatus(waited);
  co_return found.waiter->answer;
}

void TokenCache::Drop(absl::string_view authorization) { state_->Drop(authorization); }

}  // namespace edugate::auth
