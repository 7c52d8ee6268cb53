#include "runtime/store/database.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/block_on.h"
#include "runtime/async/event_loop.h"
#include "runtime/errors/errors.h"
#include "runtime/store/busy_store.h"
#include "runtime/store/child_process.h"
#include "runtime/store/no_room_for_files.h"
#include "runtime/store/temporary_folder.h"

namespace edugate::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<const char*>& Numbers() {
  static const auto& schema =
      *new std::vector<const char*>{"CREATE TABLE number (value INTEGER UNIQUE, note BLOB)"};
  return schema;
}

absl::StatusOr<std::monostate> InsertNumber(Session& session, int64_t value,
                                            absl::string_view note) {
  Statement insert(session, "INSERT INTO number VALUES (?1, ?2)");
  insert.Bind(1, value);
  insert.Bind(2, note);
  const absl::Status inserted = insert.Run();
  if (!inserted.ok()) return inserted;
  return std::monostate();
}

Query<std::monostate> Insert(int64_t value, std::string note = "") {
  Query<std::monostate> query;
  query.work = [value, note](Session& session) { return InsertNumber(session, value, note); };
  return query;
}

Query<int64_t> Count() {
  Query<int64_t> query;
  query.work = [](Session& session) -> absl::StatusOr<int64_t> {
    Statement count(session, "SELECT count(*) FROM number");
    const absl::StatusOr<bool> found = count.Step();
    if (!found.ok()) return found.status();
    return count.Int(0);
  };
  return query;
}

Query<std::monostate> Execute(const char* sql) {
  Query<std::monostate> query;
  query.work = [sql](Session& session) -> absl::StatusOr<std::monostate> {
    const absl::Status done = session.Execute(sql);
    if (!done.ok()) return done;
    return std::monostate();
  };
  return query;
}

class DatabaseTest : public testing::Test {
 protected:
  std::unique_ptr<Database> Open(DatabaseOptions options) {
    options.schema = Numbers();
    options.busy_timeout = absl::ZeroDuration();
    auto database = Database::Open(std::move(options));
    EXPECT_TRUE(database.ok()) << database.status();
    return database.ok() ? *std::move(database) : nullptr;
  }

  std::unique_ptr<Database> OpenFile() { return Open({.path = folder_.File("store.db")}); }

  template <typename T>
  absl::StatusOr<T> Run(Database& database, Query<T> query) {
    return async::BlockOn(loop_, database.Run(call_, std::move(query)));
  }

  TemporaryFolder folder_;
  async::EventLoop loop_;
  async::CallContext call_{loop_, async::kNever};
};

// Starts a task, as far as it gets by itself.
void Start(async::EventLoop& loop, async::Task<void> task) {
  loop.Spawn(std::move(task));
  while (loop.RunTurn(async::MonotonicTime::min())) {
  }
}

async::Task<void> RunInto(Database& database, async::CallContext& call, Query<std::monostate> query,
                          std::optional<absl::Status>& out) {
  auto answer = co_await database.Run(call, std::move(query));
  out = answer.status();
}

void RunUntilSet(async::EventLoop& loop, const std::optional<absl::Status>& out) {
  while (!out.has_value()) loop.RunTurn(async::kNever);
}

TEST(InMemoryDatabaseTest, WritesNothingToTheWorkingDirectory) {
  auto database = Database::Open({});
  ASSERT_TRUE(database.ok()) << database.status();
  EXPECT_NE(access(kInMemory, F_OK), 0);
}

TEST_F(DatabaseTest, WhatIsStoredIsThereAfterReopening) {
  {
    auto database = OpenFile();
    EXPECT_TRUE(Run(*database, Insert(1)).ok());
  }
  auto database = OpenFile();
  EXPECT_THAT(*Run(*database, Count()), 1);
}

TEST_F(DatabaseTest, InMemoryNothingOutlivesIt) {
  {
    auto database = Open({});
    EXPECT_TRUE(Run(*database, Insert(1)).ok());
    EXPECT_THAT(*Run(*database, Count()), 1);
  }
  auto database = Open({});
  EXPECT_THAT(*Run(*database, Count()), 0);
}

TEST_F(DatabaseTest, JobsThatWaitShareOneTransaction) {
  std::vector<std::size_t> commits;
  {
    auto database = Open({.on_commit = [&](std::size_t jobs) { commits.push_back(jobs); }});
    BusyStore busy(*database);
    std::vector<std::optional<absl::Status>> outcomes(1000);
    for (int i = 0; i < 1000; ++i) {
      Start(loop_, RunInto(*database, call_, Insert(i), outcomes[static_cast<size_t>(i)]));
    }
    busy.Release();
    for (auto& outcome : outcomes) {
      RunUntilSet(loop_, outcome);
      EXPECT_TRUE(outcome->ok());
    }
  }
  EXPECT_THAT(commits, ElementsAre(1, 1000));
}

TEST_F(DatabaseTest, AJobThatFailsUndoesItsOwnWorkAlone) {
  auto database = OpenFile();
  BusyStore busy(*database);
  Query<std::monostate> failing;
  failing.work = [](Session& session) -> absl::StatusOr<std::monostate> {
    const auto inserted = InsertNumber(session, 2, "");
    if (!inserted.ok()) return inserted;
    return absl::FailedPreconditionError("no");
  };
  std::optional<absl::Status> outcomes[3];
  Start(loop_, RunInto(*database, call_, Insert(1), outcomes[0]));
  Start(loop_, RunInto(*database, call_, std::move(failing), outcomes[1]));
  Start(loop_, RunInto(*database, call_, Insert(3), outcomes[2]));
  busy.Release();
  for (auto& outcome : outcomes) RunUntilSet(loop_, outcome);
  EXPECT_TRUE(outcomes[0]->ok());
  EXPECT_EQ(outcomes[1]->code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(outcomes[2]->ok());
  EXPECT_THAT(*Run(*database, Count()), 2);
}

TEST_F(DatabaseTest, JobsOfAGroupThatSqliteRolledBackRunAlone) {
  auto database = OpenFile();
  BusyStore busy(*database);
  std::optional<absl::Status> outcomes[3];
  Start(loop_, RunInto(*database, call_, Insert(1), outcomes[0]));
  Start(loop_, RunInto(*database, call_, Execute("ROLLBACK; no such statement"), outcomes[1]));
  Start(loop_, RunInto(*database, call_, Insert(3), outcomes[2]));
  busy.Release();
  for (auto& outcome : outcomes) RunUntilSet(loop_, outcome);
  EXPECT_TRUE(outcomes[0]->ok());
  EXPECT_FALSE(outcomes[1]->ok());
  EXPECT_TRUE(outcomes[2]->ok());
  EXPECT_THAT(*Run(*database, Count()), 2);
}

TEST_F(DatabaseTest, ACallThatEndsLeavesWhileTheWriteGoesOn) {
  auto database = OpenFile();
  BusyStore busy(*database);
  async::CallContext cancelled(loop_, async::kNever);
  async::CallContext late(loop_, async::After(loop_.Now(), absl::Milliseconds(1)));
  std::optional<absl::Status> outcomes[2];
  Start(loop_, RunInto(*database, cancelled, Insert(1), outcomes[0]));
  Start(loop_, RunInto(*database, late, Insert(2), outcomes[1]));
  cancelled.Cancel();
  for (auto& outcome : outcomes) RunUntilSet(loop_, outcome);
  EXPECT_EQ(outcomes[0]->code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(outcomes[1]->code(), absl::StatusCode::kDeadlineExceeded);
  busy.Release();
  EXPECT_THAT(*Run(*database, Count()), 2);
}

TEST_F(DatabaseTest, ACallThatHasEndedStillWrites) {
  auto database = OpenFile();
  async::CallContext ended(loop_, async::kNever);
  ended.Cancel();
  const auto answer = async::BlockOn(loop_, database->Run(ended, Insert(1)));
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(*Run(*database, Count()), 1);
}

TEST_F(DatabaseTest, RunsWhatWaitsBeforeItCloses) {
  std::optional<absl::Status> outcomes[100];
  {
    auto database = OpenFile();
    BusyStore busy(*database);
    for (int i = 0; i < 100; ++i) {
      Start(loop_, RunInto(*database, call_, Insert(i), outcomes[i]));
    }
    busy.Release();
  }
  for (auto& outcome : outcomes) RunUntilSet(loop_, outcome);
  auto database = OpenFile();
  EXPECT_THAT(*Run(*database, Count()), 100);
}

TEST_F(DatabaseTest, AFullQueueRefusesAllButWhatMustBeTaken) {
  auto database = Open({.max_waiting_jobs = 2, .max_waiting_bytes = 100});
  BusyStore busy(*database);
  std::optional<absl::Status> outcomes[5];
  Query<std::monostate> large = Insert(1);
  large.bytes = 101;
  Query<std::monostate> needed = Insert(5);
  needed.admission = Admission::kAlways;
  Start(loop_, RunInto(*database, call_, std::move(large), outcomes[0]));
  Start(loop_, RunInto(*database, call_, Insert(2), outcomes[1]));
  Start(loop_, RunInto(*database, call_, Insert(3), outcomes[2]));
  Start(loop_, RunInto(*database, call_, Insert(4), outcomes[3]));
  Start(loop_, RunInto(*database, call_, std::move(needed), outcomes[4]));
  busy.Release();
  for (auto& outcome : outcomes) RunUntilSet(loop_, outcome);
  EXPECT_EQ(errors::ReasonOf(*outcomes[0]), v1::ERROR_REASON_LOCAL_LIMIT);
  EXPECT_TRUE(outcomes[1]->ok());
  EXPECT_TRUE(outcomes[2]->ok());
  EXPECT_EQ(errors::ReasonOf(*outcomes[3]), v1::ERROR_REASON_LOCAL_LIMIT);
  EXPECT_TRUE(outcomes[4]->ok());
}

TEST_F(DatabaseTest, AFullDiskIsSaidClearlyAndReadsGoOn) {
  auto database = OpenFile();
  EXPECT_TRUE(Run(*database, Insert(1)).ok());
  EXPECT_TRUE(Run(*database, Execute("PRAGMA max_page_count = 1")).ok());
  const auto refused = Run(*database, Insert(2, std::string(100'000, 'x')));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(errors::ReasonOf(refused.status()), v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("disk is full"));
  EXPECT_THAT(*Run(*database, Count()), 1);
  EXPECT_TRUE(Run(*database, Execute("PRAGMA max_page_count = 1000000")).ok());
  EXPECT_TRUE(Run(*database, Insert(2, std::string(100'000, 'x'))).ok());
}

TEST_F(DatabaseTest, AJobThatDoesNotFitOnTheDiskHarmsNoOther) {
  auto database = OpenFile();
  EXPECT_TRUE(Run(*database, Execute("PRAGMA max_page_count = 1")).ok());
  BusyStore busy(*database);
  std::optional<absl::Status> outcomes[3];
  Start(loop_, RunInto(*database, call_, Insert(1), outcomes[0]));
  Start(loop_, RunInto(*database, call_, Insert(2, std::string(100'000, 'x')), outcomes[1]));
  Start(loop_, RunInto(*database, call_, Insert(3), outcomes[2]));
  busy.Release();
  for (auto& outcome : outcomes) RunUntilSet(loop_, outcome);
  EXPECT_TRUE(outcomes[0]->ok());
  EXPECT_FALSE(outcomes[1]->ok());
  EXPECT_TRUE(outcomes[2]->ok());
}

TEST_F(DatabaseTest, AFileThatCantBeWrittenIsSaidClearlyAndReadsGoOn) {
  auto database = OpenFile();
  EXPECT_TRUE(Run(*database, Execute("PRAGMA query_only = 1")).ok());
  const auto refused = Run(*database, Insert(1));
  EXPECT_EQ(errors::ReasonOf(refused.status()), v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_THAT(*Run(*database, Count()), 0);
  EXPECT_TRUE(Run(*database, Execute("PRAGMA query_only = 0")).ok());
  EXPECT_TRUE(Run(*database, Insert(1)).ok());
}

TEST_F(DatabaseTest, AnErrorAtTheCommitIsTheAnswerOfThoseItConcerns) {
  auto database = OpenFile();
  EXPECT_TRUE(Run(*database, Insert(1)).ok());
  std::optional<absl::Status> outcomes[3];
  {
    NoRoomForFiles no_room(std::filesystem::file_size(folder_.File("store.db-wal")) + 60'000);
    BusyStore busy(*database);
    Start(loop_, RunInto(*database, call_, Insert(2), outcomes[0]));
    Start(loop_, RunInto(*database, call_, Insert(3, std::string(200'000, 'x')), outcomes[1]));
    Start(loop_, RunInto(*database, call_, Insert(4), outcomes[2]));
    busy.Release();
    for (auto& outcome : outcomes) RunUntilSet(loop_, outcome);
  }
  EXPECT_TRUE(outcomes[0]->ok()) << *outcomes[0];
  EXPECT_EQ(errors::ReasonOf(*outcomes[1]), v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_TRUE(outcomes[2]->ok()) << *outcomes[2];
  EXPECT_THAT(*Run(*database, Count()), 3);
  EXPECT_TRUE(Run(*database, Insert(3, std::string(200'000, 'x'))).ok());
  database.reset();
  database = OpenFile();
  EXPECT_THAT(*Run(*database, Count()), 4);
}

TEST_F(DatabaseTest, IsReadableByItsOwnerAlone) {
  auto database = OpenFile();
  EXPECT_TRUE(Run(*database, Insert(1)).ok());
  for (const char* name : {"store.db", "store.db-wal"}) {
    struct stat info{};
    ASSERT_EQ(stat(folder_.File(name).c_str(), &info), 0) << name;
    EXPECT_EQ(info.st_mode & 0777, 0600u) << name;
  }
}

TEST_F(DatabaseTest, DeletedContentIsNotInTheFile) {
  {
    auto database = OpenFile();
    EXPECT_TRUE(Run(*database, Insert(1, "a-word-to-be-found")).ok());
    EXPECT_TRUE(Run(*database, Execute("DELETE FROM number")).ok());
  }
  std::ifstream file(folder_.File("store.db"), std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(file)), {});
  EXPECT_FALSE(content.empty());
  EXPECT_EQ(content.find("a-word-to-be-found"), std::string::npos);
}

TEST_F(DatabaseTest, AMissingFolderIsAClearError) {
  const std::string path = folder_.File("missing/store.db");
  const auto database = Database::Open({.path = path});
  EXPECT_EQ(errors::ReasonOf(database.status()), v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_THAT(std::string(database.status().message()),
              AllOf(HasSubstr(path), HasSubstr("file can't be opened or created")));
}

// Root may write everywhere, so this is tried as somebody else, in a process of its own.
bool OpensAsNobody(const std::string& path) {
  ChildProcess child([&](ChildProcess::Reporter reporter) {
    constexpr uid_t kNobody = 65534;
    if (geteuid() == 0 &&
        (setgroups(0, nullptr) != 0 || setgid(kNobody) != 0 || setuid(kNobody) != 0)) {
      _exit(3);
    }
    const auto database = Database::Open({.path = path});
    const bool unavailable =
        errors::ReasonOf(database.status()) == v1::ERROR_REASON_STORE_UNAVAILABLE;
    reporter.Report(database.ok() ? 1 : unavailable ? 0 : -1);
  });
  const std::optional<int64_t> report = child.Next();
  EXPECT_THAT(report, testing::Optional(testing::AnyOf(0, 1)));
  return report == 1;
}

TEST_F(DatabaseTest, AReadOnlyFolderIsAClearError) {
  const std::string path = folder_.File("store.db");
  ASSERT_EQ(chmod(folder_.path().c_str(), 0555), 0);
  EXPECT_FALSE(OpensAsNobody(path)) << "a new file";
  ASSERT_EQ(chmod(folder_.path().c_str(), 0755), 0);
  OpenFile();
  ASSERT_EQ(chmod(path.c_str(), 0444), 0);
  ASSERT_EQ(chmod(folder_.path().c_str(), 0555), 0);
  EXPECT_FALSE(OpensAsNobody(path)) << "a file that is there";
  ASSERT_EQ(chmod(folder_.path().c_str(), 0777), 0);
  EXPECT_TRUE(OpensAsNobody(folder_.File("another.db"))) << "once the folder can be written";
}

TEST_F(DatabaseTest, OneProcessHasTheFileAtATime) {
  const std::string path = folder_.File("store.db");
  ChildProcess other([&](ChildProcess::Reporter reporter) {
    const auto database = Database::Open({.path = path, .schema = Numbers()});
    reporter.Report(database.ok() ? 1 : 0);
    while (true) pause();
  });
  ASSERT_EQ(other.Next(), 1);
  const auto refused =
      Database::Open({.path = path, .busy_timeout = absl::ZeroDuration(), .schema = Numbers()});
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("another process uses"));
  other.Kill();
  EXPECT_NE(OpenFile(), nullptr);
}

TEST_F(DatabaseTest, AnOlderFileIsBroughtUpToDate) {
  {
    auto database = OpenFile();
    EXPECT_TRUE(Run(*database, Insert(1)).ok());
  }
  std::vector<const char*> longer = Numbers();
  longer.push_back("INSERT INTO number VALUES (2, x'')");
  {
    auto database = Database::Open({.path = folder_.File("store.db"), .schema = longer});
    ASSERT_TRUE(database.ok()) << database.status();
    EXPECT_THAT(*Run(**database, Count()), 2);
  }
  auto again = Database::Open({.path = folder_.File("store.db"), .schema = longer});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(*Run(**again, Count()), 2);
  again->reset();
  const auto older = Database::Open({.path = folder_.File("store.db"), .schema = Numbers()});
  EXPECT_THAT(std::string(older.status().message()), HasSubstr("newer version"));
}

TEST_F(DatabaseTest, AStepThatFailsLeavesTheFileAsItWas) {
  {
    OpenFile();
  }
  std::vector<const char*> wrong = Numbers();
  wrong.push_back("INSERT INTO number VALUES (1, x''); no such statement");
  EXPECT_FALSE(Database::Open({.path = folder_.File("store.db"), .schema = wrong}).ok());
  auto database = OpenFile();
  EXPECT_THAT(*Run(*database, Count()), 0);
}

TEST_F(DatabaseTest, AFileThatIsNoStoreIsRefused) {
  std::ofstream(folder_.File("text.db")) << std::string(10'000, 'x');
  const auto text = Database::Open({.path = folder_.File("text.db")});
  EXPECT_THAT(std::string(text.status().message()), HasSubstr("damaged, or is not a store's"));
  {
    auto foreign = Session::Open(folder_.File("foreign.db"), absl::ZeroDuration());
    ASSERT_TRUE(foreign.ok());
    ASSERT_TRUE(foreign->Execute("CREATE TABLE theirs (x)").ok());
  }
  const auto foreign = Database::Open({.path = folder_.File("foreign.db")});
  EXPECT_THAT(std::string(foreign.status().message()), HasSubstr("another program's"));
}

TEST_F(DatabaseTest, ADamagedFileIsRefused) {
  {
    auto database = OpenFile();
    for (int i = 0; i < 100; ++i) {
      EXPECT_TRUE(Run(*database, Insert(i, std::string(1000, 'x'))).ok());
    }
  }
  std::fstream file(folder_.File("store.db"), std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(2 * 4096);
  file << std::string(8 * 4096, '\x55');
  file.close();
  const auto damaged = Database::Open({.path = folder_.File("store.db"), .schema = Numbers()});
  EXPECT_EQ(errors::ReasonOf(damaged.status()), v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_THAT(std::string(damaged.status().message()), HasSubstr("damaged"));
}

}  // namespace
}  // namespace edugate::store
