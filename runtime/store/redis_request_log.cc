#include "runtime/store/redis_request_log.h"

#include <algorithm>
#include <optional>
#include <random>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "runtime/digest/sha256.h"
#include "runtime/errors/errors.h"
#include "runtime/store/redis_answers.h"

namespace edugate::store {
namespace {

// The fields of a key's hash: s, its state (i: in flight, d: done, u: unknown); f, the fingerprint;
// a, the attempt; t, when it began, in microseconds; o, the process; r, the outcome.

// KEYS: the request. ARGV: fingerprint, attempt, now and the oldest that counts (microseconds),
// retention (ms), this process, what the keys of processes begin with.
constexpr char kBegin[] = R"lua(
  local found = redis.call('HMGET', KEYS[1], 's', 'f', 'a', 't', 'o', 'r')
  if found[1] and tonumber(found[4]) > tonumber(ARGV[4]) then
    if found[3] == ARGV[2] then return {'new', ARGV[2], ''} end
    if found[2] ~= ARGV[1] then return {'other', '0', ''} end
    if found[1] == 'd' then return {'done', found[3], found[6]} end
    if found[1] == 'i' and redis.call('EXISTS', ARGV[7] .. found[5]) == 1 then
      return {'in flight', found[3], ''}
    end
    return {'unknown', found[3], ''}
  end
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 's', 'i', 'f', ARGV[1], 'a', ARGV[2], 't', ARGV[3], 'o', ARGV[6])
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
  return {'new', ARGV[2], ''}
)lua";

// KEYS: the request. ARGV: attempt, outcome.
constexpr char kFinish[] = R"lua(
  local found = redis.call('HMGET', KEYS[1], 's', 'a')
  if found[1] and found[1] ~= 'd' and found[2] == ARGV[1] then
    redis.call('HSET', KEYS[1], 's', 'd', 'r', ARGV[2])
  end
  return 1
)lua";

// KEYS: the request. ARGV: attempt.
constexpr char kForget[] = R"lua(
  local found = redis.call('HMGET', KEYS[1], 's', 'a')
  if found[1] and found[1] ~= 'd' and found[2] == ARGV[1] then redis.call('DEL', KEYS[1]) end
  return 1
)lua";

// KEYS: the request. ARGV: attempt.
constexpr char kLeaveUnknown[] = R"lua(
  local found = redis.call('HMGET', KEYS[1], 's', 'a')
  if found[1] == 'i' and found[2] == ARGV[1] then redis.call('HSET', KEYS[1], 's', 'u') end
  return 1
)lua";

// A digest, so that a key has one length and shows neither a caller nor an id.
std::string KeyOf(const RedisClient& client, absl::string_view key) {
  return client.Key(absl::StrCat("request:", digest::Sha256Hex(key)));
}

RedisJob EndJob(const char* script, std::string key, int64_t attempt) {
  RedisJob job;
  job.command = {"EVAL", script, "1", std::move(key), absl::StrCat(attempt)};
  job.admission = Admission::kAlways;
  job.until_done = true;
  return job;
}

// Gives a key back whose Begin nobody took the answer of, and which may have been carried out.
class GiveBack {
 public:
  GiveBack(RedisClient& client, std::string key, int64_t attempt)
      : client_(client), job_(EndJob(kForget, std::move(key), attempt)) {}
  GiveBack(const GiveBack&) = delete;
  GiveBack& operator=(const GiveBack&) = delete;
  ~GiveBack() {
    if (job_.has_value()) client_.Submit(*std::move(job_)).IgnoreError();
  }

  void Cancel() { job_.reset(); }

 private:
  RedisClient& client_;
  std::optional<RedisJob> job_;
};

}  // namespace

RedisRequestLog::RedisRequestLog(RedisClient& client, absl::Duration retention)
    : client_(client), retention_(retention) {}

// The clock's microseconds with a random end: ascending in this process, and another process' are
// others. They need to differ for the same key alone.
int64_t RedisRequestLog::NewAttempt() {
  constexpr int kRandomBits = 10;
  thread_local std::minstd_rand random(std::random_device{}());
  const int64_t made = (absl::ToUnixMicros(absl::Now()) << kRandomBits) |
                       static_cast<int64_t>(random() & ((1u << kRandomBits) - 1));
  int64_t last = last_attempt_.load(std::memory_order_relaxed);
  int64_t next = 0;
  do {
    next = std::max(made, last + 1);
  } while (!last_attempt_.compare_exchange_weak(last, next, std::memory_order_relaxed));
  return next;
}

async::Task<absl::StatusOr<BegunRequest>> RedisRequestLog::Begin(async::CallContext& call,
                                                                 std::string key,
                                                                 std::string fingerprint,
                                                                 absl::Time now) {
  const absl::Status before = call.Status();
  if (!before.ok()) co_return before;
  const int64_t attempt = NewAttempt();
  std::string stored_key = KeyOf(client_, key);
  GiveBack give_back(client_, stored_key, attempt);
  RedisJob job;
  job.command = {"EVAL",
                 kBegin,
                 "1",
                 std::move(stored_key),
                 std::move(fingerprint),
                 absl::StrCat(attempt),
                 absl::StrCat(absl::ToUnixMicros(now)),
                 absl::StrCat(absl::ToUnixMicros(now - retention_)),
                 absl::StrCat(absl::ToInt64Milliseconds(retention_)),
                 client_.owner(),
                 client_.Key(RedisClient::kOwnerKeys)};
  auto answer = co_await client_.Run(call, std::move(job));
  if (!answer.ok()) {
    // Refused before it was sent: there is nothing to give back.
    if (errors::ReasonOf(answer.status()) == v1::ERROR_REASON_LOCAL_LIMIT) give_back.Cancel();
    co_return answer.status();
  }
  give_back.Cancel();
  co_return BegunIn(*answer);
}

async::Task<absl::Status> RedisRequestLog::Finish(async::CallContext& call, std::string key,
                                                  int64_t attempt, std::string outcome) {
  RedisJob job = EndJob(kFinish, KeyOf(client_, key), attempt);
  job.command.push_back(std::move(outcome));
  auto answer = co_await client_.Run(call, std::move(job));
  co_return answer.status();
}

async::Task<absl::Status> RedisRequestLog::Forget(async::CallContext& call, std::string key,
                                                  int64_t attempt) {
  auto answer = co_await client_.Run(call, EndJob(kForget, KeyOf(client_, key), attempt));
  co_return answer.status();
}

async::Task<absl::Status> RedisRequestLog::LeaveUnknown(async::CallContext& call, std::string key,
                                                        int64_t attempt) {
  auto answer = co_await client_.Run(call, EndJob(kLeaveUnknown, KeyOf(client_, key), attempt));
  co_return answer.status();
}

}  // namespace edugate::store
