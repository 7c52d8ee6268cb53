// Database: one SQLite file and the thread that owns it.
#ifndef EDUGATE_RUNTIME_STORE_DATABASE_H_
#define EDUGATE_RUNTIME_STORE_DATABASE_H_

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "runtime/store/reply.h"
#include "runtime/store/schema.h"
#include "runtime/store/session.h"

namespace edugate::store {

// Whether a full queue refuses a job. Jobs that end what an earlier one began are taken always.
enum class Admission { kMayBeRefused, kAlways };

// Something to do with the database.
struct Job {
  // Called on the store's thread, within a transaction of its own that it neither commits nor rolls
  // back. An error undoes what it did. It may be called again from the start, when the transaction
  // of a whole group failed.
  absl::AnyInvocable<absl::Status(Session&)> work;

  // Called once on the store's thread, when what `work` did is durable or can't be. May be null.
  absl::AnyInvocable<void(const absl::Status&)> done;

  // About how much memory the job holds while it waits.
  std::size_t bytes = 0;

  Admission admission = Admission::kMayBeRefused;
};

// A job with an answer: see Job.
template <typename T>
struct Query {
  absl::AnyInvocable<absl::StatusOr<T>(Session&)> work;
  absl::AnyInvocable<void(const absl::Status&)> done;  // Before the answer is sent. May be null.
  std::size_t bytes = 0;
  Admission admission = Admission::kMayBeRefused;
};

struct DatabaseOptions {
  // The file; its directory exists. Empty: in memory, and gone with the Database.
  std::string path;

  // How long Open waits for another process to let go of the file.
  absl::Duration busy_timeout = absl::Seconds(5);

  // The most jobs, and the most bytes of them, that wait for the thread.
  std::size_t max_waiting_jobs = 10'000;
  std::size_t max_waiting_bytes = 64u << 20;

  // Called on the store's thread after each transaction that was committed, with the number of its
  // jobs. May be null.
  absl::AnyInvocable<void(std::size_t)> on_commit;

  std::vector<const char*> schema = Schema();
};

// The jobs run one after the other, in the order of Submit. All that wait when the thread comes
// back from the last transaction share the next one, and with it one fsync. What is committed
// survives the process and the machine (WAL, synchronous=FULL).
//
// One process has the file at a time: a second one's Open fails. What is deleted is overwritten in
// the file, not just unlinked.
//
// Built before the tasks that use it and destroyed after them, but before their loops.
class Database {
 public:
  // Opens or creates the file, checks it and brings its tables up to date. Blocks: for start-up.
  // Errors: UNAVAILABLE, STORE_UNAVAILABLE, where the message says what to mend.
  static absl::StatusOr<std::unique_ptr<Database>> Open(DatabaseOptions options);

  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs the jobs that wait, and closes the file.
  ~Database();

  // Hands the job to the store's thread. Thread-safe. RESOURCE_EXHAUSTED, LOCAL_LIMIT if the queue
  // is full; the job is then dropped, without done().
  absl::Status Submit(Job job);

  // Runs the query, also where `call` has ended already, and gives its answer on the call's loop.
  // Errors: those of the work and of Submit; UNAVAILABLE, STORE_UNAVAILABLE; CANCELLED or
  // DEADLINE_EXCEEDED if `call` ends first, while the query goes on.
  template <typename T>
  async::Task<absl::StatusOr<T>> Run(async::CallContext& call, Query<T> query) {
    auto pending = std::make_shared<Pending<T>>(call.loop(), std::move(query));
    Job job;
    job.work = [pending](Session& session) {
      pending->result = pending->query.work(session);
      return pending->result.status();
    };
    job.done = [pending](const absl::Status& status) {
      if (pending->query.done) pending->query.done(status);
      pending->reply->Send(status.ok() ? std::move(pending->result) : status);
    };
    job.bytes = pending->query.bytes;
    job.admission = pending->query.admission;
    const std::shared_ptr<Reply<T>> reply = pending->reply;
    pending.reset();
    const absl::Status submitted = Submit(std::move(job));
    if (!submitted.ok()) co_return submitted;
    auto answer = co_await reply->Wait(call);
    co_return answer;
  }

 private:
  template <typename T>
  struct Pending {
    Pending(async::EventLoop& loop, Query<T> asked)
        : reply(std::make_shared<Reply<T>>(loop)), query(std::move(asked)) {}
    const std::shared_ptr<Reply<T>> reply;
    Query<T> query;
    absl::StatusOr<T> result;
  };

  Database(DatabaseOptions options, Session session);

  void Serve();
  void RunGroup(absl::Span<Job> jobs);
  absl::Status RunTransaction(absl::Span<Job> jobs, std::vector<absl::Status>& outcomes);
  absl::Status RunJob(Job& job);

  DatabaseOptions options_;
  Session session_;  // The store's thread's.

  std::mutex mutex_;
  std::condition_variable has_work_;
  std::vector<Job> waiting_;  // These three under the mutex.
  std::size_t waiting_bytes_ = 0;
  bool closing_ = false;

  std::thread thread_;
};

}  // namespace edugate::store

#endif  // EDUGATE_RUNTIME_STORE_DATABASE_H_
