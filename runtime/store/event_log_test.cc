#include "runtime/store/event_log.h"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/block_on.h"
#include "runtime/async/clock.h"
#include "runtime/async/loop_pool.h"
#include "runtime/errors/errors.h"
#include "runtime/store/child_process.h"
#include "runtime/store/redis_event_log.h"
#include "runtime/store/redis_server.h"
#include "runtime/store/sqlite_event_log.h"
#include "runtime/store/temporary_folder.h"

namespace edugate::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

std::vector<std::string> IdsOf(const EventBatch& batch) {
  std::vector<std::string> ids;
  for (const Event& event : batch.events) ids.push_back(event.dedup_id);
  return ids;
}

enum class StoreKind { kSqlite, kRedis };

class EventLogFixture : public testing::Test {
 protected:
  explicit EventLogFixture(StoreKind kind) {
    if (kind == StoreKind::kRedis) server_.emplace(folder_.path());
    Reopen();
  }

  void Reopen() {
    log_.reset();
    database_.reset();
    client_.reset();
    if (server_.has_value()) {
      client_ = std::make_unique<RedisClient>(server_->options());
      Keep(std::make_unique<RedisEventLog>(*client_, absl::Hours(24)));
      return;
    }
    auto database = Database::Open({.path = folder_.File("store.db")});
    if (!database.ok()) ADD_FAILURE() << database.status();
    database_ = *std::move(database);
    Keep(std::make_unique<SqliteEventLog>(*database_, absl::Hours(24)));
  }

  // As a volume does that is made anew.
  void LoseEverything() {
    if (server_.has_value()) {
      server_->Ask({"FLUSHALL"});
    } else {
      log_.reset();
      database_.reset();
      for (const char* file : {"store.db", "store.db-wal", "store.db-shm"}) {
        std::filesystem::remove(folder_.File(file));
      }
    }
    Reopen();
  }

  absl::StatusOr<AppendedEvent> TryAppend(const std::string& topic, const std::string& id,
                                          const std::string& payload = "p", absl::Time now = kNow) {
    return async::BlockOn(loop_, log_->Append(call_, topic, id, payload, now));
  }
  AppendedEvent Append(const std::string& topic, const std::string& id,
                       const std::string& payload = "p", absl::Time now = kNow) {
    auto appended = TryAppend(topic, id, payload, now);
    EXPECT_TRUE(appended.ok()) << appended.status();
    return appended.value_or(AppendedEvent{});
  }
  EventBatch Read(const std::string& topic, int64_t after, std::size_t limit = 100) {
    auto batch = async::BlockOn(loop_, log_->Read(call_, topic, after, limit));
    EXPECT_TRUE(batch.ok()) << batch.status();
    return batch.value_or(EventBatch{});
  }
  int64_t LastSequence() { return *async::BlockOn(loop_, log_->LastSequence(call_)); }
  bool Purge(absl::Time now) { return *async::BlockOn(loop_, purgeable_->PurgeBatch(call_, now)); }

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

  template <typename Log>
  void Keep(std::unique_ptr<Log> log) {
    purgeable_ = log.get();
    log_ = std::move(log);
  }

  TemporaryFolder folder_;
  std::optional<RedisServer> server_;
  async::EventLoop loop_;
  async::CallContext call_{loop_, async::kNever};
  std::unique_ptr<Database> database_;
  std::unique_ptr<RedisClient> client_;
  std::unique_ptr<EventLog> log_;
  Purgeable* purgeable_ = nullptr;
};

class EventLogTest : public EventLogFixture, public testing::WithParamInterface<StoreKind> {
 protected:
  EventLogTest() : EventLogFixture(GetParam()) {}
};

INSTANTIATE_TEST_SUITE_P(, EventLogTest, testing::Values(StoreKind::kSqlite, StoreKind::kRedis),
                         [](const auto& info) {
                           return info.param == StoreKind::kSqlite ? "Sqlite" : "Redis";
                         });

class SqliteEventLogTest : public EventLogFixture {
 protected:
  SqliteEventLogTest() : EventLogFixture(StoreKind::kSqlite) {}
};

// Starts a task, as far as it gets by itself.
void Start(async::EventLoop& loop, async::Task<void> task) {
  loop.Spawn(std::move(task));
  while (loop.RunTurn(async::MonotonicTime::min())) {
  }
}

async::Task<void> ReadNextInto(EventLog& log, async::CallContext& call, int64_t after,
                               std::optional<absl::StatusOr<EventBatch>>& out) {
  auto batch = co_await log.ReadNext(call, "t", after, 10);
  out.emplace(std::move(batch));
}

class RedisEventLogTest : public EventLogFixture {
 protected:
  RedisEventLogTest() : EventLogFixture(StoreKind::kRedis) {}

  // How often the server has heard the command since its figures began anew.
  int CallsOf(const std::string& command) {
    const std::string figures = server_->Ask({"INFO", "commandstats"}).text;
    const std::string name = absl::StrCat("cmdstat_", command, ":calls=");
    const size_t at = figures.find(name);
    if (at == std::string::npos) return 0;
    const std::string rest = figures.substr(at + name.size());
    int calls = -1;
    EXPECT_TRUE(absl::SimpleAtoi(rest.substr(0, rest.find(',')), &calls)) << rest;
    return calls;
  }

  void ExpectComes(const std::string& id, const std::optional<absl::StatusOr<EventBatch>>& next) {
    while (!next.has_value()) loop_.RunTurn(async::kNever);
    ASSERT_TRUE(next->ok()) << next->status();
    EXPECT_THAT(IdsOf(**next), ElementsAre(id));
  }

  // What a read that began before the server was killed gets from the next one. The news may come
  // over its connection before the client has tried to connect again: who is woken then is told so,
  // and asks once more.
  void AwaitFromNewServer(async::CallContext& call, int64_t after,
                          std::optional<absl::StatusOr<EventBatch>>& batch) {
    for (;;) {
      while (!batch.has_value()) loop_.RunTurn(async::kNever);
      if (errors::ReasonOf(batch->status()) != v1::ERROR_REASON_STORE_UNAVAILABLE) return;
      absl::SleepFor(absl::Milliseconds(10));
      batch.reset();
      Start(loop_, ReadNextInto(*log_, call, after, batch));
    }
  }

  void RunFor(absl::Duration time) {
    const async::MonotonicTime until = async::After(async::SystemClock().MonotonicNow(), time);
    while (async::SystemClock().MonotonicNow() < until) loop_.RunTurn(until);
  }
};

TEST_P(EventLogTest, WhoHasSeenMoreThanThereIsStartsAgain) {
  for (const char* id : {"1", "2", "3"}) Append("t", id);
  const int64_t seen = Read("t", 0).last;
  LoseEverything();
  const EventBatch nothing = Read("t", seen);
  EXPECT_THAT(IdsOf(nothing), IsEmpty());
  EXPECT_TRUE(nothing.missed);
  EXPECT_EQ(nothing.last, 0);
  Append("t", "new");
  const EventBatch batch = Read("t", seen);
  EXPECT_THAT(IdsOf(batch), ElementsAre("new"));
  EXPECT_TRUE(batch.missed);
  EXPECT_FALSE(Read("t", batch.last).missed);
}

TEST_P(EventLogTest, GivesEventsOfATopicInOrder) {
  const std::string payload("a\0b", 3);
  const AppendedEvent one = Append("t", "1", payload);
  Append("other", "x");
  const AppendedEvent two = Append("t", "2", "");
  EXPECT_GT(two.sequence, one.sequence);
  const EventBatch all = Read("t", 0);
  ASSERT_THAT(IdsOf(all), ElementsAre("1", "2"));
  EXPECT_EQ(all.events[0].sequence, one.sequence);
  EXPECT_EQ(all.events[0].payload, payload);
  EXPECT_EQ(all.events[0].stored, kNow);
  EXPECT_EQ(all.events[1].payload, "");
  EXPECT_EQ(all.last, two.sequence);
  EXPECT_FALSE(all.missed);
}

TEST_P(EventLogTest, ReadsOnFromASequenceByTheLimit) {
  for (const char* id : {"1", "2", "3", "4", "5"}) Append("t", id);
  const EventBatch first = Read("t", 0, 2);
  EXPECT_THAT(IdsOf(first), ElementsAre("1", "2"));
  const EventBatch second = Read("t", first.last, 2);
  EXPECT_THAT(IdsOf(second), ElementsAre("3", "4"));
  const EventBatch third = Read("t", second.last, 2);
  EXPECT_THAT(IdsOf(third), ElementsAre("5"));
  const EventBatch end = Read("t", third.last, 2);
  EXPECT_THAT(IdsOf(end), IsEmpty());
  EXPECT_EQ(end.last, third.last);
  EXPECT_THAT(IdsOf(Read("t", 0, 0)), ElementsAre("1")) << "a limit is at least 1";
}

TEST_P(EventLogTest, LargePayloadsMakeSmallerBatches) {
  for (const char* id : {"1", "2", "3"}) Append("t", id, std::string(3u << 20, 'x'));
  const EventBatch first = Read("t", 0);
  EXPECT_THAT(IdsOf(first), ElementsAre("1", "2"));
  EXPECT_THAT(IdsOf(Read("t", first.last)), ElementsAre("3"));
}

TEST_P(EventLogTest, TheSameIdGivesTheSameSequenceWithinATopic) {
  const AppendedEvent first = Append("t", "1", "first");
  EXPECT_FALSE(first.duplicate);
  const AppendedEvent again = Append("t", "1", "again");
  EXPECT_TRUE(again.duplicate);
  EXPECT_EQ(again.sequence, first.sequence);
  EXPECT_FALSE(Append("other", "1").duplicate);
  const EventBatch all = Read("t", 0);
  ASSERT_THAT(IdsOf(all), ElementsAre("1"));
  EXPECT_EQ(all.events[0].payload, "first");
}

TEST_P(EventLogTest, KeepsEverythingOverARestart) {
  const AppendedEvent first = Append("t", "1");
  Reopen();
  const AppendedEvent again = Append("t", "1");
  EXPECT_TRUE(again.duplicate);
  EXPECT_EQ(again.sequence, first.sequence);
  Append("t", "2");
  EXPECT_THAT(IdsOf(Read("t", 0)), ElementsAre("1", "2"));
}

TEST_P(EventLogTest, AnEventDatedAheadOfTimeKeepsNoOtherFromBeingPurged) {
  Append("t", "ahead", "p", kNow + absl::Hours(24 * 365));
  Append("t", "old");
  Append("t", "young", "p", kNow + absl::Hours(24));
  Purge(kNow + absl::Hours(24));
  EXPECT_THAT(IdsOf(Read("t", 0)), ElementsAre("ahead", "young"));
  EXPECT_FALSE(Append("t", "old", "p", kNow + absl::Hours(24)).duplicate);
}

TEST_P(EventLogTest, AnEventThatIsPurgedLateDoesNotHideThatLaterOnesAreGone) {
  const AppendedEvent ahead = Append("t", "ahead", "p", kNow + absl::Hours(1));
  const AppendedEvent old = Append("t", "old");
  Purge(kNow + absl::Hours(24));
  EXPECT_TRUE(Read("t", ahead.sequence).missed);
  Purge(kNow + absl::Hours(25));
  const EventBatch batch = Read("t", ahead.sequence);
  EXPECT_THAT(IdsOf(batch), IsEmpty());
  EXPECT_TRUE(batch.missed);
  EXPECT_EQ(batch.last, old.sequence);
}

TEST_P(EventLogTest, PurgesWhatIsTooOldInBatches) {
  for (int i = 0; i < 250; ++i) Append("t", absl::StrCat(i));
  const AppendedEvent young = Append("t", "young", "p", kNow + absl::Hours(1));
  EXPECT_FALSE(Purge(kNow + absl::Hours(24) - absl::Microseconds(1)));
  EXPECT_EQ(Read("t", 0, 1000).events.size(), 251u);
  EXPECT_TRUE(Purge(kNow + absl::Hours(24)));
  EXPECT_EQ(Read("t", 0, 1000).events.size(), 51u);
  EXPECT_FALSE(Purge(kNow + absl::Hours(24)));
  EXPECT_THAT(IdsOf(Read("t", 0)), ElementsAre("young"));
  EXPECT_FALSE(Append("t", "0").duplicate) << "a purged event's id is free";
  EXPECT_GT(LastSequence(), young.sequence);
}

TEST_P(EventLogTest, AReaderThatMissedEventsIsTold) {
  const AppendedEvent one = Append("t", "1");
  const AppendedEvent two = Append("t", "2");
  Append("other", "x", "p", kNow + absl::Hours(1));
  Purge(kNow + absl::Hours(24));
  const EventBatch late = Read("t", one.sequence);
  EXPECT_TRUE(late.missed);
  EXPECT_EQ(late.last, two.sequence);
  EXPECT_FALSE(Read("t", late.last).missed);
  EXPECT_FALSE(Read("other", 0).missed);
  Reopen();
  EXPECT_TRUE(Read("t", one.sequence).missed);
}

TEST_P(EventLogTest, SequencesAreNeverUsedAgain) {
  EXPECT_EQ(LastSequence(), 0);
  const AppendedEvent first = Append("t", "1");
  EXPECT_EQ(LastSequence(), first.sequence);
  Purge(kNow + absl::Hours(48));
  EXPECT_THAT(IdsOf(Read("t", 0)), IsEmpty());
  EXPECT_EQ(LastSequence(), first.sequence);
  Reopen();
  EXPECT_GT(Append("t", "1").sequence, first.sequence);
}

TEST_P(EventLogTest, ReadNextGivesWhatIsThere) {
  Append("t", "1");
  Reopen();
  const auto batch = async::BlockOn(loop_, log_->ReadNext(call_, "t", 0, 10));
  ASSERT_TRUE(batch.ok());
  EXPECT_THAT(IdsOf(*batch), ElementsAre("1"));
}

TEST_P(EventLogTest, ReadNextWaitsForAnEventOfItsTopic) {
  const AppendedEvent first = Append("t", "1");
  std::optional<absl::StatusOr<EventBatch>> batch;
  Start(loop_, ReadNextInto(*log_, call_, first.sequence, batch));
  Append("other", "x");
  EXPECT_FALSE(batch.has_value());
  Append("t", "2");
  while (!batch.has_value()) loop_.RunTurn(async::kNever);
  ASSERT_TRUE(batch->ok());
  EXPECT_THAT(IdsOf(**batch), ElementsAre("2"));
}

TEST_P(EventLogTest, ReadNextEndsWithItsCall) {
  async::CallContext cancelled(loop_, async::kNever);
  std::optional<absl::StatusOr<EventBatch>> batch;
  Start(loop_, ReadNextInto(*log_, cancelled, 0, batch));
  Append("other", "x");
  cancelled.Cancel();
  while (!batch.has_value()) loop_.RunTurn(async::kNever);
  EXPECT_EQ(batch->status().code(), absl::StatusCode::kCancelled);
}

TEST_P(EventLogTest, ReadNextTellsOfMissedEventsOnce) {
  const AppendedEvent gone = Append("t", "1");
  Purge(kNow + absl::Hours(24));
  const auto batch = async::BlockOn(loop_, log_->ReadNext(call_, "t", 0, 10));
  ASSERT_TRUE(batch.ok());
  EXPECT_TRUE(batch->missed);
  EXPECT_EQ(batch->last, gone.sequence);
  std::optional<absl::StatusOr<EventBatch>> next;
  Start(loop_, ReadNextInto(*log_, call_, batch->last, next));
  Append("other", "x");
  EXPECT_FALSE(next.has_value());
  Append("t", "2");
  while (!next.has_value()) loop_.RunTurn(async::kNever);
  EXPECT_FALSE((*next)->missed);
}

async::Task<void> Watch(EventLog& log, async::EventLoop& loop, int events, std::atomic<int>& ended,
                        std::atomic<int>& wrong) {
  async::CallContext call(loop, async::kNever);
  int64_t last = 0;
  int seen = 0;
  while (seen < events) {
    auto batch = co_await log.ReadNext(call, "t", last, 7);
    if (!batch.ok()) co_return;
    for (const Event& event : batch->events) {
      if (event.dedup_id != absl::StrCat(seen)) ++wrong;
      ++seen;
    }
    last = batch->last;
  }
  ++ended;
}

TEST_P(EventLogTest, WatchersOfSeveralLoopsSeeEveryEventInOrder) {
  constexpr int kWatchers = 60;
  constexpr int kEvents = 100;
  std::atomic<int> ended = 0;
  std::atomic<int> wrong = 0;
  async::LoopPool loops(3);
  for (int i = 0; i < kWatchers; ++i) {
    async::EventLoop& loop = loops.Next();
    loop.Spawn(Watch(*log_, loop, kEvents, ended, wrong));
  }
  for (int i = 0; i < kEvents; ++i) Append("t", absl::StrCat(i));
  loops.Shutdown(absl::InfiniteDuration());
  EXPECT_EQ(ended, kWatchers);
  EXPECT_EQ(wrong, 0);
}

TEST_F(SqliteEventLogTest, AFullDiskRefusesEventsUntilOldOnesArePurged) {
  const std::string payload(10'000, 'x');
  Append("t", "first", payload);
  Execute("PRAGMA max_page_count = 60");
  int stored = 0;
  absl::Status refused;
  for (int i = 0; refused.ok() && i < 1000; ++i) {
    refused = TryAppend("t", absl::StrCat(i), payload).status();
    if (refused.ok()) ++stored;
  }
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(errors::ReasonOf(refused), v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_EQ(Read("t", 0, 1000).events.size(), static_cast<size_t>(stored) + 1);
  Purge(kNow + absl::Hours(24));
  EXPECT_TRUE(TryAppend("t", "after", payload).ok());
}

TEST_F(RedisEventLogTest, AnEventOfAnotherProcessWakesThoseWhoWait) {
  std::optional<absl::StatusOr<EventBatch>> batch;
  Start(loop_, ReadNextInto(*log_, call_, 0, batch));
  RedisClient other_client(server_->options());
  RedisEventLog other(other_client);
  async::EventLoop other_loop;
  async::CallContext other_call(other_loop, async::kNever);
  ASSERT_TRUE(async::BlockOn(other_loop, other.Append(other_call, "t", "1", "p", kNow)).ok());
  while (!batch.has_value()) loop_.RunTurn(async::kNever);
  ASSERT_TRUE(batch->ok());
  EXPECT_THAT(IdsOf(**batch), ElementsAre("1"));
}

TEST_F(RedisEventLogTest, AKilledServerLosesNoAcknowledgedEventAndWakesThoseWhoWaited) {
  Append("t", "1");
  std::optional<absl::StatusOr<EventBatch>> batch;
  Start(loop_, ReadNextInto(*log_, call_, 1, batch));
  Append("other", "x");
  server_->Kill();
  const auto refused = TryAppend("t", "refused");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(errors::ReasonOf(refused.status()), v1::ERROR_REASON_STORE_UNAVAILABLE);
  server_->Start();
  {
    // Stored by another process, before this one has heard of the server again.
    RedisClient other_client(server_->options());
    RedisEventLog other(other_client);
    async::EventLoop other_loop;
    async::CallContext other_call(other_loop, async::kNever);
    ASSERT_TRUE(async::BlockOn(other_loop, other.Append(other_call, "t", "2", "p", kNow)).ok());
  }
  AwaitFromNewServer(call_, 1, batch);
  ASSERT_TRUE(batch->ok()) << batch->status();
  EXPECT_THAT(IdsOf(**batch), ElementsAre("2"));
  EXPECT_THAT(IdsOf(Read("t", 0)), ElementsAre("1", "2"));
}

TEST_F(RedisEventLogTest, WhoWaitsWhenTheServerLosesEverythingStartsAgain) {
  for (const char* id : {"1", "2", "3"}) Append("t", id);
  std::optional<absl::StatusOr<EventBatch>> lost;
  Start(loop_, ReadNextInto(*log_, call_, 3, lost));
  Append("other", "x");
  server_->Ask({"FLUSHALL"});
  server_->Kill();
  server_->Start();
  AwaitFromNewServer(call_, 3, lost);
  ASSERT_TRUE(lost->ok()) << lost->status();
  EXPECT_TRUE((*lost)->missed);
  EXPECT_THAT(IdsOf(**lost), IsEmpty());

  // It waits, and doesn't ask again and again for what the lost log had.
  std::optional<absl::StatusOr<EventBatch>> next;
  Start(loop_, ReadNextInto(*log_, call_, (*lost)->last, next));
  server_->Ask({"CONFIG", "RESETSTAT"});
  RunFor(absl::Milliseconds(300));
  EXPECT_LT(CallsOf("eval"), 10);
  Append("t", "new");
  ExpectComes("new", next);
}

TEST_F(RedisEventLogTest, WhoComesAnewAfterTheServerLostEverythingWaits) {
  for (const char* id : {"1", "2", "3"}) Append("t", id);
  server_->Ask({"FLUSHALL"});
  server_->Kill();
  server_->Start();
  while (!TryAppend("t", "new").ok()) absl::SleepFor(absl::Milliseconds(10));
  std::optional<absl::StatusOr<EventBatch>> next;
  Start(loop_, ReadNextInto(*log_, call_, 1, next));
  // The listener comes back in its own time; from then on nobody asks again and again.
  do {
    server_->Ask({"CONFIG", "RESETSTAT"});
    RunFor(absl::Milliseconds(300));
    ASSERT_FALSE(next.has_value());
  } while (CallsOf("eval") >= 10);
  Append("t", "newer");
  ExpectComes("newer", next);
}

TEST_F(RedisEventLogTest, WhoWaitsGetsWhatAServerHasThatWasMadeAnew) {
  for (const char* id : {"1", "2", "3"}) Append("t", id);
  async::CallContext waiting(loop_, async::After(loop_.Now(), absl::Seconds(60)));
  std::optional<absl::StatusOr<EventBatch>> batch;
  Start(loop_, ReadNextInto(*log_, waiting, 3, batch));
  Append("other", "x");
  server_->Kill();
  for (const char* data : {"appendonlydir", "appendonly.aof"}) {
    std::filesystem::remove_all(folder_.File(data));
  }
  server_->Start();
  while (!TryAppend("t", "new").ok()) absl::SleepFor(absl::Milliseconds(10));
  AwaitFromNewServer(waiting, 3, batch);
  ASSERT_TRUE(batch->ok()) << batch->status();
  EXPECT_THAT(IdsOf(**batch), ElementsAre("new"));
  EXPECT_TRUE((*batch)->missed);
}

TEST_F(RedisEventLogTest, AServerThatCantWriteRefusesEventsAndIsReadOn) {
  Append("t", "1");
  server_->Ask({"CONFIG", "SET", "maxmemory", "1"});
  const auto refused = TryAppend("t", "2");
  EXPECT_EQ(errors::ReasonOf(refused.status()), v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_THAT(std::string(refused.status().message()), testing::HasSubstr("OOM"));
  EXPECT_EQ(LastSequence(), 1);
  server_->Ask({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_FALSE(Append("t", "2").duplicate);
}

async::Task<void> AppendMany(EventLog& log, async::EventLoop& loop, int64_t first,
                             ChildProcess::Reporter reporter) {
  async::CallContext call(loop, async::kNever);
  for (int64_t id = first; id < first + 1'000'000; ++id) {
    auto appended = co_await log.Append(call, "t", absl::StrCat(id), "payload", kNow);
    if (!appended.ok() || appended->duplicate) _exit(1);
    reporter.Report(id);
  }
}

TEST(EventLogCrashTest, WhatAKilledProcessHasAcknowledgedIsThere) {
  TemporaryFolder folder;
  const std::string path = folder.File("store.db");
  std::vector<std::string> acknowledged;
  {
    ChildProcess child([&](ChildProcess::Reporter reporter) {
      auto database = Database::Open({.path = path});
      if (!database.ok()) _exit(1);
      SqliteEventLog log(**database);
      async::EventLoop loop;
      for (int64_t i = 0; i < 50; ++i) {
        loop.Spawn(AppendMany(log, loop, i * 1'000'000, reporter));
      }
      loop.Run();
    });
    for (int i = 0; i < 1000; ++i) {
      const auto report = child.Next();
      ASSERT_TRUE(report.has_value()) << "the child ended by itself";
      acknowledged.push_back(absl::StrCat(*report));
    }
    child.Kill();
    for (auto report = child.Next(); report.has_value(); report = child.Next()) {
      acknowledged.push_back(absl::StrCat(*report));
    }
  }
  auto database = Database::Open({.path = path});
  ASSERT_TRUE(database.ok()) << database.status();
  SqliteEventLog log(**database);
  async::EventLoop loop;
  async::CallContext call(loop, async::kNever);
  std::map<std::string, int> found;
  for (int64_t last = -1, next = 0; next != last;) {
    last = next;
    const auto batch = async::BlockOn(loop, log.Read(call, "t", last, 10'000));
    ASSERT_TRUE(batch.ok()) << batch.status();
    for (const Event& event : batch->events) ++found[event.dedup_id];
    next = batch->last;
  }
  for (const std::string& id : acknowledged) EXPECT_EQ(found[id], 1) << id;
}

}  // namespace
}  // namespace edugate::store
