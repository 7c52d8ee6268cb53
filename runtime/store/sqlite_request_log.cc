#include "runtime/store/sqlite_request_log.h"

#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "runtime/store/session.h"

namespace edugate::store {
namespace {

// Entries deleted in one transaction, so that none takes long.
constexpr int64_t kPurgeBatch = 200;

// Outcomes that could not be stored are kept up to this many bytes.
constexpr std::size_t kMaxUnsavedBytes = 64u << 20;

// What a queued job takes besides its strings.
constexpr std::size_t kJobBytes = 256;

// An entry of the table.
struct Entry {
  int64_t attempt = 0;
  std::string fingerprint;
  absl::Time begun_at;
  std::optional<std::string> outcome;
};

absl::StatusOr<std::optional<Entry>> Find(Session& session, absl::string_view key) {
  Statement find(session,
                 "SELECT attempt, fingerprint, begun_at, outcome FROM request WHERE key = ?1");
  find.Bind(1, key);
  const absl::StatusOr<bool> found = find.Step();
  if (!found.ok()) return found.status();
  std::optional<Entry> entry;
  if (!*found) return entry;
  entry.emplace();
  entry->attempt = find.Int(0);
  entry->fingerprint = find.Bytes(1);
  entry->begun_at = absl::FromUnixMicros(find.Int(2));
  if (!find.IsNull(3)) entry->outcome = find.Bytes(3);
  return entry;
}

absl::StatusOr<int64_t> Insert(Session& session, absl::string_view key,
                               absl::string_view fingerprint, absl::Time now) {
  Statement insert(session, "INSERT INTO request (key, fingerprint, begun_at) VALUES (?1, ?2, ?3)");
  insert.Bind(1, key);
  insert.Bind(2, fingerprint);
  insert.Bind(3, absl::ToUnixMicros(now));
  absl::Status inserted = insert.Run();
  if (!inserted.ok()) return inserted;
  return session.last_insert_id();
}

absl::Status SaveOutcome(Session& session, int64_t attempt, absl::string_view outcome) {
  Statement save(session, "UPDATE request SET outcome = ?2 WHERE attempt = ?1 AND outcome IS NULL");
  save.Bind(1, attempt);
  save.Bind(2, outcome);
  return save.Run();
}

absl::Status Delete(Session& session, int64_t attempt) {
  Statement forget(session, "DELETE FROM request WHERE attempt = ?1 AND outcome IS NULL");
  forget.Bind(1, attempt);
  return forget.Run();
}

absl::StatusOr<bool> IsInFlight(Session& session, int64_t attempt) {
  Statement find(session, "SELECT 1 FROM request WHERE attempt = ?1 AND outcome IS NULL");
  find.Bind(1, attempt);
  return find.Step();
}

absl::StatusOr<int64_t> LastAttempt(Session& session) {
  Statement last(session, "SELECT seq FROM sqlite_sequence WHERE name = 'request'");
  const absl::StatusOr<bool> found = last.Step();
  if (!found.ok()) return found.status();
  return *found ? last.Int(0) : 0;
}

}  // namespace

// What this process knows and the file does not. Belongs to the store's thread.
struct SqliteRequestLog::Ledger {
  // How an attempt of this process ended that the file has in flight: kDone with its outcome and
  // kNew, forgotten, if that could not be stored; kUnknownOutcome, which need not be stored since a
  // restart says the same, also where there was no room for the outcome.
  struct End {
    RequestState state = RequestState::kNew;
    std::string outcome;
  };

  // The last attempt of earlier processes.
  absl::StatusOr<int64_t> LastBefore(Session& session) {
    if (!last_before.has_value()) {
      absl::StatusOr<int64_t> last = LastAttempt(session);
      if (!last.ok()) return last;
      last_before = *last;
    }
    return *last_before;
  }

  void Keep(int64_t attempt, End end) {
    End& kept = ends[attempt];
    if (kept.state == RequestState::kDone) return;
    if (end_bytes + end.outcome.size() > kMaxUnsavedBytes) {
      end = {.state = RequestState::kUnknownOutcome, .outcome = ""};
    }
    end_bytes += end.outcome.size();
    kept = std::move(end);
  }

  void Drop(int64_t attempt) {
    const auto found = ends.find(attempt);
    if (found == ends.end()) return;
    end_bytes -= found->second.outcome.size();
    ends.erase(found);
  }

  // How the file's entry, which has no outcome, stands.
  absl::StatusOr<End> Judge(Session& session, const Entry& entry) {
    absl::StatusOr<int64_t> last = LastBefore(session);
    if (!last.ok()) return last.status();
    if (const auto found = ends.find(entry.attempt); found != ends.end()) {
      return found->second;
    }
    return End{
        .state = entry.attempt <= *last ? RequestState::kUnknownOutcome : RequestState::kInFlight,
        .outcome = ""};
  }

  // Stores up to `limit` of the ends that could not be stored before. They are `settled` when they
  // are found in the file the next time, and to be dropped when that transaction has succeeded,
  // too: what it found may be another job's of it.
  absl::Status Save(Session& session, int64_t limit, std::vector<int64_t>& settled) {
    absl::Status status;
    for (const auto& [attempt, end] : ends) {
      if (end.state == RequestState::kUnknownOutcome) continue;
      if (limit-- == 0 || !status.ok()) break;
      const absl::StatusOr<bool> in_flight = IsInFlight(session, attempt);
      if (!in_flight.ok()) return in_flight.status();
      if (!*in_flight) {
        settled.push_back(attempt);
      } else if (end.state == RequestState::kDone) {
        status = SaveOutcome(session, attempt, end.outcome);
      } else {
        status = Delete(session, attempt);
      }
    }
    return status;
  }

  // The job that frees the key of an attempt. It is 0 while there is none.
  static Job ForgetJob(std::shared_ptr<Ledger> ledger, std::shared_ptr<const int64_t> attempt) {
    Job job;
    job.work = [attempt](Session& session) { return Delete(session, *attempt); };
    job.done = [ledger = std::move(ledger),
                attempt = std::move(attempt)](const absl::Status& status) {
      if (status.ok()) {
        ledger->Drop(*attempt);
      } else if (*attempt != 0) {
        ledger->Keep(*attempt, {.state = RequestState::kNew, .outcome = ""});
      }
    };
    job.bytes = kJobBytes;
    job.admission = Admission::kAlways;
    return job;
  }

  std::optional<int64_t> last_before;
  absl::flat_hash_map<int64_t, End> ends;
  std::size_t end_bytes = 0;
};

namespace {

// Gives a key back whose Begin nobody took the answer of: its call ended, and nobody would ever
// finish it.
class GiveBack {
 public:
  GiveBack(Database& database, absl::AnyInvocable<Job()> make_job)
      : database_(database), make_job_(std::move(make_job)) {}
  GiveBack(const GiveBack&) = delete;
  GiveBack& operator=(const GiveBack&) = delete;
  ~GiveBack() {
    if (make_job_) database_.Submit(make_job_()).IgnoreError();
  }

  void Cancel() { make_job_ = nullptr; }

 private:
  Database& database_;
  absl::AnyInvocable<Job()> make_job_;
};

}  // namespace

SqliteRequestLog::SqliteRequestLog(Database& database, absl::Duration retention)
    : database_(database), retention_(retention), ledger_(std::make_shared<Ledger>()) {}

SqliteRequestLog::~SqliteRequestLog() = default;

async::Task<absl::StatusOr<BegunRequest>> SqliteRequestLog::Begin(async::CallContext& call,
                                                                  std::string key,
                                                                  std::string fingerprint,
                                                                  absl::Time now) {
  const absl::Status before = call.Status();
  if (!before.ok()) co_return before;

  // The store's thread's: the attempt that was made, and the one that made room for it.
  auto taken = std::make_shared<int64_t>(0);
  auto freed = std::make_shared<int64_t>(0);
  GiveBack give_back(database_,
                     [ledger = ledger_, taken] { return Ledger::ForgetJob(ledger, taken); });
  Query<BegunRequest> query;
  query.bytes = kJobBytes + key.size() + fingerprint.size();
  query.done = [ledger = ledger_, taken, freed](const absl::Status& status) {
    if (status.ok()) {
      ledger->Drop(*freed);
    } else {
      // What was not stored took nothing, and its number may be another attempt's by now.
      *taken = 0;
    }
  };
  query.work = [ledger = ledger_, taken, freed, key = std::move(key),
                fingerprint = std::move(fingerprint), now,
                oldest = now - retention_](Session& session) -> absl::StatusOr<BegunRequest> {
    *taken = 0;
    *freed = 0;
    absl::StatusOr<std::optional<Entry>> found = Find(session, key);
    if (!found.ok()) return found.status();
    if (found->has_value()) {
      Entry& entry = **found;
      const bool expired = entry.begun_at <= oldest;
      absl::StatusOr<Ledger::End> end =
          entry.outcome.has_value()
              ? Ledger::End{.state = RequestState::kDone, .outcome = *std::move(entry.outcome)}
              : ledger->Judge(session, entry);
      if (!end.ok()) return end.status();
      if (!expired && end->state != RequestState::kNew) {
        if (entry.fingerprint != fingerprint) {
          return BegunRequest{.state = RequestState::kOtherRequest, .outcome = "", .attempt = 0};
        }
        return BegunRequest{
            .state = end->state, .outcome = std::move(end->outcome), .attempt = entry.attempt};
      }
      Statement free(session, "DELETE FROM request WHERE attempt = ?1");
      free.Bind(1, entry.attempt);
      absl::Status removed = free.Run();
      if (!removed.ok()) return removed;
      *freed = entry.attempt;
    }
    const absl::StatusOr<int64_t> last = ledger->LastBefore(session);
    if (!last.ok()) return last.status();
    const absl::StatusOr<int64_t> attempt = Insert(session, key, fingerprint, now);
    if (!attempt.ok()) return attempt.status();
    *taken = *attempt;
    return BegunRequest{.state = RequestState::kNew, .outcome = "", .attempt = *attempt};
  };
  auto begun = co_await database_.Run(call, std::move(query));
  if (begun.ok() || call.Status().ok()) give_back.Cancel();
  co_return begun;
}

async::Task<absl::Status> SqliteRequestLog::Finish(async::CallContext& call, std::string /*key*/,
                                                   int64_t attempt, std::string outcome) {
  auto shared = std::make_shared<std::string>(std::move(outcome));
  Query<std::monostate> query;
  query.bytes = kJobBytes + shared->size();
  query.admission = Admission::kAlways;
  query.work = [shared, attempt](Session& session) -> absl::StatusOr<std::monostate> {
    absl::Status saved = SaveOutcome(session, attempt, *shared);
    if (!saved.ok()) return saved;
    return std::monostate();
  };
  query.done = [ledger = ledger_, shared, attempt](const absl::Status& status) {
    if (status.ok()) {
      ledger->Drop(attempt);
    } else {
      ledger->Keep(attempt, {.state = RequestState::kDone, .outcome = std::move(*shared)});
    }
  };
  auto finished = co_await database_.Run(call, std::move(query));
  co_return finished.status();
}

async::Task<absl::Status> SqliteRequestLog::Forget(async::CallContext& call, std::string /*key*/,
                                                   int64_t attempt) {
  Job job = Ledger::ForgetJob(ledger_, std::make_shared<int64_t>(attempt));
  Query<std::monostate> query;
  query.bytes = job.bytes;
  query.admission = job.admission;
  query.work =
      [work = std::move(job.work)](Session& session) mutable -> absl::StatusOr<std::monostate> {
    absl::Status deleted = work(session);
    if (!deleted.ok()) return deleted;
    return std::monostate();
  };
  query.done = std::move(job.done);
  auto forgotten = co_await database_.Run(call, std::move(query));
  co_return forgotten.status();
}

async::Task<absl::Status> SqliteRequestLog::LeaveUnknown(async::CallContext& call,
                                                         std::string /*key*/, int64_t attempt) {
  Query<bool> query;
  query.bytes = kJobBytes;
  query.admission = Admission::kAlways;
  query.work = [ledger = ledger_, attempt](Session& session) -> absl::StatusOr<bool> {
    const absl::StatusOr<bool> in_flight = IsInFlight(session, attempt);
    if (in_flight.ok() && *in_flight) {
      ledger->Keep(attempt, {.state = RequestState::kUnknownOutcome, .outcome = ""});
    }
    return in_flight;
  };
  auto left = co_await database_.Run(call, std::move(query));
  co_return left.status();
}

async::Task<absl::StatusOr<bool>> SqliteRequestLog::PurgeBatch(async::CallContext& call,
                                                               absl::Time now) {
  const auto gone = std::make_shared<std::vector<int64_t>>();  // The store's thread's.
  Query<bool> query;
  query.bytes = kJobBytes;
  query.work = [ledger = ledger_, gone,
                oldest = now - retention_](Session& session) -> absl::StatusOr<bool> {
    gone->clear();
    absl::Status saved = ledger->Save(session, kPurgeBatch, *gone);
    if (!saved.ok()) return saved;
    const std::size_t settled = gone->size();
    Statement purge(session, R"sql(
      DELETE FROM request WHERE attempt IN (
        SELECT attempt FROM request WHERE begun_at <= ?1 ORDER BY begun_at LIMIT ?2)
      RETURNING attempt
    )sql");
    purge.Bind(1, absl::ToUnixMicros(oldest));
    purge.Bind(2, kPurgeBatch);
    absl::StatusOr<bool> more = purge.Step();
    while (more.ok() && *more) {
      gone->push_back(purge.Int(0));
      more = purge.Step();
    }
    if (!more.ok()) return more.status();
    return gone->size() - settled == static_cast<std::size_t>(kPurgeBatch);
  };
  query.done = [ledger = ledger_, gone](const absl::Status& status) {
    if (!status.ok()) return;
    for (int64_t attempt : *gone) ledger->Drop(attempt);
  };
  auto purged = co_await database_.Run(call, std::move(query));
  co_return purged;
}

}  // namespace edugate::store
