#include "runtime/store/database.h"

#include <pthread.h>

#include <csignal>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/errors/errors.h"

namespace edugate::store {
namespace {

// Marks a SQLite file as edugate's: "edug".
constexpr int64_t kApplicationId = 0x65647567;

absl::StatusOr<int64_t> AskNumber(Session& session, const char* sql) {
  const absl::StatusOr<std::string> answer = session.Ask(sql);
  if (!answer.ok()) return answer.status();
  int64_t number = 0;
  if (!absl::SimpleAtoi(*answer, &number)) {
    return errors::Internal(absl::StrCat("the store: no number from ", sql));
  }
  return number;
}

// An exclusive lock for as long as the file is open keeps other processes away: they would take
// this one's requests in flight for a crashed one's.
absl::Status Prepare(Session& session) {
  return session.Execute(R"sql(
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA secure_delete = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
  )sql");
}

// A file that SQLite can open may still be another program's, or damaged.
absl::Status Check(Session& session) {
  const absl::StatusOr<int64_t> application = AskNumber(session, "PRAGMA application_id");
  if (!application.ok()) return application.status();
  const absl::StatusOr<int64_t> tables = AskNumber(session, "SELECT count(*) FROM sqlite_schema");
  if (!tables.ok()) return tables.status();
  if (*application != kApplicationId && (*application != 0 || *tables != 0)) {
    return errors::StoreUnavailable("the store's file is another program's database");
  }
  const absl::StatusOr<std::string> found = session.Ask("PRAGMA quick_check(1)");
  if (!found.ok()) return found.status();
  if (*found != "ok") return errors::StoreUnavailable("the store's file is damaged");
  return absl::OkStatus();
}

absl::Status Migrate(Session& session, const std::vector<const char*>& schema) {
  const absl::StatusOr<int64_t> version = AskNumber(session, "PRAGMA user_version");
  if (!version.ok()) return version.status();
  if (*version < 0 || *version > static_cast<int64_t>(schema.size())) {
    return errors::StoreUnavailable(
        "the store's file was written by a newer version of the program");
  }
  for (size_t step = static_cast<size_t>(*version); step < schema.size(); ++step) {
    absl::Status migrated = session.Execute(
        absl::StrCat("BEGIN IMMEDIATE;", schema[step], "; PRAGMA application_id = ", kApplicationId,
                     "; PRAGMA user_version = ", step + 1, "; COMMIT;")
            .c_str());
    if (!migrated.ok()) return migrated;
  }
  return absl::OkStatus();
}

absl::StatusOr<Session> OpenSession(const DatabaseOptions& options) {
  absl::StatusOr<Session> session =
      Session::Open(options.path.empty() ? kInMemory : options.path, options.busy_timeout);
  if (!session.ok()) return session.status();
  absl::Status ready = Prepare(*session);
  if (ready.ok()) ready = Check(*session);
  if (ready.ok()) ready = Migrate(*session, options.schema);
  if (!ready.ok()) return ready;
  return session;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> Database::Open(DatabaseOptions options) {
  absl::StatusOr<Session> session = OpenSession(options);
  if (!session.ok()) {
    return errors::StoreUnavailable(absl::StrCat(options.path, ": ", session.status().message()));
  }
  return std::unique_ptr<Database>(new Database(std::move(options), *std::move(session)));
}

Database::Database(DatabaseOptions options, Session session)
    : options_(std::move(options)), session_(std::move(session)) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "edugate-store");
    Serve();
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Database::~Database() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  has_work_.notify_one();
  thread_.join();
}

absl::Status Database::Submit(Job job) {
  {
    const std::lock_guard lock(mutex_);
    const bool full = waiting_.size() >= options_.max_waiting_jobs ||
                      waiting_bytes_ + job.bytes > options_.max_waiting_bytes;
    if (full && job.admission == Admission::kMayBeRefused) {
      return errors::LocalLimit("too much waits to be stored", absl::Seconds(1), {});
    }
    waiting_bytes_ += job.bytes;
    waiting_.push_back(std::move(job));
    if (waiting_.size() > 1) return absl::OkStatus();
  }
  has_work_.notify_one();
  return absl::OkStatus();
}

void Database::Serve() {
  std::vector<Job> jobs;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      has_work_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      jobs.swap(waiting_);
      waiting_bytes_ = 0;
    }
    RunGroup(absl::MakeSpan(jobs));
    jobs.clear();
  }
}

void Database::RunGroup(absl::Span<Job> jobs) {
  std::vector<absl::Status> outcomes;
  const absl::Status committed = RunTransaction(jobs, outcomes);
  if (!committed.ok() && jobs.size() > 1) {
    // One that does not fit on the disk must not take those down that do.
    for (Job& job : jobs) RunGroup(absl::MakeSpan(&job, 1));
    return;
  }
  if (committed.ok() && options_.on_commit) options_.on_commit(jobs.size());
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (jobs[i].done) jobs[i].done(committed.ok() ? outcomes[i] : committed);
  }
}

absl::Status Database::RunTransaction(absl::Span<Job> jobs, std::vector<absl::Status>& outcomes) {
  absl::Status status = Statement(session_, "BEGIN").Run();
  for (size_t i = 0; i < jobs.size() && status.ok(); ++i) {
    outcomes.push_back(RunJob(jobs[i]));
    // SQLite has rolled everything back by itself: the jobs before this one are undone too.
    if (!session_.in_transaction()) status = outcomes.back();
  }
  if (status.ok()) status = Statement(session_, "COMMIT").Run();
  if (session_.in_transaction()) Statement(session_, "ROLLBACK").Run().IgnoreError();
  return status;
}

absl::Status Database::RunJob(Job& job) {
  absl::Status status = Statement(session_, "SAVEPOINT job").Run();
  if (!status.ok()) return status;
  status = job.work(session_);
  if (!session_.in_transaction()) {
    return status.ok() ? errors::Internal("a job of the store ended the transaction") : status;
  }
  if (!status.ok()) Statement(session_, "ROLLBACK TO job").Run().IgnoreError();
  const absl::Status released = Statement(session_, "RELEASE job").Run();
  return status.ok() ? released : status;
}

}  // namespace edugate::store
