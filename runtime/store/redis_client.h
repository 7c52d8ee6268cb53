// RedisClient: one connection to a Redis server and the thread that owns it.
#ifndef EDUGATE_RUNTIME_STORE_REDIS_CLIENT_H_
#define EDUGATE_RUNTIME_STORE_REDIS_CLIENT_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/call_context.h"
#include "runtime/async/clock.h"
#include "runtime/async/task.h"
#include "runtime/store/database.h"
#include "runtime/store/redis_connection.h"

namespace edugate::store {

// Something to ask the server. It may reach the server twice, where the connection breaks before
// the answer: what it does a second time must do no harm.
struct RedisJob {
  RedisCommand command;

  // Called once on the client's thread, with the answer or why there is none. May be null.
  absl::AnyInvocable<void(const absl::StatusOr<RedisValue>&)> done;

  Admission admission = Admission::kMayBeRefused;

  // Sent again once the server is there again, before anything else, although `done` has heard of
  // the failure: for what ends something that an earlier job began.
  bool until_done = false;
};

// Sends what waits in one go, so that many jobs share one trip and the server's one fsync. Connects
// by itself, again and again; while the server isn't there, jobs are refused at once: UNAVAILABLE,
// STORE_UNAVAILABLE.
//
// Tells the server every few seconds that this process lives: a process whose lease has run out has
// ended, and what it had in flight has an unknown outcome.
//
// Built before the tasks that use it and destroyed after them, but before their loops.
class RedisClient {
 public:
  struct Limits {
    // The most jobs that wait.
    std::size_t max_waiting_jobs = 10'000;
    // The most bytes of what is sent again until it is done.
    std::size_t max_unsettled_bytes = 64u << 20;
    // How long this process counts as living after its last sign.
    absl::Duration lease = absl::Seconds(10);
    // Called on the client's thread when the server is lost (an error) or there again (OK) after
    // that; not for a server that is there from the first. May be null.
    std::function<void(const absl::Status&)> on_change;
  };

  // Does not wait for the server.
  explicit RedisClient(RedisOptions options) : RedisClient(std::move(options), Limits()) {}
  RedisClient(RedisOptions options, Limits limits);
  RedisClient(const RedisClient&) = delete;
  RedisClient& operator=(const RedisClient&) = delete;

  // Sends what waits, if the server is there, and gives the lease back.
  ~RedisClient();

  // Thread-safe. RESOURCE_EXHAUSTED, LOCAL_LIMIT if too many wait; the job is then dropped, without
  // done().
  absl::Status Submit(RedisJob job);

  // Submits the job, also where `call` has ended already, and gives the answer on the call's loop;
  // CANCELLED or DEADLINE_EXCEEDED if `call` ends first, while the job goes on.
  async::Task<absl::StatusOr<RedisValue>> Run(async::CallContext& call, RedisJob job);

  // A key of edugate's, from its own part.
  std::string Key(absl::string_view own) const;

  // Names this process at the server, and the key that is there while it lives.
  const std::string& owner() const { return owner_; }
  static constexpr char kOwnerKeys[] = "owner:";

  // How many processes lived when the server was last heard of; at least 1.
  int64_t processes() const { return processes_.load(std::memory_order_relaxed); }

  const RedisOptions& options() const { return options_; }

 private:
  void Serve();
  bool TakeJobs(std::deque<RedisJob>& jobs);
  void RunJobs(std::deque<RedisJob> jobs);
  absl::Status Connect();
  absl::Status SendAndReceive(std::deque<RedisJob>& jobs);
  absl::Status SendAndReceiveSome(std::deque<RedisJob>& jobs);
  void Fail(std::deque<RedisJob> jobs, const absl::Status& why);
  void KeepUnsettled(RedisJob job);
  RedisJob LeaseJob();
  void NoteState(const absl::Status& state);

  const RedisOptions options_;
  const Limits limits_;
  const std::string owner_;

  std::mutex mutex_;
  std::condition_variable has_work_;
  std::deque<RedisJob> waiting_;  // These two under the mutex.
  bool closing_ = false;

  // The thread's.
  std::unique_ptr<RedisConnection> connection_;
  std::deque<RedisJob> unsettled_;
  std::size_t unsettled_bytes_ = 0;
  absl::Duration backoff_;
  absl::Status failure_;  // Of the last attempt, where there is no connection.
  async::MonotonicTime next_attempt_ = async::MonotonicTime::min();
  // By the clock that doesn't jump: a lease that isn't renewed gives away what this process began.
  async::MonotonicTime next_lease_ = async::MonotonicTime::min();
  bool failing_ = false;

  std::atomic<int64_t> processes_{1};
  std::thread thread_;
};

}  // namespace edugate::store

#endif  // EDUGATE_RUNTIME_STORE_REDIS_CLIENT_H_
