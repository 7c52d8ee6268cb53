// The stages around an exchange, together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/async/loop_pool.h"
#include "runtime/async/sleep.h"
#include "runtime/errors/nothing_sent.h"
#include "runtime/resilience/token_bucket.h"
#include "runtime/rest/client_fixture.h"

namespace edugate::rest {
namespace {

using absl::StatusCode;
using async::CallContext;
using async::CallFlag;
using http::Answer;
using http::Failure;
using http::NoAnswer;
using testing::Book;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kBase;
using testing::kBook;
using testing::LibraryOperation;
using ::testing::SizeIs;
using testing::With;
namespace reason = edugate::v1;

// Writes down what it hears.
class WritingObserver final : public resilience::ClientObserver {
 public:
  void OnAttemptStart(CallContext&, const resilience::OperationRef&, int attempt,
                      http::Request& request) override {
    request.headers.push_back({absl::StrCat("Attempt-", attempt), "here"});
  }
  void OnAttemptEnd(CallContext&, const resilience::OperationRef& where,
                    const resilience::AttemptEnd& end) override {
    Add("attempt ", end.attempt, " of ", where.http_method, " ", where.url_template, ": ",
        end.http_status, " ", errors::ReasonName(end.reason), " in ",
        absl::FormatDuration(absl::FromChrono(end.ended - end.started)));
  }
  void OnRetry(const resilience::OperationRef&, int attempt, absl::Duration wait) override {
    Add("retry ", attempt, " in ", absl::FormatDuration(wait));
  }
  void OnCoalesced(const resilience::OperationRef& where) override {
    Add("coalesced ", where.operation);
  }
  void OnCache(const resilience::OperationRef&, resilience::CacheUse use) override {
    Add("cache ", static_cast<int>(use));
  }
  void OnBreakerChange(absl::string_view connection, resilience::BreakerState from,
                       resilience::BreakerState to) override {
    Add("breaker of ", connection, " ", static_cast<int>(from), " to ", static_cast<int>(to));
  }
  void OnRefused(const resilience::OperationRef&, resilience::Refusal why) override {
    Add("refused ", static_cast<int>(why));
  }
  void OnQueued(const resilience::OperationRef&, absl::Duration waited) override {
    Add("queued ", absl::FormatDuration(waited));
  }
  void OnRateWait(const resilience::OperationRef&, absl::Duration waited) override {
    Add("rate ", absl::FormatDuration(waited));
  }

  std::vector<std::string> lines;

 private:
  template <typename... Parts>
  void Add(const Parts&... parts) {
    lines.push_back(absl::StrCat(parts...));
  }
};

class PipelineTest : public testing::ClientFixture {
 protected:
  // A call that runs beside others.
  struct Running {
    Running(async::TestLoop& loop, absl::Duration allowed)
        : call(loop, async::After(loop.fake_clock().MonotonicNow(), allowed)) {}
    bool Noted(CallFlag flag) { return call.record().flags.Has(flag); }
    CallContext call;
    testing::GetBookRequest get;
    testing::PutBookRequest put;
    Book reply;
    ReplyInfo info;
    std::optional<absl::Status> status;
  };

  // The tasks that are left point at the calls.
  ~PipelineTest() override { loop_.DestroyTasks(); }

  static async::Task<void> Run(Client& client, Running& running, const std::string method,
                               bool with_info, bool ask_now) {
    const bool gets = method == "GetBook";
    const google::protobuf::Message& request =
        gets ? static_cast<const google::protobuf::Message&>(running.get) : running.put;
    CallOptions options;
    options.ask_now = ask_now;
    ReplyInfo* const info = with_info ? &running.info : nullptr;
    absl::Status status = co_await client.CallInto(running.call, LibraryOperation(method), request,
                                                   running.reply, info, std::move(options));
    running.status = status;
  }

  struct How {
    std::string caller = "registrar";
    absl::Duration allowed = absl::Seconds(30);
    std::string id = "7";
    bool with_info = false;
    bool ask_now = false;
  };

  Running& Start(const std::string& method, How how) {
    running_.push_back(std::make_unique<Running>(loop_, how.allowed));
    Running& running = *running_.back();
    running.call.set_caller(how.caller);
    running.get.set_id(how.id);
    running.put.set_id(how.id);
    loop_.Spawn(Run(client(), running, method, how.with_info, how.ask_now));
    loop_.RunReady();
    return running;
  }
  Running& StartGet(How how) { return Start("GetBook", std::move(how)); }
  Running& StartGet() { return Start("GetBook", How()); }
  Running& StartPut() { return Start("PutBook", How()); }
  Running& StartLend() { return Start("LendBook", How()); }

  // An answer that takes a while.
  void ExpectSlow(absl::Duration delay, http::Exchange exchange, const char* verb = "GET",
                  const std::string& path = "/books/7") {
    http_.Expect({.method = verb,
                  .url = kBase + path,
                  .exchange = std::move(exchange),
                  .matches = nullptr,
                  .delay = delay});
  }

  reason::ErrorReason ReasonOf(const Running& running) {
    return running.status.has_value() ? errors::ReasonOf(*running.status)
                                      : reason::ERROR_REASON_UNSPECIFIED;
  }

  std::vector<std::unique_ptr<Running>> running_;
};

// --- coalescing

TEST_F(PipelineTest, IdenticalReadsInFlightAreOneRequest) {
  ExpectSlow(absl::Seconds(1), Answer(200, kBook));
  Running& first = StartGet();
  Running& second = StartGet();
  loop_.Advance(absl::Milliseconds(500));
  Running& third = StartGet();
  loop_.RunUntilIdle();
  for (Running* each : {&first, &second, &third}) {
    ASSERT_TRUE(each->status.has_value());
    EXPECT_TRUE(each->status->ok());
    EXPECT_EQ(each->reply.title(), "Moby");
  }
  EXPECT_THAT(http_.requests(), SizeIs(1));
  EXPECT_FALSE(first.Noted(CallFlag::kShared));
  EXPECT_TRUE(third.Noted(CallFlag::kShared));
}

TEST_F(PipelineTest, AFailureIsSharedWithItsRetries) {
  for (int i = 0; i < 3; ++i) ExpectSlow(absl::Seconds(1), Answer(503, ""));
  StartGet();
  Running& follower = StartGet();
  loop_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(follower), reason::ERROR_REASON_PROVIDER_UNAVAILABLE);
  EXPECT_THAT(http_.requests(), SizeIs(3));
}

TEST_F(PipelineTest, ReadsOfDifferentCallersAreNeverOne) {
  for (int i = 0; i < 2; ++i) ExpectSlow(absl::Seconds(1), Answer(200, kBook));
  StartGet();
  StartGet({.caller = "auditor"});
  loop_.RunUntilIdle();
  EXPECT_THAT(http_.requests(), SizeIs(2));
}

TEST_F(PipelineTest, WritesAreNeverOne) {
  for (int i = 0; i < 2; ++i) ExpectSlow(absl::Seconds(1), Answer(200, kBook), "PUT");
  StartPut();
  StartPut();
  loop_.RunUntilIdle();
  EXPECT_THAT(http_.requests(), SizeIs(2));
}

TEST_F(PipelineTest, ALeaderThatIsCancelledFailsNobodyElse) {
  ExpectSlow(absl::Seconds(10), Answer(200, kBook));
  ExpectSlow(absl::Seconds(1), Answer(200, kBook));
  Running& leader = StartGet();
  Running& follower = StartGet();
  leader.call.Cancel();
  loop_.RunUntilIdle();
  EXPECT_EQ(leader.status->code(), StatusCode::kCancelled);
  EXPECT_TRUE(follower.status->ok());
  EXPECT_FALSE(follower.Noted(CallFlag::kShared));
}

TEST_F(PipelineTest, AFollowerWithMoreTimeThanItsLeaderUsesIt) {
  ExpectSlow(absl::Seconds(10), Answer(200, kBook));
  ExpectSlow(absl::Seconds(10), Answer(200, kBook));
  Running& leader = StartGet({.allowed = absl::Seconds(5)});
  Running& follower = StartGet();
  loop_.RunUntilIdle();
  EXPECT_EQ(leader.status->code(), StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(follower.status->ok());
}

TEST_F(PipelineTest, ALeaderWithoutTimeForARetryLeavesItToItsFollower) {
  ExpectSlow(absl::Seconds(1), With(Answer(503, ""), "Retry-After", "3"));
  ExpectSlow(absl::Seconds(1), Answer(200, kBook));
  Running& leader = StartGet({.allowed = absl::Seconds(3)});
  Running& follower = StartGet();
  loop_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(leader), reason::ERROR_REASON_PROVIDER_UNAVAILABLE);
  EXPECT_TRUE(follower.status->ok());
}

TEST_F(PipelineTest, AFollowerHasADeadlineOfItsOwn) {
  ExpectSlow(absl::Seconds(10), Answer(200, kBook));
  Running& leader = StartGet();
  Running& follower = StartGet({.allowed = absl::Seconds(2)});
  loop_.Advance(absl::Seconds(2));
  EXPECT_EQ(follower.status->code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(errors::MetadataOf(*follower.status).at("operation"), "Library.GetBook");
  loop_.RunUntilIdle();
  EXPECT_TRUE(leader.status->ok());
}

TEST_F(PipelineTest, AReadAfterAWriteIsNotAnsweredByOneFromBeforeIt) {
  ExpectSlow(absl::Seconds(10), Answer(200, R"({"id": 7, "title": "old"})"));
  ExpectPut(Answer(200, kBook));
  Expect(Answer(200, R"({"id": 7, "title": "new"})"));
  Running& before = StartGet();
  Running& follower = StartGet();
  Running& write = StartPut();
  ASSERT_TRUE(write.status.has_value());
  Running& after = StartGet();
  loop_.RunUntilIdle();
  EXPECT_EQ(after.reply.title(), "new");
  EXPECT_EQ(before.reply.title(), "old");
  EXPECT_EQ(follower.reply.title(), "old");
  EXPECT_THAT(http_.requests(), SizeIs(3));
}

TEST_F(PipelineTest, WhoAsksTheProviderItselfGetsAnAnswerOfItsOwn) {
  for (int i = 0; i < 3; ++i) ExpectSlow(absl::Seconds(1), Answer(200, kBook));
  StartGet();
  StartGet({.ask_now = true});
  Running& informed = StartGet({.with_info = true});
  loop_.RunUntilIdle();
  EXPECT_THAT(http_.requests(), SizeIs(3));
  EXPECT_EQ(informed.info.http_status, 200);
}

TEST_F(PipelineTest, CoalescingCanBeOffForAMethod) {
  options_.methods["GetBook"] = {.coalesce = false};
  for (int i = 0; i < 2; ++i) ExpectSlow(absl::Seconds(1), Answer(200, kBook));
  StartGet();
  StartGet();
  loop_.RunUntilIdle();
  EXPECT_THAT(http_.requests(), SizeIs(2));
}

// --- cache

class CacheTest : public PipelineTest {
 protected:
  CacheTest() { options_.policy.cache_max_age = absl::Seconds(60); }

  // A call that has ended.
  Running& Get(How how) {
    Running& running = StartGet(std::move(how));
    loop_.RunReady();
    EXPECT_TRUE(running.status.has_value());
    return running;
  }
  Running& Get() { return Get(How()); }
};

TEST_F(CacheTest, AReplyAnswersUntilItComesOfAge) {
  Expect(Answer(200, kBook));
  Get();
  loop_.Advance(absl::Seconds(59));
  Running& kept = Get();
  EXPECT_TRUE(kept.status->ok());
  EXPECT_EQ(kept.reply.title(), "Moby");
  EXPECT_TRUE(kept.Noted(CallFlag::kFromCache));
  loop_.Advance(absl::Seconds(1));
  Expect(Answer(200, R"({"id": 7, "title": "Dick"})"));
  EXPECT_EQ(Get().reply.title(), "Dick");
  EXPECT_EQ(Get().reply.title(), "Dick");
  EXPECT_THAT(http_.requests(), SizeIs(2));
  EXPECT_EQ(http_.requests()[1].header("If-None-Match"), "");
}

TEST_F(CacheTest, NothingIsKeptWithoutBeingConfigured) {
  options_.policy.cache_max_age = absl::ZeroDuration();
  for (int i = 0; i < 2; ++i) Expect(Answer(200, kBook));
  Get();
  Get();
  EXPECT_THAT(http_.requests(), SizeIs(2));
}

TEST_F(CacheTest, AReplyIsKeptForItsCallerAlone) {
  Expect(Answer(200, kBook));
  Expect(Answer(200, R"({"id": 7})"));
  EXPECT_TRUE(Get().reply.has_title());
  EXPECT_FALSE(Get({.caller = "auditor"}).reply.has_title());
  EXPECT_THAT(http_.requests(), SizeIs(2));
}

TEST_F(CacheTest, AnAgedReplyWithAnEtagIsAskedAbout) {
  Expect(With(Answer(200, kBook), "ETag", "W/\"1\""));
  Get();
  loop_.Advance(absl::Seconds(60));
  http_.Expect({.method = "GET",
                .url = std::string(kBase) + "/books/7",
                .exchange = Answer(304, "", ""),
                .matches = [](const http::SeenRequest& request) {
                  return request.header("If-None-Match") == "W/\"1\"";
                }});
  Running& revalidated = Get();
  ASSERT_TRUE(revalidated.status->ok()) << *revalidated.status;
  EXPECT_EQ(revalidated.reply.title(), "Moby");
  EXPECT_TRUE(revalidated.Noted(CallFlag::kRevalidated));
  // Good again for as long.
  loop_.Advance(absl::Seconds(59));
  EXPECT_EQ(Get().reply.title(), "Moby");
  // And another answer replaces it.
  loop_.Advance(absl::Seconds(1));
  Expect(With(Answer(200, R"({"id": 7, "title": "Dick"})"), "ETag", "\"2\""));
  EXPECT_EQ(Get().reply.title(), "Dick");
  EXPECT_EQ(Get().reply.title(), "Dick");
  EXPECT_THAT(http_.requests(), SizeIs(3));
}

TEST_F(CacheTest, A304ThatNobodyAskedForIsAnError) {
  Expect(Answer(304, "", ""));
  EXPECT_EQ(ReasonOf(Get()), reason::ERROR_REASON_PROVIDER_RESPONSE_INVALID);
}

TEST_F(CacheTest, ErrorsAndRepliesThatForbidItAreNotKept) {
  Expect(Answer(404, ""));
  Expect(With(Answer(200, kBook), "Cache-Control", "private, No-Store"));
  Expect(Answer(203, kBook));
  Expect(Answer(200, kBook));
  EXPECT_FALSE(Get().status->ok());
  EXPECT_TRUE(Get().status->ok());
  EXPECT_TRUE(Get().status->ok());
  EXPECT_TRUE(Get().status->ok());
  EXPECT_THAT(http_.requests(), SizeIs(4));
}

TEST_F(CacheTest, TheLastAttemptsAnswerSaysWhetherItMayBeKept) {
  Expect(With(Answer(200, R"({"title": "busy"})"), "ETag", "\"busy\""));
  Expect(With(Answer(200, kBook), "Cache-Control", "no-store"));
  StartGet();
  loop_.RunUntilIdle();
  Expect(Answer(200, R"({"id": 7, "title": "Dick"})"));
  EXPECT_EQ(Get().reply.title(), "Dick");
  EXPECT_THAT(http_.requests(), SizeIs(3));
}

TEST_F(CacheTest, AFailedQuestionIsAnErrorAndTheReplyIsStillAskedAboutLater) {
  options_.policy.max_attempts = 1;
  Expect(With(Answer(200, kBook), "ETag", "\"1\""));
  Get();
  loop_.Advance(absl::Seconds(60));
  Expect(Answer(503, ""));
  EXPECT_EQ(ReasonOf(Get()), reason::ERROR_REASON_PROVIDER_UNAVAILABLE);
  Expect(Answer(304, "", ""));
  EXPECT_EQ(Get().reply.title(), "Moby");
}

TEST_F(CacheTest, AWriteForgetsWhatWasReadBeforeItsEnd) {
  Expect(Answer(200, kBook));
  Get();
  ExpectSlow(absl::Seconds(2), Answer(200, kBook), "PUT");
  Running& write = StartPut();
  // A read in the middle of it may have seen either state.
  Expect(Answer(200, R"({"id": 7, "title": "old"})"));
  EXPECT_EQ(Get().reply.title(), "old");
  loop_.Advance(absl::Seconds(2));
  EXPECT_TRUE(write.status->ok());
  Expect(Answer(200, R"({"id": 7, "title": "new"})"));
  EXPECT_EQ(Get().reply.title(), "new");
}

TEST_F(CacheTest, AWritesReplyIsNotKept) {
  for (int i = 0; i < 2; ++i) ExpectPut(Answer(200, kBook));
  StartPut();
  StartPut();
  EXPECT_THAT(http_.requests(), SizeIs(2));
}

TEST_F(CacheTest, WhoAsksTheProviderItselfGetsNoKeptReply) {
  for (int i = 0; i < 3; ++i) Expect(Answer(200, kBook));
  Get();
  Get({.ask_now = true});
  Get({.with_info = true});
  EXPECT_THAT(http_.requests(), SizeIs(3));
}

TEST_F(CacheTest, AMethodCanDiffer) {
  options_.methods["GetBook"] = {.cache_max_age = absl::ZeroDuration()};
  for (int i = 0; i < 2; ++i) Expect(Answer(200, kBook));
  Get();
  Get();
  EXPECT_THAT(http_.requests(), SizeIs(2));

  client_ = nullptr;
  options_.policy.cache_max_age = absl::ZeroDuration();
  options_.methods["GetBook"] = {.cache_max_age = absl::Seconds(1)};
  Expect(Answer(200, kBook));
  Get();
  Get();
  EXPECT_THAT(http_.requests(), SizeIs(3));
}

// --- retries

// A provider that always answers alike.
class SteadyHttpClient final : public http::HttpClient {
 public:
  async::Task<http::Exchange> Send(CallContext&, const http::Request&) override {
    ++requests;
    http::Exchange copy = exchange;
    co_return copy;
  }
  http::Exchange exchange;
  int requests = 0;
};

class OutageTest : public PipelineTest {
 protected:
  OutageTest() {
    parts_.http = &provider_;
    provider_.exchange = Answer(503, "");
  }

  // So many calls, a hundred a second; each of another record.
  void Calls(int count) {
    for (int i = 0; i < count; ++i) {
      StartGet({.id = absl::StrCat(next_id_++)});
      loop_.Advance(absl::Milliseconds(10));
    }
  }

  SteadyHttpClient provider_;
  int next_id_ = 0;
};

TEST_F(OutageTest, AnOutageMakesAtMostAFifthMoreAttemptsThanCalls) {
  options_.breaker.disabled = true;
  // Tokens enough, so that the share is what bounds.
  provider_.exchange = Answer(200, kBook);
  Calls(1000);
  EXPECT_EQ(provider_.requests, 1000);
  provider_.exchange = Answer(503, "");
  Calls(1000);
  loop_.RunUntilIdle();
  const int attempts = provider_.requests - 1000;
  EXPECT_GT(attempts, 1000);
  EXPECT_LE(attempts, 1200);
}

TEST_F(OutageTest, TheBreakerEndsThemAndOneProbeFindsTheEnd) {
  Calls(1000);
  const int attempts = provider_.requests;
  EXPECT_LT(attempts, 100);
  Running& refused = StartGet({.id = "refused"});
  EXPECT_EQ(ReasonOf(refused), reason::ERROR_REASON_CIRCUIT_OPEN);
  EXPECT_EQ(refused.status->code(), StatusCode::kUnavailable);
  EXPECT_TRUE(errors::RetryAfterOf(*refused.status).has_value());
  EXPECT_EQ(errors::MetadataOf(*refused.status).at("connection"), "lib");
  EXPECT_TRUE(refused.Noted(CallFlag::kBreakerOpen));
  EXPECT_EQ(provider_.requests, attempts);

  provider_.exchange = Answer(200, kBook);
  loop_.Advance(absl::Minutes(1));
  EXPECT_TRUE(StartGet({.id = "probe"}).status->ok());
  EXPECT_TRUE(StartGet({.id = "next"}).status->ok());
  EXPECT_EQ(provider_.requests, attempts + 2);
}

TEST_F(OutageTest, OneFailingProbeIsNotTriedAgain) {
  Calls(100);
  const int attempts = provider_.requests;
  loop_.Advance(absl::Minutes(1));
  Running& probe = StartGet({.id = "probe"});
  EXPECT_EQ(ReasonOf(probe), reason::ERROR_REASON_PROVIDER_UNAVAILABLE);
  EXPECT_EQ(ReasonOf(StartGet({.id = "next"})), reason::ERROR_REASON_CIRCUIT_OPEN);
  EXPECT_EQ(provider_.requests, attempts + 1);
}

TEST_F(OutageTest, RefusalsNeverOpenTheBreaker) {
  for (const int status : {400, 401, 403, 404, 405, 409, 410, 422, 423, 429, 501}) {
    provider_.exchange = Answer(status, "");
    Calls(50);
  }
  loop_.RunUntilIdle();
  EXPECT_EQ(parts_.safeguards->Look(loop_.Now()).breaker.state, resilience::BreakerState::kClosed);
}

TEST_F(OutageTest, ABadCertificateIsNotTriedAgainAndOpensTheBreaker) {
  provider_.exchange = NoAnswer(Failure::kTls, false);
  EXPECT_EQ(ReasonOf(StartGet()), reason::ERROR_REASON_PROVIDER_UNAVAILABLE);
  EXPECT_EQ(ReasonOf(StartGet()), reason::ERROR_REASON_CIRCUIT_OPEN);
  EXPECT_EQ(provider_.requests, 1);
}

TEST_F(OutageTest, AWriteThatTheBreakerRefusesHasPlainlyNotHappened) {
  provider_.exchange = NoAnswer(Failure::kTls, false);
  StartGet();
  Running& write = StartLend();
  EXPECT_EQ(ReasonOf(write), reason::ERROR_REASON_CIRCUIT_OPEN);
  EXPECT_EQ(write.status->code(), StatusCode::kUnavailable);
}

TEST_F(PipelineTest, AWriteThatMayHaveHappenedStaysSoWhateverItsRetriesMeet) {
  ExpectPut(NoAnswer(Failure::kReset, true));
  ExpectPut(NoAnswer(Failure::kConnect, false));
  ExpectPut(Answer(503, ""));
  Running& refused = StartPut();
  loop_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(refused), reason::ERROR_REASON_WRITE_OUTCOME_UNKNOWN);
  EXPECT_EQ(refused.status->code(), StatusCode::kUnknown);

  // The provider's own word on a retry says how things stand.
  ExpectPut(NoAnswer(Failure::kReset, true));
  ExpectPut(Answer(409, ""));
  Running& conflict = StartPut();
  loop_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(conflict), reason::ERROR_REASON_PROVIDER_CONFLICT);

  // A refused credential says nothing about the attempt before.
  authorizer_.renews = false;
  ExpectPut(NoAnswer(Failure::kReset, true));
  ExpectPut(Answer(401, ""));
  Running& unauthorized = StartPut();
  loop_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(unauthorized), reason::ERROR_REASON_WRITE_OUTCOME_UNKNOWN);

  // Nor does it that no other one was to be had.
  authorizer_.renews = true;
  authorizer_.tokens_until_failure = 1;
  ExpectPut(NoAnswer(Failure::kReset, true));
  ExpectPut(Answer(401, ""));
  Running& without = StartPut();
  loop_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(without), reason::ERROR_REASON_WRITE_OUTCOME_UNKNOWN);
  authorizer_.tokens_until_failure = 1000;

  // Nor that the call ended before it was sent once more.
  ExpectPut(NoAnswer(Failure::kReset, true));
  ExpectPut(NoAnswer(Failure::kCancelled, false));
  Running& ended = StartPut();
  loop_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(ended), reason::ERROR_REASON_WRITE_OUTCOME_UNKNOWN);

  // Others open the breaker while it waits for its retry.
  ExpectPut(NoAnswer(Failure::kReset, true));
  Running& waiting = StartPut();
  Expect(NoAnswer(Failure::kTls, false));
  StartGet();
  loop_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(waiting), reason::ERROR_REASON_WRITE_OUTCOME_UNKNOWN);
  EXPECT_EQ(http_.left(), 0);
}

TEST_F(PipelineTest, AFirstAttemptNeedsItsLeastTimeToo) {
  EXPECT_EQ(Call("LendBook", absl::Milliseconds(49)).status().code(),
            StatusCode::kDeadlineExceeded);
  EXPECT_THAT(http_.requests(), IsEmpty());
  ExpectLend(Answer(200, kBook));
  EXPECT_TRUE(Call("LendBook", absl::Milliseconds(50)).ok());
}

TEST_F(PipelineTest, AWriteThatEndsBeforeItIsSentHasPlainlyNotHappened) {
  const absl::Status no_time = Call("LendBook", absl::Milliseconds(49)).status();
  EXPECT_EQ(no_time.code(), StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(errors::IsNothingSent(no_time));
  for (const bool sent : {false, true}) {
    ExpectLend(NoAnswer(Failure::kCancelled, sent));
    const absl::Status cancelled = Call("LendBook").status();
    EXPECT_EQ(cancelled.code(), StatusCode::kCancelled);
    EXPECT_EQ(errors::IsNothingSent(cancelled), !sent);
  }
}

// Has no credential as long as the call lasts.
class WaitingAuthorizer final : public auth::Authorizer {
 public:
  async::Task<absl::Status> Authorize(CallContext& call, http::Request&) override {
    absl::Status slept = co_await async::Sleep(call, absl::InfiniteDuration());
    (void)slept;
    absl::Status ended = errors::DeadlineExceeded({});
    co_return ended;
  }
  bool OnRefused(const http::Request&) override { return false; }
};

TEST_F(PipelineTest, AWriteForWhichNoCredentialComesInTimeHasPlainlyNotHappened) {
  WaitingAuthorizer waiting;
  parts_.authorizer = &waiting;
  const absl::Status status = Call("LendBook", absl::Seconds(5)).status();
  EXPECT_EQ(status.code(), StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(errors::IsNothingSent(status));
  EXPECT_EQ(elapsed(), absl::Seconds(5));
}

TEST_F(PipelineTest, AMethodHasItsOwnNumberOfAttempts) {
  options_.methods["GetBook"] = {.max_attempts = 2};
  for (int i = 0; i < 2; ++i) Expect(Answer(503, ""));
  Running& running = StartGet();
  loop_.RunUntilIdle();
  EXPECT_FALSE(running.status->ok());
  EXPECT_TRUE(running.Noted(CallFlag::kRetried));
  EXPECT_TRUE(running.Noted(CallFlag::kRetriesExhausted));
  EXPECT_TRUE(running.Noted(CallFlag::kProviderError));
}

TEST_F(PipelineTest, AnAttemptThatTakesTooLongIsTriedAgainForAReadAndUnknownForAWrite) {
  const resilience::MethodPolicy timed = {.attempt_timeout = absl::Seconds(2)};
  options_.methods = {{"GetBook", timed}, {"LendBook", timed}};
  ExpectSlow(absl::Seconds(10), Answer(200, kBook));
  ExpectSlow(absl::Seconds(1), Answer(200, kBook));
  Running& read = StartGet();
  loop_.RunUntilIdle();
  EXPECT_TRUE(read.status->ok());
  EXPECT_TRUE(read.Noted(CallFlag::kProviderTimeout));

  ExpectSlow(absl::Seconds(10), Answer(200, kBook), "POST", "/books/7/lend");
  Running& write = StartLend();
  loop_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(write), reason::ERROR_REASON_WRITE_OUTCOME_UNKNOWN);
}

// --- concurrency

class BusyTest : public PipelineTest {
 protected:
  BusyTest() { options_.concurrency = {.max_in_flight = 1, .max_queued = 1, .adaptive = false}; }
};

TEST_F(BusyTest, ACallWaitsForItsTurn) {
  ExpectSlow(absl::Seconds(1), Answer(200, kBook));
  ExpectSlow(absl::Seconds(1), Answer(200, kBook), "GET", "/books/8");
  Running& first = StartGet();
  Running& second = StartGet({.id = "8"});
  EXPECT_THAT(http_.requests(), SizeIs(1));
  EXPECT_EQ(parts_.safeguards->Look(loop_.Now()).concurrency.queued, 1);
  loop_.RunUntilIdle();
  EXPECT_TRUE(first.status->ok());
  EXPECT_TRUE(second.status->ok());
  EXPECT_EQ(elapsed(), absl::Seconds(2));
  EXPECT_EQ(parts_.safeguards->Look(loop_.Now()).concurrency.in_flight, 0);
}

TEST_F(BusyTest, AWriteThatGetsNoTurnIsPlainlyRefused) {
  ExpectSlow(absl::Seconds(20), Answer(200, kBook));
  StartGet();
  Running& late = Start("LendBook", {.allowed = absl::Seconds(1)});
  Running& beyond = StartLend();
  EXPECT_EQ(ReasonOf(beyond), reason::ERROR_REASON_LOCAL_LIMIT);
  EXPECT_TRUE(errors::RetryAfterOf(*beyond.status).has_value());
  EXPECT_TRUE(beyond.Noted(CallFlag::kConnectionLimit));
  loop_.Advance(absl::Seconds(1));
  EXPECT_EQ(ReasonOf(late), reason::ERROR_REASON_LOCAL_LIMIT);
  EXPECT_EQ(late.status->code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(http_.requests(), SizeIs(1));
}

TEST_F(BusyTest, CallsThatAreRefusedEarnNoRetries) {
  options_.breaker.disabled = true;
  ExpectSlow(absl::Milliseconds(10), Answer(200, kBook));
  ExpectSlow(absl::Milliseconds(10), Answer(200, kBook), "GET", "/books/8");
  StartGet();
  StartGet({.id = "8"});
  for (int i = 0; i < 200; ++i) EXPECT_TRUE(StartLend().status.has_value());
  loop_.RunUntilIdle();
  constexpr int kCalls = 20;
  for (int i = 0; i < kCalls + resilience::RetryBudget::kLeastRetries; ++i) {
    Expect(Answer(503, ""));
  }
  for (int i = 0; i < kCalls; ++i) EXPECT_FALSE(GetBook().ok());
  EXPECT_EQ(http_.left(), 0);
}

TEST_F(BusyTest, ACancelledCallLeavesTheQueueAtOnce) {
  ExpectSlow(absl::Seconds(20), Answer(200, kBook));
  StartGet();
  Running& gone = StartGet({.id = "8"});
  gone.call.Cancel();
  loop_.RunReady();
  EXPECT_EQ(gone.status->code(), StatusCode::kCancelled);
  EXPECT_EQ(parts_.safeguards->Look(loop_.Now()).concurrency.queued, 0);
}

TEST_F(BusyTest, AWriteThatIsCancelledInTheQueueHasPlainlyNotHappened) {
  ExpectSlow(absl::Seconds(20), Answer(200, kBook));
  StartGet();
  Running& gone = StartLend();
  gone.call.Cancel();
  loop_.RunReady();
  ASSERT_TRUE(gone.status.has_value());
  EXPECT_EQ(gone.status->code(), StatusCode::kCancelled);
  EXPECT_TRUE(errors::IsNothingSent(*gone.status));
}

TEST_F(BusyTest, AProviderThatFailsMeanwhileIsNotAskedByThoseWhoWaited) {
  ExpectSlow(absl::Seconds(1), NoAnswer(Failure::kTls, false));
  StartGet();
  Running& waiting = StartGet({.id = "8"});
  loop_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(waiting), reason::ERROR_REASON_CIRCUIT_OPEN);
  EXPECT_THAT(http_.requests(), SizeIs(1));
}

TEST_F(BusyTest, ACallThatWaitsForItsRetryHoldsNobodyUp) {
  Expect(With(Answer(503, ""), "Retry-After", "5"));
  ExpectSlow(absl::Seconds(1), Answer(200, kBook), "GET", "/books/8");
  Expect(Answer(200, kBook));
  Running& retried = StartGet();
  Running& other = StartGet({.id = "8"});
  loop_.Advance(absl::Seconds(1));
  EXPECT_TRUE(other.status->ok());
  loop_.RunUntilIdle();
  EXPECT_TRUE(retried.status->ok());
}

TEST_F(PipelineTest, ALimitThatTheProviderSetsLowersTheNumberOfCallsInProgress) {
  for (int i = 0; i < 3; ++i) Expect(Answer(429, ""));
  StartGet();
  EXPECT_EQ(parts_.safeguards->Look(loop_.Now()).concurrency.limit, 14);
  loop_.RunUntilIdle();
  EXPECT_EQ(parts_.safeguards->Look(loop_.Now()).concurrency.limit, 6);
}

// --- rates

TEST_F(PipelineTest, ACallWaitsForATokenOfItsConnectionAndOfItsMethod) {
  resilience::TokenBucket connection({.per_second = 10, .burst = 1});
  resilience::TokenBucket method({.per_second = 1, .burst = 1});
  options_.rate_limit = &connection;
  options_.methods["PutBook"] = {.rate_limit = &method};
  for (int i = 0; i < 2; ++i) {
    Expect(Answer(200, kBook));
    EXPECT_TRUE(GetBook().ok());
  }
  EXPECT_EQ(elapsed(), absl::Milliseconds(100));
  ExpectPut(Answer(200, kBook));
  EXPECT_TRUE(Call("PutBook").ok());
  EXPECT_EQ(elapsed(), absl::Milliseconds(200));
  ExpectPut(Answer(200, kBook));
  EXPECT_TRUE(Call("PutBook").ok());
  EXPECT_EQ(elapsed(), absl::Milliseconds(1100));
}

TEST_F(PipelineTest, AWriteForWhichThereIsNoTokenInTimeIsPlainlyRefused) {
  resilience::TokenBucket bucket({.per_second = 0.1, .burst = 1});
  options_.rate_limit = &bucket;
  ExpectLend(Answer(200, kBook));
  EXPECT_TRUE(Call("LendBook").ok());
  const absl::Status refused = Call("LendBook", absl::Seconds(5)).status();
  EXPECT_EQ(errors::ReasonOf(refused), reason::ERROR_REASON_LOCAL_LIMIT);
  EXPECT_EQ(errors::RetryAfterOf(refused), absl::Seconds(10));
}

TEST_F(PipelineTest, AProviderThatFailsMeanwhileIsNotAskedByThoseWhoWaitedForAToken) {
  resilience::TokenBucket connection({.per_second = 1, .burst = 1});
  options_.rate_limit = &connection;
  ExpectSlow(absl::Milliseconds(500), NoAnswer(Failure::kTls, false));
  StartGet();
  Running& waiting = StartGet({.id = "8"});
  loop_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(waiting), reason::ERROR_REASON_CIRCUIT_OPEN);
  EXPECT_THAT(http_.requests(), SizeIs(1));
}

// A limit that answers nothing.
class SilentLimit final : public resilience::RateLimit {
 public:
  async::Task<resilience::RateAnswer> Acquire(CallContext& call) override {
    absl::Status slept = co_await async::Sleep(call, absl::InfiniteDuration());
    const resilience::RateAnswer ended{.kind = resilience::RateAnswer::Kind::kEnded};
    (void)slept;
    co_return ended;
  }
};

TEST_F(PipelineTest, AWriteWhoseRateIsNotToldInTimeIsPlainlyRefused) {
  SilentLimit silent;
  options_.rate_limit = &silent;
  EXPECT_EQ(errors::ReasonOf(Call("LendBook", absl::Seconds(5)).status()),
            reason::ERROR_REASON_LOCAL_LIMIT);
  EXPECT_EQ(elapsed(), absl::Seconds(5));
  Running& gone = StartLend();
  gone.call.Cancel();
  loop_.RunReady();
  EXPECT_EQ(gone.status->code(), StatusCode::kCancelled);
}

TEST_F(PipelineTest, EachAttemptTakesAToken) {
  resilience::TokenBucket bucket({.per_second = 0.5, .burst = 1});
  options_.rate_limit = &bucket;
  Expect(Answer(503, ""));
  Expect(Answer(200, kBook));
  EXPECT_TRUE(GetBook().ok());
  EXPECT_EQ(elapsed(), absl::Seconds(2));
}

// --- several loops

// Answers after a moment, on whichever loop asks.
class UnhurriedHttpClient final : public http::HttpClient {
 public:
  async::Task<http::Exchange> Send(CallContext& call, const http::Request&) override {
    ++requests;
    absl::Status slept = co_await async::Sleep(call, absl::Microseconds(100));
    http::Exchange exchange = slept.ok() ? Answer(200, kBook) : NoAnswer(Failure::kDeadline, true);
    co_return exchange;
  }
  std::atomic<int> requests{0};
};

// Has no state, so that every loop may use it.
class FixedAuthorizer final : public auth::Authorizer {
 public:
  async::Task<absl::Status> Authorize(CallContext&, http::Request& request) override {
    request.headers.push_back({"Authorization", "token"});
    co_return absl::OkStatus();
  }
  bool OnRefused(const http::Request&) override { return false; }
};

class LoopsTest : public ::testing::Test {
 protected:
  static constexpr int kLoops = 4;
  static constexpr int kCallsPerLoop = 500;

  static async::Task<void> Get(Client& client, async::EventLoop& loop, int number,
                               std::atomic<int>& good) {
    CallContext call(loop, async::kNever);
    call.set_caller("registrar");
    testing::GetBookRequest request;
    request.set_id(absl::StrCat(number % 3));
    auto book = co_await client.Call<Book>(call, LibraryOperation("GetBook"), request);
    if (book.ok() && book->title() == "Moby") ++good;
  }

  int Run(const resilience::SafeguardOptions& options) {
    ClientParts parts;
    parts.connection = "lib";
    parts.endpoint = {kBase, {}};
    parts.http = &http_;
    parts.authorizer = &authorizer_;
    parts.classifier = &classifier_;
    parts.safeguards = std::make_shared<resilience::Safeguards>(options, "lib", nullptr);
    Client client(parts);
    std::atomic<int> good{0};
    async::LoopPool loops(kLoops);
    for (int j = 0; j < kCallsPerLoop; ++j) {
      for (int i = 0; i < kLoops; ++i) {
        loops.loop(i).Spawn(Get(client, loops.loop(i), j, good));
      }
    }
    loops.Shutdown(absl::Seconds(60));
    return good;
  }

  UnhurriedHttpClient http_;
  FixedAuthorizer authorizer_;
  testing::PlainClassifier classifier_;
};

TEST_F(LoopsTest, CallsOfAllLoopsShareReads) {
  EXPECT_EQ(Run({}), kLoops * kCallsPerLoop);
  EXPECT_LT(http_.requests, kLoops * kCallsPerLoop);
}

TEST_F(LoopsTest, CallsOfAllLoopsShareKeptReplies) {
  resilience::SafeguardOptions options;
  options.policy.cache_max_age = absl::Hours(1);
  EXPECT_EQ(Run(options), kLoops * kCallsPerLoop);
  EXPECT_LT(http_.requests, kLoops * kCallsPerLoop);
}

TEST_F(LoopsTest, CallsOfAllLoopsWaitForTheirTurns) {
  resilience::SafeguardOptions options;
  options.policy.coalesce = false;
  options.concurrency = {.max_in_flight = 3, .max_queued = 10000, .adaptive = false};
  EXPECT_EQ(Run(options), kLoops * kCallsPerLoop);
  EXPECT_EQ(http_.requests, kLoops * kCallsPerLoop);
}

// --- what is told

TEST_F(PipelineTest, TheObserverHearsOfEverything) {
  WritingObserver observer;
  parts_.observer = &observer;
  resilience::TokenBucket bucket({.per_second = 1, .burst = 3});
  options_.rate_limit = &bucket;
  options_.concurrency = {.max_in_flight = 1, .max_queued = 1, .adaptive = false};
  options_.policy.cache_max_age = absl::Seconds(60);
  ExpectSlow(absl::Seconds(1), Answer(503, ""));
  ExpectSlow(absl::Seconds(1), With(Answer(200, kBook), "ETag", "\"1\""));
  StartGet();
  StartGet();
  loop_.RunUntilIdle();
  StartGet();
  EXPECT_THAT(observer.lines,
              ElementsAre("attempt 1 of GET /books/{id}: 503 PROVIDER_UNAVAILABLE in 1s",
                          "retry 2 in 50ms", "attempt 2 of GET /books/{id}: 200 UNSPECIFIED in 1s",
                          "cache 2", "coalesced Library.GetBook", "cache 0"));
  EXPECT_EQ(http_.requests()[1].header("Attempt-1"), "here");
  EXPECT_EQ(http_.requests()[1].header("Attempt-2"), "here");

  observer.lines.clear();
  ExpectSlow(absl::Seconds(1), Answer(404, ""), "POST", "/books/7/lend");
  ExpectSlow(absl::Seconds(1), NoAnswer(Failure::kTls, false), "POST", "/books/7/lend");
  StartLend();
  StartLend();
  StartLend();
  loop_.RunUntilIdle();
  StartLend();
  EXPECT_THAT(
      observer.lines,
      ElementsAre("refused 1", "attempt 1 of POST /books/{id}/lend: 404 RESOURCE_NOT_FOUND in 1s",
                  "queued 1s", "breaker of lib 0 to 1",
                  "attempt 1 of POST /books/{id}/lend: 0 PROVIDER_UNAVAILABLE in 1s", "refused 0"));
}

}  // namespace
}  // namespace edugate::rest
