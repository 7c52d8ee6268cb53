#include "runtime/auth/token_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <deque>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/async/event.h"
#include "runtime/async/loop_pool.h"
#include "runtime/async/sleep.h"
#include "runtime/async/test_loop.h"

namespace edugate::auth {
namespace {

using async::CallContext;
using async::Task;
using ::testing::ElementsAre;

using Answer = absl::StatusOr<std::shared_ptr<const Token>>;

const errors::Origin kOrigin = {.connection = "acme", .provider = "edx_enterprise"};

Token MakeToken(absl::string_view text, absl::Duration life) {
  return Token{config::Secret(text), life};
}

errors::ProviderFailure MakeFailure(v1::ErrorReason reason,
                                    std::optional<absl::Duration> retry_after = std::nullopt) {
  errors::ProviderFailure failure;
  failure.reason = reason;
  failure.message = "no token";
  failure.retry_after = retry_after;
  return failure;
}

// Answers by a script, each time after a delay, and remembers when it was asked.
class ScriptedFetcher final : public TokenFetcher {
 public:
  explicit ScriptedFetcher(const async::Clock& clock) : clock_(clock) {}

  void Expect(FetchResult result, absl::Duration delay = absl::ZeroDuration()) {
    script_.emplace_back(std::move(result), delay);
  }

  Task<FetchResult> Fetch(CallContext& call) override {
    fetches_.push_back(absl::FromChrono(clock_.MonotonicNow() - start_));
    if (script_.empty()) {
      ADD_FAILURE() << "a fetch that the script doesn't have";
      co_return MakeFailure(v1::ERROR_REASON_INTERNAL);
    }
    std::pair<FetchResult, absl::Duration> next = std::move(script_.front());
    script_.pop_front();
    absl::Status slept = co_await async::Sleep(call, next.second);
    if (!slept.ok()) co_return MakeFailure(v1::ERROR_REASON_PROVIDER_UNAVAILABLE);
    co_return std::move(next.first);
  }

  // When the fetches began, from the test's start on.
  const std::vector<absl::Duration>& fetches() const { return fetches_; }

 private:
  const async::Clock& clock_;
  const async::MonotonicTime start_ = clock_.MonotonicNow();
  std::deque<std::pair<FetchResult, absl::Duration>> script_;
  std::vector<absl::Duration> fetches_;
};

Task<void> Keep(TokenCache& cache, CallContext& call, std::optional<Answer>& answer) {
  Answer got = co_await cache.Get(call);
  answer.emplace(std::move(got));
}

class TokenCacheTest : public testing::Test {
 protected:
  // What a caller without a deadline gets: the token, or the reason.
  std::string Get() {
    CallContext call(loop_, async::kNever);
    return Show(loop_.RunToCompletion(cache_.Get(call)));
  }

  static std::string Show(const Answer& answer) {
    return answer.ok() ? std::string((*answer)->authorization.Reveal())
                       : errors::ReasonName(errors::ReasonOf(answer.status()));
  }

  absl::Status FailureNow() {
    CallContext call(loop_, async::kNever);
    return loop_.RunToCompletion(cache_.Get(call)).status();
  }

  // Calls that wait at the same time.
  struct Waiting {
    Waiting(async::EventLoop& loop, async::MonotonicTime deadline) : call(loop, deadline) {}
    CallContext call;
    std::optional<Answer> answer;
  };
  std::unique_ptr<Waiting> Start(absl::Duration deadline = absl::InfiniteDuration()) {
    auto waiting =
        std::make_unique<Waiting>(loop_, async::After(loop_.fake_clock().MonotonicNow(), deadline));
    loop_.Spawn(Keep(cache_, waiting->call, waiting->answer));
    return waiting;
  }

  async::TestLoop loop_;
  std::shared_ptr<ScriptedFetcher> fetcher_ = std::make_shared<ScriptedFetcher>(loop_.fake_clock());
  TokenCache cache_{fetcher_, TokenUse(), kOrigin, &loop_.fake_clock()};
};

TEST_F(TokenCacheTest, AThousandConcurrentCallsOnAnExpiredTokenFetchOnce) {
  fetcher_->Expect(MakeToken("old", absl::Minutes(1)));
  EXPECT_EQ(Get(), "old");
  loop_.Advance(absl::Minutes(2));
  fetcher_->Expect(MakeToken("new", absl::Minutes(1)), absl::Seconds(3));
  std::vector<std::unique_ptr<Waiting>> calls(1000);
  for (auto& call : calls) call = Start();
  loop_.Advance(absl::Seconds(4));
  for (const auto& call : calls) {
    ASSERT_TRUE(call->answer.has_value());
    EXPECT_EQ(Show(*call->answer), "new");
  }
  EXPECT_EQ(fetcher_->fetches().size(), 2);
}

TEST_F(TokenCacheTest, AFailureIsOneFetchForAllWhoWait) {
  fetcher_->Expect(MakeFailure(v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID), absl::Seconds(1));
  auto first = Start();
  auto second = Start();
  loop_.Advance(absl::Seconds(1));
  EXPECT_EQ(Show(*first->answer), "PROVIDER_CREDENTIALS_INVALID");
  EXPECT_EQ(Show(*second->answer), "PROVIDER_CREDENTIALS_INVALID");
  EXPECT_EQ(errors::MetadataOf(first->answer->status())["connection"], "acme");
}

TEST_F(TokenCacheTest, CallersLeaveAtTheirDeadlineAndTheFetchGoesOn) {
  fetcher_->Expect(MakeToken("late", absl::Minutes(1)), absl::Seconds(9));
  auto first = Start(absl::Seconds(1));
  auto cancelled = Start();
  auto patient = Start();
  loop_.Advance(absl::Milliseconds(500));
  cancelled->call.Cancel();
  loop_.Advance(absl::Milliseconds(500));
  ASSERT_TRUE(first->answer.has_value());
  EXPECT_EQ(first->answer->status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Show(*first->answer), "DEADLINE_EXCEEDED");
  ASSERT_TRUE(cancelled->answer.has_value());
  EXPECT_EQ(cancelled->answer->status().code(), absl::StatusCode::kCancelled);
  EXPECT_FALSE(patient->answer.has_value());
  loop_.Advance(absl::Seconds(8));
  ASSERT_TRUE(patient->answer.has_value());
  EXPECT_EQ(Show(*patient->answer), "late");
  EXPECT_EQ(Get(), "late");
  EXPECT_EQ(fetcher_->fetches().size(), 1);
}

TEST_F(TokenCacheTest, TheFetchKeepsWhatItsCallStoodOnUntilItEnds) {
  class Ground final : public async::Footing {};
  auto ground = std::make_shared<const Ground>();
  const std::weak_ptr<const Ground> alive = ground;
  fetcher_->Expect(MakeToken("late", absl::Hours(1)), absl::Seconds(5));
  {
    auto waiting = std::make_unique<Waiting>(
        loop_, async::After(loop_.fake_clock().MonotonicNow(), absl::Seconds(1)));
    waiting->call.StandOn(std::move(ground));
    loop_.Spawn(Keep(cache_, waiting->call, waiting->answer));
    loop_.Advance(absl::Seconds(2));
    EXPECT_TRUE(waiting->answer.has_value());
  }
  EXPECT_FALSE(alive.expired());
  loop_.Advance(absl::Seconds(4));
  EXPECT_TRUE(alive.expired());
  EXPECT_EQ(Get(), "late");
}

TEST_F(TokenCacheTest, TheFetchHasADeadlineOfItsOwn) {
  fetcher_->Expect(MakeToken("never", absl::Minutes(1)), absl::Hours(1));
  auto call = Start();
  loop_.Advance(absl::Seconds(9));
  EXPECT_FALSE(call->answer.has_value());
  loop_.Advance(absl::Seconds(1));
  ASSERT_TRUE(call->answer.has_value());
  EXPECT_EQ(Show(*call->answer), "PROVIDER_UNAVAILABLE");
}

TEST_F(TokenCacheTest, ACallThatHasEndedFetchesNothing) {
  auto call = Start(absl::ZeroDuration());
  loop_.RunReady();
  EXPECT_EQ(Show(*call->answer), "DEADLINE_EXCEEDED");
  EXPECT_TRUE(fetcher_->fetches().empty());
}

TEST_F(TokenCacheTest, AtFourFifthsOfItsLifeATokenIsRenewedWhileItServes) {
  fetcher_->Expect(MakeToken("old", absl::Seconds(100)));
  fetcher_->Expect(MakeToken("new", absl::Seconds(100)), absl::Seconds(5));
  EXPECT_EQ(Get(), "old");
  loop_.Advance(absl::Milliseconds(79'999));
  EXPECT_EQ(Get(), "old");
  EXPECT_EQ(fetcher_->fetches().size(), 1);
  loop_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(Get(), "old");
  EXPECT_EQ(Get(), "old");
  EXPECT_EQ(fetcher_->fetches().size(), 2);
  loop_.Advance(absl::Seconds(5));
  EXPECT_EQ(Get(), "new");
  EXPECT_THAT(fetcher_->fetches(), ElementsAre(absl::ZeroDuration(), absl::Seconds(80)));
}

TEST_F(TokenCacheTest, ATokenServesThoughItsRenewalFailsUntilItExpires) {
  fetcher_->Expect(MakeToken("old", absl::Seconds(10)));
  fetcher_->Expect(MakeFailure(v1::ERROR_REASON_PROVIDER_UNAVAILABLE));
  fetcher_->Expect(MakeFailure(v1::ERROR_REASON_PROVIDER_UNAVAILABLE));
  EXPECT_EQ(Get(), "old");
  loop_.Advance(absl::Seconds(8));
  EXPECT_EQ(Get(), "old");
  loop_.Advance(absl::Milliseconds(999));
  EXPECT_EQ(Get(), "old");
  EXPECT_EQ(fetcher_->fetches().size(), 2);
  loop_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(Get(), "old");
  EXPECT_EQ(fetcher_->fetches().size(), 3);
  loop_.Advance(absl::Seconds(1));
  EXPECT_EQ(Get(), "PROVIDER_UNAVAILABLE");
}

TEST_F(TokenCacheTest, AFailureIsRememberedForOneSecondDoublingToThirty) {
  for (int i = 0; i < 8; ++i) {
    fetcher_->Expect(MakeFailure(v1::ERROR_REASON_PROVIDER_UNAVAILABLE));
  }
  // Calls ten times a second.
  for (int i = 0; i < 950; ++i) {
    EXPECT_EQ(Get(), "PROVIDER_UNAVAILABLE");
    loop_.Advance(absl::Milliseconds(100));
  }
  EXPECT_THAT(
      fetcher_->fetches(),
      ElementsAre(absl::ZeroDuration(), absl::Seconds(1), absl::Seconds(3), absl::Seconds(7),
                  absl::Seconds(15), absl::Seconds(31), absl::Seconds(61), absl::Seconds(91)));
}

TEST_F(TokenCacheTest, RefreshingAndTheMemoryOfFailuresAreOptions) {
  const TokenUse use{.refresh_after = 0.5,
                     .failure_memory = absl::Seconds(2),
                     .max_failure_memory = absl::Seconds(5)};
  TokenCache cache(fetcher_, use, kOrigin, &loop_.fake_clock());
  const auto get = [&] {
    CallContext call(loop_, async::kNever);
    return loop_.RunToCompletion(cache.Get(call)).ok();
  };
  for (int i = 0; i < 4; ++i) {
    fetcher_->Expect(MakeFailure(v1::ERROR_REASON_PROVIDER_UNAVAILABLE));
  }
  for (int i = 0; i < 130; ++i) {
    EXPECT_FALSE(get());
    loop_.Advance(absl::Milliseconds(100));
  }
  EXPECT_THAT(fetcher_->fetches(), ElementsAre(absl::ZeroDuration(), absl::Seconds(2),
                                               absl::Seconds(6), absl::Seconds(11)));
  loop_.Advance(absl::Seconds(3));
  fetcher_->Expect(MakeToken("old", absl::Seconds(100)));
  fetcher_->Expect(MakeToken("new", absl::Seconds(100)));
  EXPECT_TRUE(get());
  loop_.Advance(absl::Seconds(49));
  EXPECT_TRUE(get());
  EXPECT_EQ(fetcher_->fetches().size(), 5);
  loop_.Advance(absl::Seconds(1));
  EXPECT_TRUE(get());
  EXPECT_EQ(fetcher_->fetches().size(), 6);
}

TEST_F(TokenCacheTest, ASuccessEndsTheDoubling) {
  fetcher_->Expect(MakeFailure(v1::ERROR_REASON_PROVIDER_UNAVAILABLE));
  fetcher_->Expect(MakeToken("short", absl::Seconds(2)));
  fetcher_->Expect(MakeFailure(v1::ERROR_REASON_PROVIDER_UNAVAILABLE));
  fetcher_->Expect(MakeToken("back", absl::Minutes(1)));
  EXPECT_EQ(Get(), "PROVIDER_UNAVAILABLE");
  loop_.Advance(absl::Seconds(1));
  EXPECT_EQ(Get(), "short");
  loop_.Advance(absl::Seconds(2));
  EXPECT_EQ(Get(), "PROVIDER_UNAVAILABLE");
  loop_.Advance(absl::Seconds(1));
  EXPECT_EQ(Get(), "back");
}

TEST_F(TokenCacheTest, AFailureThatPassesSaysWhenToTryAgain) {
  fetcher_->Expect(MakeFailure(v1::ERROR_REASON_PROVIDER_RATE_LIMITED, absl::Minutes(2)));
  EXPECT_EQ(errors::RetryAfterOf(FailureNow()), absl::Minutes(2));
  loop_.Advance(absl::Seconds(20));
  const absl::Status remembered = FailureNow();
  EXPECT_EQ(remembered.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(errors::RetryAfterOf(remembered), absl::Seconds(100));
  // The provider's wish holds the fetch back for 30 s at most.
  loop_.Advance(absl::Seconds(10));
  fetcher_->Expect(MakeFailure(v1::ERROR_REASON_PROVIDER_UNAVAILABLE));
  EXPECT_EQ(errors::RetryAfterOf(FailureNow()), absl::Seconds(2));
}

TEST_F(TokenCacheTest, AFailureThatStaysDoesNotInviteToTryAgain) {
  fetcher_->Expect(MakeFailure(v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID, absl::Seconds(5)));
  const absl::Status status = FailureNow();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(errors::RetryAfterOf(status), std::nullopt);
}

TEST_F(TokenCacheTest, TokensWithoutLifeAreFetchedOnceASecondAtMost) {
  for (int i = 0; i < 5; ++i) fetcher_->Expect(MakeToken("stale", absl::ZeroDuration()));
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(Get(), "stale");
    loop_.Advance(absl::Milliseconds(100));
  }
  EXPECT_EQ(fetcher_->fetches().size(), 5);
}

TEST_F(TokenCacheTest, ADroppedTokenIsReplacedAndANewerOneStays) {
  fetcher_->Expect(MakeToken("one", absl::Minutes(5)));
  fetcher_->Expect(MakeToken("two", absl::Minutes(5)));
  EXPECT_EQ(Get(), "one");
  loop_.Advance(absl::Seconds(10));
  cache_.Drop("one");
  EXPECT_EQ(Get(), "two");
  cache_.Drop("one");
  EXPECT_EQ(Get(), "two");
  EXPECT_EQ(fetcher_->fetches().size(), 2);
}

TEST_F(TokenCacheTest, TokensThatAreRefusedAtOnceAreFetchedOnceASecondAtMost) {
  for (int i = 0; i < 5; ++i) {
    fetcher_->Expect(MakeToken(absl::StrCat("token", i), absl::Minutes(5)));
  }
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Get(), absl::StrCat("token", i));
    cache_.Drop(absl::StrCat("token", i));
  }
  EXPECT_THAT(fetcher_->fetches(),
              ElementsAre(absl::ZeroDuration(), absl::Seconds(1), absl::Seconds(2),
                          absl::Seconds(3), absl::Seconds(4)));
}

TEST_F(TokenCacheTest, AJumpOfTheCalendarChangesNothing) {
  fetcher_->Expect(MakeToken("one", absl::Minutes(5)));
  EXPECT_EQ(Get(), "one");
  loop_.fake_clock().JumpWall(absl::Hours(1));
  EXPECT_EQ(Get(), "one");
  loop_.fake_clock().JumpWall(-absl::Hours(2));
  EXPECT_EQ(Get(), "one");
  EXPECT_EQ(fetcher_->fetches().size(), 1);
}

TEST_F(TokenCacheTest, AFetchWhoseLoopGoesAwayIsGivenUpAndTheNextCallFetchesAgain) {
  fetcher_->Expect(MakeToken("lost", absl::Minutes(5)), absl::Seconds(5));
  fetcher_->Expect(MakeToken("found", absl::Minutes(5)));
  std::optional<Answer> answer;
  std::optional<CallContext> waiting;
  {
    async::TestLoop other;
    CallContext call(other, async::kNever);
    std::optional<Answer> never;
    other.Spawn(Keep(cache_, call, never));
    other.RunReady();
    waiting.emplace(loop_, async::kNever);
    loop_.Spawn(Keep(cache_, *waiting, answer));
    loop_.RunReady();
    EXPECT_EQ(fetcher_->fetches().size(), 1);
    other.DestroyTasks();
    EXPECT_FALSE(never.has_value());
  }
  loop_.RunReady();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(Show(*answer), "PROVIDER_UNAVAILABLE");
  EXPECT_EQ(Get(), "found");
}

TEST_F(TokenCacheTest, ACallWhoseLoopGoesAwayIsNotWoken) {
  fetcher_->Expect(MakeToken("one", absl::Minutes(5)), absl::Seconds(5));
  auto first = Start();
  loop_.RunReady();
  {
    async::TestLoop other;
    CallContext call(other, async::kNever);
    std::optional<Answer> never;
    other.Spawn(Keep(cache_, call, never));
    other.RunReady();
    other.DestroyTasks();
    EXPECT_FALSE(never.has_value());
  }
  loop_.Advance(absl::Seconds(5));
  ASSERT_TRUE(first->answer.has_value());
  EXPECT_EQ(Show(*first->answer), "one");
  EXPECT_EQ(fetcher_->fetches().size(), 1);
}

// Answers when the test lets it.
class GatedFetcher final : public TokenFetcher {
 public:
  Task<FetchResult> Fetch(CallContext& call) override {
    ++fetches_;
    async::Event gate;
    loop_ = &call.loop();
    gate_ = &gate;
    started_.count_down();
    absl::Status opened = co_await gate.Wait(call);
    if (!opened.ok()) co_return MakeFailure(v1::ERROR_REASON_PROVIDER_UNAVAILABLE);
    co_return MakeToken("shared", absl::Hours(1));
  }

  // From the test's thread.
  void Open() {
    started_.wait();
    loop_->Post([this] { gate_->Set(); });
  }

  int fetches() const { return fetches_; }

 private:
  std::latch started_{1};
  async::EventLoop* loop_ = nullptr;
  async::Event* gate_ = nullptr;
  std::atomic<int> fetches_{0};
};

Task<void> GetAndCount(TokenCache& cache, async::EventLoop& loop, std::atomic<std::size_t>& shared,
                       std::latch& left) {
  CallContext call(loop, async::kNever);
  Answer answer = co_await cache.Get(call);
  if (answer.ok() && (*answer)->authorization.Reveal() == "shared") ++shared;
  left.count_down();
}

TEST(TokenCacheLoopsTest, CallsOnFourLoopsShareOneFetch) {
  constexpr std::size_t kLoops = 4;
  constexpr std::size_t kCalls = 250;
  async::LoopPool pool(kLoops);
  auto fetcher = std::make_shared<GatedFetcher>();
  TokenCache cache(fetcher, {.request_timeout = absl::Minutes(1)}, kOrigin, &async::SystemClock());
  std::atomic<std::size_t> shared{0};
  std::latch left(kLoops * kCalls);
  std::latch waiting(kLoops);
  for (std::size_t i = 0; i < kLoops; ++i) {
    for (std::size_t j = 0; j < kCalls; ++j) {
      pool.loop(i).Spawn(GetAndCount(cache, pool.loop(i), shared, left));
    }
    // Runs behind the calls of its loop, when they all wait.
    pool.loop(i).Post([&waiting] { waiting.count_down(); });
  }
  waiting.wait();
  fetcher->Open();
  left.wait();
  pool.Shutdown();
  EXPECT_EQ(fetcher->fetches(), 1);
  EXPECT_EQ(shared, kLoops * kCalls);
}

}  // namespace
}  // namespace edugate::auth
