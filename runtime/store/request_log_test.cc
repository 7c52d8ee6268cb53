#include "runtime/store/request_log.h"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/block_on.h"
#include "runtime/async/loop_pool.h"
#include "runtime/errors/errors.h"
#include "runtime/store/busy_store.h"
#include "runtime/store/child_process.h"
#include "runtime/store/no_room_for_files.h"
#include "runtime/store/redis_request_log.h"
#include "runtime/store/redis_server.h"
#include "runtime/store/sqlite_request_log.h"
#include "runtime/store/temporary_folder.h"

namespace edugate::store {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

TEST(RequestKeyTest, DifferentTriplesHaveDifferentKeys) {
  std::set<std::string> keys;
  for (const char* caller : {"a", "ab", "1:a", ""}) {
    for (const char* method : {"bc", "c", "1:c", ""}) {
      for (const char* id : {"d", "cd", "1:cd", ""}) keys.insert(RequestKey(caller, method, id));
    }
  }
  EXPECT_EQ(keys.size(), 64u);
}

enum class StoreKind { kSqlite, kRedis };

class RequestLogFixture : public testing::Test {
 protected:
  explicit RequestLogFixture(StoreKind kind) {
    if (kind == StoreKind::kRedis) server_.emplace(folder_.path());
    Reopen();
  }

  // As another process does after this one has ended.
  void Reopen() {
    log_.reset();
    purgeable_ = nullptr;
    database_.reset();
    client_.reset();
    if (server_.has_value()) {
      client_ = std::make_unique<RedisClient>(server_->options());
      log_ = std::make_unique<RedisRequestLog>(*client_);
      return;
    }
    auto database = Database::Open({.path = folder_.File("store.db")});
    if (!database.ok()) ADD_FAILURE() << database.status();
    database_ = *std::move(database);
    auto log = std::make_unique<SqliteRequestLog>(*database_);
    purgeable_ = log.get();
    log_ = std::move(log);
  }

  absl::StatusOr<BegunRequest> TryBegin(const std::string& key,
                                        const std::string& fingerprint = "f",
                                        absl::Time now = kNow) {
    return async::BlockOn(loop_, log_->Begin(call_, key, fingerprint, now));
  }
  BegunRequest Begin(const std::string& key, const std::string& fingerprint = "f",
                     absl::Time now = kNow) {
    auto begun = TryBegin(key, fingerprint, now);
    EXPECT_TRUE(begun.ok()) << begun.status();
    return begun.value_or(BegunRequest{});
  }
  absl::Status Finish(const std::string& key, int64_t attempt, const std::string& outcome) {
    return async::BlockOn(loop_, log_->Finish(call_, key, attempt, outcome));
  }
  absl::Status Forget(const std::string& key, int64_t attempt) {
    return async::BlockOn(loop_, log_->Forget(call_, key, attempt));
  }

  absl::Status LeaveUnknown(const std::string& key, int64_t attempt) {
    return async::BlockOn(loop_, log_->LeaveUnknown(call_, key, attempt));
  }

  // Runs SQL on the store's thread.
  void Execute(const char* sql) {
    Query<bool> query;
    query.work = [sql](Session& session) -> absl::StatusOr<bool> {
      const absl::Status done = session.Execute(sql);
      if (!done.ok()) return done;
      return true;
    };
    const auto done = async::BlockOn(loop_, database_->Run(call_, std::move(query)));
    EXPECT_TRUE(done.ok()) << done.status();
  }
  int64_t CountEntries() {
    Query<int64_t> query;
    query.work = [](Session& session) -> absl::StatusOr<int64_t> {
      Statement count(session, "SELECT count(*) FROM request");
      const absl::StatusOr<bool> found = count.Step();
      if (!found.ok()) return found.status();
      return count.Int(0);
    };
    return *async::BlockOn(loop_, database_->Run(call_, std::move(query)));
  }

  TemporaryFolder folder_;
  std::optional<RedisServer> server_;
  async::EventLoop loop_;
  async::CallContext call_{loop_, async::kNever};
  std::unique_ptr<Database> database_;
  std::unique_ptr<RedisClient> client_;
  std::unique_ptr<RequestLog> log_;
  Purgeable* purgeable_ = nullptr;
};

class RequestLogTest : public RequestLogFixture, public testing::WithParamInterface<StoreKind> {
 protected:
  RequestLogTest() : RequestLogFixture(GetParam()) {}
};

INSTANTIATE_TEST_SUITE_P(, RequestLogTest, testing::Values(StoreKind::kSqlite, StoreKind::kRedis),
                         [](const auto& info) {
                           return info.param == StoreKind::kSqlite ? "Sqlite" : "Redis";
                         });

class SqliteRequestLogTest : public RequestLogFixture {
 protected:
  SqliteRequestLogTest() : RequestLogFixture(StoreKind::kSqlite) {}
};

class RedisRequestLogTest : public RequestLogFixture {
 protected:
  RedisRequestLogTest() : RequestLogFixture(StoreKind::kRedis) {}
};

TEST_P(RequestLogTest, AKeyIsNewOnce) {
  const BegunRequest first = Begin("k");
  EXPECT_EQ(first.state, RequestState::kNew);
  EXPECT_GT(first.attempt, 0);
  EXPECT_EQ(Begin("k").state, RequestState::kInFlight);
  EXPECT_EQ(Begin("other").state, RequestState::kNew);
}

TEST_P(RequestLogTest, WhatWasFinishedIsAnsweredAgain) {
  const std::string outcome("a\0b", 3);
  EXPECT_TRUE(Finish("k", Begin("k").attempt, outcome).ok());
  const BegunRequest again = Begin("k");
  EXPECT_EQ(again.state, RequestState::kDone);
  EXPECT_EQ(again.outcome, outcome);
}

TEST_P(RequestLogTest, AnEmptyOutcomeIsAnOutcome) {
  EXPECT_TRUE(Finish("k", Begin("k").attempt, "").ok());
  EXPECT_EQ(Begin("k").state, RequestState::kDone);
}

TEST_P(RequestLogTest, AnotherRequestWithTheSameKeyIsTold) {
  const BegunRequest first = Begin("k", "one");
  EXPECT_EQ(Begin("k", "two").state, RequestState::kOtherRequest);
  EXPECT_TRUE(Finish("k", first.attempt, "done").ok());
  const BegunRequest other = Begin("k", "two");
  EXPECT_EQ(other.state, RequestState::kOtherRequest);
  EXPECT_EQ(other.outcome, "");
}

TEST_P(RequestLogTest, AForgottenKeyIsFree) {
  const BegunRequest first = Begin("k", "one");
  EXPECT_TRUE(Forget("k", first.attempt).ok());
  const BegunRequest second = Begin("k", "two");
  EXPECT_EQ(second.state, RequestState::kNew);
  EXPECT_NE(second.attempt, first.attempt);
}

TEST_P(RequestLogTest, ALateWordOfAnEarlierAttemptChangesNothing) {
  const BegunRequest first = Begin("k");
  EXPECT_TRUE(Forget("k", first.attempt).ok());
  const BegunRequest second = Begin("k");
  EXPECT_TRUE(Forget("k", first.attempt).ok());
  EXPECT_TRUE(Finish("k", first.attempt, "late").ok());
  EXPECT_EQ(Begin("k").state, RequestState::kInFlight);
  EXPECT_TRUE(Finish("k", second.attempt, "in time").ok());
  EXPECT_TRUE(Finish("k", second.attempt, "again").ok());
  EXPECT_TRUE(Forget("k", second.attempt).ok());
  EXPECT_EQ(Begin("k").outcome, "in time");
}

TEST_P(RequestLogTest, OutcomesAreThereAfterARestart) {
  EXPECT_TRUE(Finish("k", Begin("k").attempt, "done").ok());
  Reopen();
  EXPECT_EQ(Begin("k").outcome, "done");
}

TEST_P(RequestLogTest, WhatWasInFlightAtTheEndOfAProcessHasAnUnknownOutcome) {
  const BegunRequest lost = Begin("lost");
  Reopen();
  const BegunRequest found = Begin("lost");
  EXPECT_EQ(found.state, RequestState::kUnknownOutcome);
  EXPECT_EQ(found.attempt, lost.attempt);
  EXPECT_EQ(Begin("lost", "other").state, RequestState::kOtherRequest);
  EXPECT_EQ(Begin("mine").state, RequestState::kNew);
  EXPECT_EQ(Begin("mine").state, RequestState::kInFlight);
  EXPECT_TRUE(Finish("lost", found.attempt, "it had happened").ok());
  EXPECT_EQ(Begin("lost").outcome, "it had happened");
}

TEST_P(RequestLogTest, OneOfThoseWhoFindAnUnknownOutcomeTakesItUpAgain) {
  Begin("k");
  Reopen();
  const BegunRequest one = Begin("k");
  const BegunRequest two = Begin("k");
  EXPECT_TRUE(Forget("k", one.attempt).ok());
  EXPECT_EQ(Begin("k").state, RequestState::kNew);
  EXPECT_TRUE(Forget("k", two.attempt).ok());
  EXPECT_EQ(Begin("k").state, RequestState::kInFlight);
}

TEST_P(RequestLogTest, AnOutcomeThatIsLeftUnknownIsUnknownAtOnce) {
  const BegunRequest left = Begin("k");
  EXPECT_TRUE(LeaveUnknown("k", left.attempt).ok());
  const BegunRequest found = Begin("k");
  EXPECT_EQ(found.state, RequestState::kUnknownOutcome);
  EXPECT_EQ(found.attempt, left.attempt);
  EXPECT_TRUE(Finish("k", found.attempt, "it had happened").ok());
  EXPECT_TRUE(LeaveUnknown("k", found.attempt).ok());
  EXPECT_EQ(Begin("k").outcome, "it had happened");
}

TEST_F(SqliteRequestLogTest, AnUnknownOutcomeIsForgottenWithItsKey) {
  EXPECT_TRUE(LeaveUnknown("purged", Begin("purged").attempt).ok());
  EXPECT_TRUE(LeaveUnknown("expired", Begin("expired").attempt).ok());
  const absl::Time later = kNow + absl::Hours(24);
  EXPECT_EQ(Begin("expired", "f", later).state, RequestState::kNew);
  EXPECT_TRUE(async::BlockOn(loop_, purgeable_->PurgeBatch(call_, later)).ok());
  EXPECT_EQ(CountEntries(), 1);
  EXPECT_EQ(Begin("expired", "f", later).state, RequestState::kInFlight);
  EXPECT_EQ(Begin("purged", "f", later).state, RequestState::kNew);
}

TEST_P(RequestLogTest, NumbersAreNotUsedAgainAfterARestart) {
  const BegunRequest first = Begin("k");
  EXPECT_TRUE(Forget("k", first.attempt).ok());
  Reopen();
  const BegunRequest second = Begin("k");
  EXPECT_GT(second.attempt, first.attempt);
  EXPECT_EQ(Begin("k").state, RequestState::kInFlight);
}

// Starts a task, as far as it gets by itself.
void Start(async::EventLoop& loop, async::Task<void> task) {
  loop.Spawn(std::move(task));
  while (loop.RunTurn(async::MonotonicTime::min())) {
  }
}

async::Task<void> BeginOnce(RequestLog& log, async::EventLoop& loop, std::atomic<int>& fresh,
                            std::atomic<int>& others) {
  async::CallContext call(loop, async::kNever);
  auto begun = co_await log.Begin(call, "k", "f", kNow);
  if (!begun.ok()) co_return;
  ++(begun->state == RequestState::kNew ? fresh : others);
}

TEST_P(RequestLogTest, OneOfFiftyAtOnceIsNew) {
  std::atomic<int> fresh = 0;
  std::atomic<int> others = 0;
  async::LoopPool loops(3);
  for (int i = 0; i < 50; ++i) {
    async::EventLoop& loop = loops.Next();
    loop.Spawn(BeginOnce(*log_, loop, fresh, others));
  }
  loops.Shutdown(absl::InfiniteDuration());
  EXPECT_EQ(fresh, 1);
  EXPECT_EQ(others, 49);
}

async::Task<void> BeginInto(RequestLog& log, async::CallContext& call,
                            std::optional<absl::StatusOr<BegunRequest>>& out,
                            std::string fingerprint = "f") {
  auto begun = co_await log.Begin(call, "k", std::move(fingerprint), kNow);
  out.emplace(std::move(begun));
}

TEST_F(SqliteRequestLogTest, AKeyIsGivenBackWhereTheCallEndsBeforeTheAnswer) {
  async::CallContext cancelled(loop_, async::kNever);
  std::optional<absl::StatusOr<BegunRequest>> begun;
  {
    BusyStore busy(*database_);
    Start(loop_, BeginInto(*log_, cancelled, begun));
    cancelled.Cancel();
    while (!begun.has_value()) loop_.RunTurn(async::kNever);
  }
  EXPECT_EQ(begun->status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(Begin("k", "other").state, RequestState::kNew);
}

TEST_F(SqliteRequestLogTest, AKeyIsGivenBackWhereTheTaskIsDestroyed) {
  std::optional<absl::StatusOr<BegunRequest>> begun;
  {
    BusyStore busy(*database_);
    Start(loop_, BeginInto(*log_, call_, begun));
    loop_.DestroyTasks();
  }
  EXPECT_FALSE(begun.has_value());
  EXPECT_EQ(Begin("k", "other").state, RequestState::kNew);
}

TEST_F(SqliteRequestLogTest, WhatWasNotStoredGivesNothingOfAnotherAttemptBack) {
  async::CallContext cancelled(loop_, async::kNever);
  std::optional<absl::StatusOr<BegunRequest>> begun;
  {
    NoRoomForFiles no_room(std::filesystem::file_size(folder_.File("store.db-wal")) + 60'000);
    BusyStore busy(*database_);
    Start(loop_, BeginInto(*log_, cancelled, begun, std::string(200'000, 'f')));
    // It leaves when its loop runs again, after the other has been stored.
    cancelled.Cancel();
    busy.Release();
    async::EventLoop other_loop;
    async::CallContext other_call(other_loop, async::kNever);
    const auto other = async::BlockOn(other_loop, log_->Begin(other_call, "other", "f", kNow));
    EXPECT_TRUE(other.ok()) << other.status();
    EXPECT_EQ(other.value_or(BegunRequest{}).attempt, 1) << "that of the one that did not fit";
  }
  while (!begun.has_value()) loop_.RunTurn(async::kNever);
  EXPECT_EQ(begun->status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(Begin("other").state, RequestState::kInFlight);
  EXPECT_EQ(CountEntries(), 1);
}

TEST_F(SqliteRequestLogTest, ACallThatHasEndedBeginsNothingButFinishes) {
  const BegunRequest mine = Begin("mine");
  async::CallContext ended(loop_, async::kNever);
  ended.Cancel();
  const auto begun = async::BlockOn(loop_, log_->Begin(ended, "k", "f", kNow));
  EXPECT_EQ(begun.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(CountEntries(), 1);
  EXPECT_FALSE(async::BlockOn(loop_, log_->Finish(ended, "mine", mine.attempt, "done")).ok());
  EXPECT_EQ(Begin("mine").outcome, "done");
}

TEST_P(RequestLogTest, AfterTheRetentionAKeyIsFree) {
  const BegunRequest first = Begin("k");
  EXPECT_TRUE(Finish("k", first.attempt, "done").ok());
  const absl::Time almost = kNow + absl::Hours(24) - absl::Microseconds(1);
  EXPECT_EQ(Begin("k", "f", almost).state, RequestState::kDone);
  EXPECT_EQ(Begin("k", "other", kNow + absl::Hours(24)).state, RequestState::kNew);
}

TEST_F(SqliteRequestLogTest, PurgesWhatIsTooOldInBatches) {
  for (int i = 0; i < 250; ++i) Begin(absl::StrCat("old", i));
  Begin("young", "f", kNow + absl::Hours(1));
  const absl::Time later = kNow + absl::Hours(24);
  EXPECT_TRUE(*async::BlockOn(loop_, purgeable_->PurgeBatch(call_, later)));
  EXPECT_EQ(CountEntries(), 51);
  EXPECT_FALSE(*async::BlockOn(loop_, purgeable_->PurgeBatch(call_, later)));
  EXPECT_EQ(CountEntries(), 1);
  EXPECT_EQ(Begin("young", "f", later).state, RequestState::kInFlight);
}

TEST_F(SqliteRequestLogTest, WhereNothingCanBeWrittenBeginRefusesAndKnownOutcomesAreAnswered) {
  EXPECT_TRUE(Finish("done", Begin("done").attempt, "outcome").ok());
  Execute("PRAGMA query_only = 1");
  const auto refused = TryBegin("new");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(errors::ReasonOf(refused.status()), v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_EQ(Begin("done").outcome, "outcome");
  Execute("PRAGMA query_only = 0");
  EXPECT_EQ(Begin("new").state, RequestState::kNew);
}

TEST_F(SqliteRequestLogTest, AnOutcomeThatCantBeStoredIsAnsweredFromMemoryAndStoredLater) {
  const BegunRequest finished = Begin("finished");
  const BegunRequest forgotten = Begin("forgotten");
  Execute("PRAGMA query_only = 1");
  EXPECT_EQ(errors::ReasonOf(Finish("finished", finished.attempt, "done")),
            v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_FALSE(Forget("forgotten", forgotten.attempt).ok());
  EXPECT_EQ(Begin("finished").outcome, "done");
  EXPECT_EQ(Begin("finished", "other").state, RequestState::kOtherRequest);
  Execute("PRAGMA query_only = 0");
  EXPECT_EQ(Begin("forgotten").state, RequestState::kNew);
  EXPECT_EQ(Begin("forgotten").state, RequestState::kInFlight);
  EXPECT_TRUE(async::BlockOn(loop_, purgeable_->PurgeBatch(call_, kNow)).ok());
  EXPECT_TRUE(async::BlockOn(loop_, purgeable_->PurgeBatch(call_, kNow)).ok());
  Reopen();
  EXPECT_EQ(Begin("finished").outcome, "done");
}

async::Task<void> PurgeInto(Purgeable& log, async::CallContext& call,
                            std::optional<absl::StatusOr<bool>>& out) {
  auto purged = co_await log.PurgeBatch(call, kNow);
  out.emplace(std::move(purged));
}

TEST_F(SqliteRequestLogTest, AForgottenKeyStaysFreeWhereItsNextAttemptCantBeStored) {
  const BegunRequest forgotten = Begin("k");
  Execute("PRAGMA query_only = 1");
  EXPECT_FALSE(Forget("k", forgotten.attempt).ok());
  Execute("PRAGMA query_only = 0");
  std::optional<absl::StatusOr<BegunRequest>> begun;
  std::optional<absl::StatusOr<bool>> purged;
  {
    NoRoomForFiles no_room(std::filesystem::file_size(folder_.File("store.db-wal")) + 60'000);
    BusyStore busy(*database_);
    // In one transaction, which fails as a whole.
    Start(loop_, BeginInto(*log_, call_, begun, std::string(200'000, 'f')));
    Start(loop_, PurgeInto(*purgeable_, call_, purged));
    busy.Release();
    while (!begun.has_value() || !purged.has_value()) loop_.RunTurn(async::kNever);
  }
  EXPECT_EQ(errors::ReasonOf(begun->status()), v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_EQ(Begin("k").state, RequestState::kNew);
}

TEST_F(RedisRequestLogTest, WithoutTheServerNothingBeginsUntilItIsThereAgain) {
  EXPECT_TRUE(Finish("done", Begin("done").attempt, "outcome").ok());
  server_->Kill();
  const auto refused = TryBegin("new");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(errors::ReasonOf(refused.status()), v1::ERROR_REASON_STORE_UNAVAILABLE);
  server_->Start();
  while (!TryBegin("probe").ok()) absl::SleepFor(absl::Milliseconds(10));
  EXPECT_EQ(Begin("done").outcome, "outcome");
  EXPECT_EQ(Begin("new").state, RequestState::kNew) << "the refused attempt holds no key";
}

TEST_F(RedisRequestLogTest, WhatEndsWhileTheServerIsAwayIsStoredWhenItIsThereAgain) {
  const BegunRequest finished = Begin("finished");
  const BegunRequest forgotten = Begin("forgotten");
  const BegunRequest left = Begin("left");
  server_->Kill();
  EXPECT_EQ(errors::ReasonOf(Finish("finished", finished.attempt, "done")),
            v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_FALSE(Forget("forgotten", forgotten.attempt).ok());
  EXPECT_FALSE(LeaveUnknown("left", left.attempt).ok());
  server_->Start();
  while (!TryBegin("probe").ok()) absl::SleepFor(absl::Milliseconds(10));
  EXPECT_EQ(Begin("finished").outcome, "done");
  EXPECT_EQ(Begin("forgotten").state, RequestState::kNew);
  EXPECT_EQ(Begin("left").state, RequestState::kUnknownOutcome);
}

TEST_F(RedisRequestLogTest, AServerThatRestartsBetweenTwoRequestsIsNotNoticed) {
  Begin("before");
  server_->Kill();
  server_->Start();
  EXPECT_EQ(Begin("after").state, RequestState::kNew);
  EXPECT_EQ(Begin("before").state, RequestState::kInFlight);
}

TEST_F(RedisRequestLogTest, AServerThatDoesNotAnswerIsAskedForNoLongerThanTheTimeout) {
  RedisOptions options = server_->options();
  options.timeout = absl::Milliseconds(100);
  RedisClient client(options);
  RedisRequestLog log(client);
  const auto begin = [&](const char* key, const char* fingerprint) {
    return async::BlockOn(loop_, log.Begin(call_, key, fingerprint, kNow));
  };
  // A server that is there may need longer than that on a busy machine.
  while (!begin("k", "f").ok()) absl::SleepFor(absl::Milliseconds(10));
  server_->Pause();
  const auto refused = begin("late", "f");
  server_->Resume();
  EXPECT_EQ(errors::ReasonOf(refused.status()), v1::ERROR_REASON_STORE_UNAVAILABLE);
  // What the server did of it after all is taken back first.
  absl::StatusOr<BegunRequest> again = refused;
  while (!again.ok()) {
    absl::SleepFor(absl::Milliseconds(10));
    again = begin("late", "g");
  }
  EXPECT_EQ(again->state, RequestState::kNew);
}

TEST_F(RedisRequestLogTest, WhatAnotherProcessHasInFlightIsInFlightForAsLongAsItLives) {
  auto other_client = std::make_unique<RedisClient>(server_->options());
  auto other = std::make_unique<RedisRequestLog>(*other_client);
  const auto begun = async::BlockOn(loop_, other->Begin(call_, "k", "f", kNow));
  ASSERT_TRUE(begun.ok()) << begun.status();
  EXPECT_EQ(Begin("k").state, RequestState::kInFlight);
  EXPECT_EQ(Begin("k", "g").state, RequestState::kOtherRequest);
  other.reset();
  other_client.reset();
  const BegunRequest found = Begin("k");
  EXPECT_EQ(found.state, RequestState::kUnknownOutcome);
  EXPECT_EQ(found.attempt, begun->attempt);
}

TEST_F(RedisRequestLogTest, AProcessWhoseLeaseRunsOutCountsAsEnded) {
  RedisClient other_client(server_->options());
  RedisRequestLog other(other_client);
  ASSERT_TRUE(async::BlockOn(loop_, other.Begin(call_, "k", "f", kNow)).ok());
  EXPECT_EQ(Begin("k").state, RequestState::kInFlight);
  server_->Ask({"DEL", "edugate:owner:" + other_client.owner()});
  EXPECT_EQ(Begin("k").state, RequestState::kUnknownOutcome);
}

TEST_F(RedisRequestLogTest, KeysShowNothingAndExpire) {
  Begin("jane@example.org");
  const RedisValue keys = server_->Ask({"KEYS", "*"});
  for (const RedisValue& key : keys.array) {
    EXPECT_EQ(key.text.find("jane"), std::string::npos);
    EXPECT_EQ(key.text.rfind("edugate:", 0), 0u) << key.text;
    if (key.text.rfind("edugate:request:", 0) != 0) continue;
    EXPECT_GT(server_->Ask({"PTTL", key.text}).integer, 0);
  }
}

TEST_F(RedisRequestLogTest, AKeyIsGivenBackWhereTheCallEndsBeforeTheAnswer) {
  Begin("first");
  async::CallContext cancelled(loop_, async::kNever);
  std::optional<absl::StatusOr<BegunRequest>> begun;
  server_->Ask({"CLIENT", "PAUSE", "60000", "WRITE"});
  Start(loop_, BeginInto(*log_, cancelled, begun));
  cancelled.Cancel();
  while (!begun.has_value()) loop_.RunTurn(async::kNever);
  server_->Ask({"CLIENT", "UNPAUSE"});
  EXPECT_EQ(begun->status().code(), absl::StatusCode::kCancelled);
  absl::StatusOr<BegunRequest> again = begun->status();
  while (!again.ok()) again = TryBegin("k", "other");
  EXPECT_EQ(again->state, RequestState::kNew);
}

// What a killed process reports: its keys are numbers, and negative once they are finished.
async::Task<void> BeginAndFinish(RequestLog& log, async::EventLoop& loop, int64_t first,
                                 ChildProcess::Reporter reporter) {
  async::CallContext call(loop, async::kNever);
  for (int64_t number = first; number < first + 1'000'000; ++number) {
    const std::string key = absl::StrCat(number);
    auto begun = co_await log.Begin(call, key, "f", kNow);
    if (!begun.ok() || begun->state != RequestState::kNew) _exit(1);
    reporter.Report(number);
    auto finished = co_await log.Finish(call, key, begun->attempt, key);
    if (!finished.ok()) _exit(1);
    reporter.Report(-number);
  }
}

TEST(RequestLogCrashTest, NoRequestOfAKilledProcessIsLostOrNewAgainInRedis) {
  TemporaryFolder folder;
  std::map<int64_t, bool> finished;
  RedisServer server(folder.path());
  {
    ChildProcess child([&](ChildProcess::Reporter reporter) {
      RedisClient::Limits limits;
      limits.lease = absl::Milliseconds(200);
      RedisClient client(server.options(), limits);
      RedisRequestLog log(client);
      async::EventLoop loop;
      for (int64_t i = 0; i < 20; ++i) {
        loop.Spawn(BeginAndFinish(log, loop, i * 1'000'000 + 1, reporter));
      }
      loop.Run();
    });
    const auto note = [&](int64_t report) { finished[std::abs(report)] |= report < 0; };
    for (int i = 0; i < 600; ++i) {
      const auto report = child.Next();
      ASSERT_TRUE(report.has_value()) << "the child ended by itself";
      note(*report);
    }
    child.Kill();
    for (auto report = child.Next(); report.has_value(); report = child.Next()) note(*report);
  }
  // The server is killed, too, while it still has the lease.
  server.Kill();
  server.Start();
  RedisClient client(server.options());
  RedisRequestLog log(client);
  async::EventLoop loop;
  async::CallContext call(loop, async::kNever);
  for (const auto& [number, is_finished] : finished) {
    const std::string key = absl::StrCat(number);
    auto begun = async::BlockOn(loop, log.Begin(call, key, "f", kNow));
    ASSERT_TRUE(begun.ok()) << begun.status();
    while (begun->state == RequestState::kInFlight) {
      begun = async::BlockOn(loop, log.Begin(call, key, "f", kNow));
      ASSERT_TRUE(begun.ok()) << begun.status();
    }
    if (is_finished || begun->state == RequestState::kDone) {
      EXPECT_EQ(begun->state, RequestState::kDone) << key;
      EXPECT_EQ(begun->outcome, key);
    } else {
      EXPECT_EQ(begun->state, RequestState::kUnknownOutcome) << key;
    }
  }
}

TEST(RequestLogCrashTest, NoRequestOfAKilledProcessIsLostOrNewAgain) {
  TemporaryFolder folder;
  const std::string path = folder.File("store.db");
  std::map<int64_t, bool> finished;
  {
    ChildProcess child([&](ChildProcess::Reporter reporter) {
      auto database = Database::Open({.path = path});
      if (!database.ok()) _exit(1);
      SqliteRequestLog log(**database);
      async::EventLoop loop;
      for (int64_t i = 0; i < 20; ++i) {
        loop.Spawn(BeginAndFinish(log, loop, i * 1'000'000 + 1, reporter));
      }
      loop.Run();
    });
    const auto note = [&](int64_t report) { finished[std::abs(report)] |= report < 0; };
    for (int i = 0; i < 600; ++i) {
      const auto report = child.Next();
      ASSERT_TRUE(report.has_value()) << "the child ended by itself";
      note(*report);
    }
    child.Kill();
    for (auto report = child.Next(); report.has_value(); report = child.Next()) note(*report);
  }
  auto database = Database::Open({.path = path});
  ASSERT_TRUE(database.ok()) << database.status();
  SqliteRequestLog log(**database);
  async::EventLoop loop;
  async::CallContext call(loop, async::kNever);
  for (const auto& [number, is_finished] : finished) {
    const std::string key = absl::StrCat(number);
    const auto begun = async::BlockOn(loop, log.Begin(call, key, "f", kNow));
    ASSERT_TRUE(begun.ok()) << begun.status();
    if (is_finished || begun->state == RequestState::kDone) {
      EXPECT_EQ(begun->state, RequestState::kDone) << key;
      EXPECT_EQ(begun->outcome, key);
    } else {
      EXPECT_EQ(begun->state, RequestState::kUnknownOutcome) << key;
    }
  }
}

}  // namespace
}  // namespace edugate::store
