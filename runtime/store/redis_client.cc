#include "runtime/store/redis_client.h"

#include <openssl/rand.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "runtime/async/clock.h"
#include "runtime/errors/errors.h"
#include "runtime/store/reply.h"

namespace edugate::store {
namespace {

constexpr absl::Duration kFirstBackoff = absl::Milliseconds(50);
constexpr absl::Duration kLongestBackoff = absl::Seconds(1);

// Commands sent in one go, and about how many bytes of them: what can be sent, and answered, within
// the time that a command may take.
constexpr std::size_t kMostAtOnce = 1000;
constexpr std::size_t kMostBytesAtOnce = std::size_t{1} << 20;

// Errors of a server that starts or isn't the one to ask: a new connection may lead to another.
constexpr std::array<absl::string_view, 5> kWrongServer = {"LOADING", "READONLY", "MASTERDOWN",
                                                           "NOAUTH", "CLUSTERDOWN"};

// Errors of a server that can't write for now.
constexpr std::array<absl::string_view, 4> kPassing = {"OOM", "MISCONF", "NOREPLICAS", "BUSY"};

template <std::size_t kSize>
bool Contains(const std::array<absl::string_view, kSize>& words, absl::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// KEYS: the owner's key, the set of owners. ARGV: owner, lease in ms, now in ms by this process'
// clock, which only counts processes.
constexpr char kLeaseScript[] = R"lua(
  redis.call('SET', KEYS[1], '1', 'PX', ARGV[2])
  redis.call('ZADD', KEYS[2], ARGV[3] + ARGV[2], ARGV[1])
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[3])
  return redis.call('ZCARD', KEYS[2])
)lua";

std::string NewOwner() {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof(bytes)) != 1) abort();
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes), sizeof(bytes)));
}

std::size_t BytesOf(const RedisJob& job) {
  std::size_t bytes = sizeof(RedisJob);
  for (const std::string& argument : job.command) bytes += argument.size();
  return bytes;
}

}  // namespace

RedisClient::RedisClient(RedisOptions options, Limits limits)
    : options_(std::move(options)),
      limits_(std::move(limits)),
      owner_(NewOwner()),
      backoff_(kFirstBackoff) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "edugate-redis");
    Serve();
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

RedisClient::~RedisClient() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  has_work_.notify_one();
  thread_.join();
}

std::string RedisClient::Key(absl::string_view own) const {
  return absl::StrCat(options_.key_prefix, own);
}

absl::Status RedisClient::Submit(RedisJob job) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= limits_.max_waiting_jobs && job.admission == Admission::kMayBeRefused) {
      return errors::LocalLimit("too much waits to be stored", absl::Seconds(1), {});
    }
    waiting_.push_back(std::move(job));
    if (waiting_.size() > 1) return absl::OkStatus();
  }
  has_work_.notify_one();
  return absl::OkStatus();
}

async::Task<absl::StatusOr<RedisValue>> RedisClient::Run(async::CallContext& call, RedisJob job) {
  const auto reply = std::make_shared<Reply<RedisValue>>(call.loop());
  job.done = [reply,
              heard = std::move(job.done)](const absl::StatusOr<RedisValue>& answer) mutable {
    if (heard) heard(answer);
    reply->Send(answer);
  };
  const absl::Status submitted = Submit(std::move(job));
  if (!submitted.ok()) co_return submitted;
  auto answer = co_await reply->Wait(call);
  co_return answer;
}

void RedisClient::Serve() {
  for (;;) {
    std::deque<RedisJob> jobs;
    const bool goes_on = TakeJobs(jobs);
    if (!goes_on && jobs.empty() && unsettled_.empty()) break;
    RunJobs(std::move(jobs));
    if (!goes_on) break;
  }
  // What was in flight here is now nobody's, and at once.
  if (connection_ == nullptr) return;
  connection_->Ask({"DEL", Key(absl::StrCat(kOwnerKeys, owner_))}, options_.timeout)
      .status()
      .IgnoreError();
  connection_->Ask({"ZREM", Key("owners"), owner_}, options_.timeout).status().IgnoreError();
}

// False: the client is closing, and these are the last.
bool RedisClient::TakeJobs(std::deque<RedisJob>& jobs) {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return closing_ || !waiting_.empty(); };
  has_work_.wait_until(lock, connection_ != nullptr ? next_lease_ : next_attempt_, ready);
  while (!waiting_.empty() && (closing_ || jobs.size() < kMostAtOnce)) {
    jobs.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return !closing_;
}

void RedisClient::RunJobs(std::deque<RedisJob> jobs) {
  const async::MonotonicTime now = async::SystemClock().MonotonicNow();
  if (connection_ == nullptr && now < next_attempt_) {
    Fail(std::move(jobs), failure_);
    return;
  }
  // What an earlier job began is ended before anybody asks about it.
  while (!unsettled_.empty()) {
    jobs.push_front(std::move(unsettled_.back()));
    unsettled_.pop_back();
  }
  unsettled_bytes_ = 0;
  if (now >= next_lease_ || connection_ == nullptr) jobs.push_front(LeaseJob());
  // A connection that was good may have been closed since: one more try with a new one.
  const bool had_one = connection_ != nullptr;
  absl::Status done = had_one ? absl::OkStatus() : Connect();
  if (done.ok()) done = SendAndReceive(jobs);
  if (!done.ok() && had_one) {
    done = Connect();
    if (done.ok()) done = SendAndReceive(jobs);
  }
  if (!done.ok()) {
    connection_.reset();
    failure_ = done;
    next_attempt_ = async::After(async::SystemClock().MonotonicNow(), backoff_);
    backoff_ = std::min(backoff_ * 2, kLongestBackoff);
  } else {
    backoff_ = kFirstBackoff;
    next_attempt_ = async::MonotonicTime::min();
  }
  NoteState(done);
  Fail(std::move(jobs), done);
}

absl::Status RedisClient::Connect() {
  connection_.reset();
  auto connected = RedisConnection::Connect(options_);
  if (!connected.ok()) return connected.status();
  connection_ = *std::move(connected);
  return absl::OkStatus();
}

// Takes the jobs that were answered out of `jobs`. After a long outage there may be very many.
absl::Status RedisClient::SendAndReceive(std::deque<RedisJob>& jobs) {
  absl::Status done;
  while (done.ok() && !jobs.empty()) {
    done = SendAndReceiveSome(jobs);
    const bool due = async::SystemClock().MonotonicNow() >= next_lease_;
    if (done.ok() && !jobs.empty() && due) jobs.push_front(LeaseJob());
  }
  return done;
}

absl::Status RedisClient::SendAndReceiveSome(std::deque<RedisJob>& jobs) {
  std::vector<const RedisCommand*> commands;
  std::size_t bytes = 0;
  for (const RedisJob& job : jobs) {
    commands.push_back(&job.command);
    bytes += BytesOf(job);
    if (commands.size() >= kMostAtOnce || bytes >= kMostBytesAtOnce) break;
  }
  absl::Status sent = connection_->Send(commands);
  if (!sent.ok()) return sent;
  for (std::size_t left = commands.size(); left > 0; --left) {
    std::string refused;
    auto answer = connection_->Receive(options_.timeout, &refused);
    if (absl::IsDeadlineExceeded(answer.status())) {
      return errors::StoreUnavailable("Redis: it doesn't answer");
    }
    if (!answer.ok()) return answer.status();
    if (!refused.empty()) {
      answer = errors::StoreUnavailable(absl::StrCat("Redis: refused (", refused, ")"));
      if (Contains(kWrongServer, refused)) return answer.status();
    }
    RedisJob job = std::move(jobs.front());
    jobs.pop_front();
    if (job.done) job.done(answer);
    job.done = nullptr;
    if (job.until_done && Contains(kPassing, refused)) KeepUnsettled(std::move(job));
  }
  return absl::OkStatus();
}

void RedisClient::Fail(std::deque<RedisJob> jobs, const absl::Status& why) {
  for (RedisJob& job : jobs) {
    if (job.done) job.done(why);
    job.done = nullptr;
    if (job.until_done) KeepUnsettled(std::move(job));
  }
}

void RedisClient::KeepUnsettled(RedisJob job) {
  const std::size_t bytes = BytesOf(job);
  if (unsettled_bytes_ + bytes > limits_.max_unsettled_bytes) return;
  unsettled_bytes_ += bytes;
  unsettled_.push_back(std::move(job));
}

RedisJob RedisClient::LeaseJob() {
  next_lease_ = async::After(async::SystemClock().MonotonicNow(), limits_.lease / 4);
  RedisJob job;
  job.command = {"EVAL",
                 kLeaseScript,
                 "2",
                 Key(absl::StrCat(kOwnerKeys, owner_)),
                 Key("owners"),
                 owner_,
                 absl::StrCat(absl::ToInt64Milliseconds(limits_.lease)),
                 absl::StrCat(absl::ToUnixMillis(absl::Now()))};
  job.done = [this](const absl::StatusOr<RedisValue>& answer) {
    if (answer.ok()) processes_.store(std::max<int64_t>(answer->integer, 1));
  };
  return job;
}

void RedisClient::NoteState(const absl::Status& state) {
  if (state.ok() != failing_) return;
  failing_ = !state.ok();
  if (limits_.on_change) limits_.on_change(state);
}

}  // namespace edugate::store
