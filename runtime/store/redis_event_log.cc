#include "runtime/store/redis_event_log.h"

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "runtime/async/clock.h"
#include "runtime/errors/errors.h"
#include "runtime/store/redis_answers.h"

namespace edugate::store {
namespace {

// Events deleted by one script, so that none holds the server up for long.
constexpr int64_t kPurgeBatch = 200;

// A batch ends with the payload that brings it here.
constexpr std::size_t kMaxBatchBytes = 4u << 20;

constexpr absl::Duration kLook = absl::Milliseconds(100);
constexpr absl::Duration kSilence = absl::Seconds(5);
constexpr absl::Duration kPause = absl::Milliseconds(200);

// What belongs to a topic: a stream of entries (i: the event's id, p: its payload, t: when it was
// stored, in microseconds), a hash from ids to sequence numbers, and the last number that has been
// purged. Besides: the last number of all, the set of topics, the channel of news.

// KEYS: the last number, stream, ids, topics. ARGV: id, payload, now, topic, channel.
constexpr char kAppend[] = R"lua(
  local known = redis.call('HGET', KEYS[3], ARGV[1])
  if known then return {tonumber(known), 1} end
  local sequence = redis.call('INCR', KEYS[1])
  redis.call('XADD', KEYS[2], sequence .. '-0', 'i', ARGV[1], 'p', ARGV[2], 't', ARGV[3])
  redis.call('HSET', KEYS[3], ARGV[1], sequence)
  redis.call('SADD', KEYS[4], ARGV[4])
  redis.call('PUBLISH', ARGV[5], sequence .. ' ' .. ARGV[4])
  return {sequence, 0}
)lua";

// KEYS: stream, what has been purged, the last number. ARGV: after, limit, bytes, topic. Answers -1
// and the last number where `after` is of a log that is lost.
constexpr char kRead[] = R"lua(
  local given = tonumber(redis.call('GET', KEYS[3]) or '0')
  if tonumber(ARGV[1]) > given then return {-1, given} end
  local purged = tonumber(redis.call('HGET', KEYS[2], ARGV[4]) or '0')
  local events = {}
  local left = tonumber(ARGV[2])
  local bytes = 0
  local from = ARGV[1]
  while left > 0 and bytes < tonumber(ARGV[3]) do
    local part = redis.call('XRANGE', KEYS[1], '(' .. from .. '-0', '+', 'COUNT', math.min(left, 16))
    for _, entry in ipairs(part) do
      events[#events + 1] = entry
      bytes = bytes + #entry[2][4]
      from = string.sub(entry[1], 1, -3)
      left = left - 1
      if bytes >= tonumber(ARGV[3]) then break end
    end
    if #part < 16 then break end
  end
  return {purged, events}
)lua";

// KEYS: stream, what has been purged. ARGV: topic.
constexpr char kLast[] = R"lua(
  local purged = tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '0')
  local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
  if #last == 0 then return purged end
  return math.max(purged, tonumber(string.sub(last[1][1], 1, -3)))
)lua";

// KEYS: topics, what has been purged. ARGV: the oldest that stays (microseconds), limit, what keys
// of streams and of ids begin with. An event that a clock ahead of time has dated doesn't keep
// those behind it, and goes after them.
constexpr char kPurge[] = R"lua(
  local left = tonumber(ARGV[2])
  for _, topic in ipairs(redis.call('SMEMBERS', KEYS[1])) do
    if left == 0 then break end
    local stream = ARGV[3] .. topic
    local purged = tonumber(redis.call('HGET', KEYS[2], topic) or '0')
    local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', left)
    for _, entry in ipairs(first) do
      if tonumber(entry[2][6]) <= tonumber(ARGV[1]) then
        redis.call('XDEL', stream, entry[1])
        redis.call('HDEL', ARGV[4] .. topic, entry[2][2])
        local number = string.sub(entry[1], 1, -3)
        if tonumber(number) > purged then redis.call('HSET', KEYS[2], topic, number) end
        left = left - 1
      end
    end
  end
  return left == 0 and 1 or 0
)lua";

constexpr char kLastNumber[] = "sequence";
constexpr char kStreams[] = "events:";
constexpr char kIds[] = "event-ids:";
constexpr char kNews[] = "news";

std::string PurgedKey(const RedisClient& client) { return client.Key("purged"); }

absl::Status NotAnAnswer() { return errors::Internal("the store's answer is none"); }

RedisCommand ReadCommand(const RedisClient& client, const std::string& topic, int64_t after,
                         std::size_t limit) {
  constexpr std::size_t kMost = 1'000'000;
  return {"EVAL",
          kRead,
          "3",
          client.Key(absl::StrCat(kStreams, topic)),
          PurgedKey(client),
          client.Key(kLastNumber),
          absl::StrCat(after),
          absl::StrCat(std::clamp<std::size_t>(limit, 1, kMost)),
          absl::StrCat(kMaxBatchBytes),
          topic};
}

}  // namespace

RedisEventLog::RedisEventLog(RedisClient& client, absl::Duration retention)
    : client_(client),
      retention_(retention),
      news_(std::make_shared<News>()),
      behind_(std::make_shared<std::atomic<bool>>(false)) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  listener_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "edugate-news");
    Listen();
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

RedisEventLog::~RedisEventLog() {
  closing_ = true;
  listener_.join();
}

async::Task<absl::StatusOr<AppendedEvent>> RedisEventLog::Append(async::CallContext& call,
                                                                 std::string topic,
                                                                 std::string dedup_id,
                                                                 std::string payload,
                                                                 absl::Time now) {
  RedisJob job;
  job.command = {"EVAL",
                 kAppend,
                 "4",
                 client_.Key(kLastNumber),
                 client_.Key(absl::StrCat(kStreams, topic)),
                 client_.Key(absl::StrCat(kIds, topic)),
                 client_.Key("topics"),
                 std::move(dedup_id),
                 std::move(payload),
                 absl::StrCat(absl::ToUnixMicros(now)),
                 topic,
                 client_.Key(kNews)};
  job.done = [news = news_, topic = std::move(topic)](const absl::StatusOr<RedisValue>& answer) {
    if (!answer.ok()) return;
    const auto appended = AppendedIn(*answer);
    if (appended.ok()) news->Announce(topic, appended->sequence);
  };
  auto answer = co_await client_.Run(call, std::move(job));
  if (!answer.ok()) co_return answer.status();
  co_return AppendedIn(*answer);
}

async::Task<absl::StatusOr<EventBatch>> RedisEventLog::Read(async::CallContext& call,
                                                            std::string topic, int64_t after,
                                                            std::size_t limit) {
  RedisJob job;
  job.command = ReadCommand(client_, topic, after, limit);
  auto answer = co_await client_.Run(call, std::move(job));
  if (!answer.ok()) co_return answer.status();
  const bool of_a_lost_log = after > 0 && answer->array.size() == 2 && answer->array[0].integer < 0;
  if (of_a_lost_log) {
    news_->StartAgain(topic, answer->array[1].integer);
    auto batch = co_await Read(call, topic, 0, limit);
    if (!batch.ok()) co_return batch;
    // What has come since the answer, and may have been announced before it was heard.
    news_->Announce(topic, batch->last);
    batch->missed = true;
    co_return batch;
  }
  co_return EventsIn(*answer, after);
}

async::Task<absl::StatusOr<EventBatch>> RedisEventLog::ReadNext(async::CallContext& call,
                                                                std::string topic, int64_t after,
                                                                std::size_t limit) {
  // From here on the topic is among those that are looked at when news may have been missed.
  news_->Know(topic);
  while (true) {
    auto batch = co_await Read(call, topic, after, limit);
    if (!batch.ok() || !batch->events.empty() || batch->missed) co_return batch;
    auto news = co_await news_->WaitBeyond(call, topic, after);
    if (!news.ok()) co_return news;
  }
}

async::Task<absl::StatusOr<int64_t>> RedisEventLog::LastSequence(async::CallContext& call) {
  RedisJob job;
  job.command = {"GET", client_.Key(kLastNumber)};
  auto answer = co_await client_.Run(call, std::move(job));
  if (!answer.ok()) co_return answer.status();
  int64_t last = 0;
  if (answer->kind == RedisValue::Kind::kText && !absl::SimpleAtoi(answer->text, &last)) {
    co_return NotAnAnswer();
  }
  co_return last;
}

async::Task<absl::StatusOr<bool>> RedisEventLog::PurgeBatch(async::CallContext& call,
                                                            absl::Time now) {
  RedisJob job;
  job.command = {"EVAL",
                 kPurge,
                 "2",
                 client_.Key("topics"),
                 PurgedKey(client_),
                 absl::StrCat(absl::ToUnixMicros(now - retention_)),
                 absl::StrCat(kPurgeBatch),
                 client_.Key(kStreams),
                 client_.Key(kIds)};
  auto answer = co_await client_.Run(call, std::move(job));
  if (!answer.ok()) co_return answer.status();
  co_return answer->integer == 1;
}

void RedisEventLog::Listen() {
  while (!closing_) {
    ListenUntilItBreaks().IgnoreError();
    if (!closing_) absl::SleepFor(kPause);
  }
}

absl::Status RedisEventLog::ListenUntilItBreaks() {
  auto connection = RedisConnection::Connect(client_.options());
  if (!connection.ok()) return connection.status();
  auto subscribed =
      (*connection)->Ask({"SUBSCRIBE", client_.Key(kNews)}, client_.options().timeout);
  if (!subscribed.ok()) return subscribed.status();
  // The server may have lost its data meanwhile, and then counts from one again. What was appended
  // before this is looked up, and what comes later is heard of.
  news_->ForgetNumbers();
  CatchUp();
  const RedisCommand ping = {"PING"};
  const async::Clock& clock = async::SystemClock();
  async::MonotonicTime heard = clock.MonotonicNow();
  bool asked = false;
  while (!closing_) {
    auto message = (*connection)->Receive(kLook, nullptr);
    if (behind_->exchange(false)) CatchUp();
    const absl::Duration silent = absl::FromChrono(clock.MonotonicNow() - heard);
    if (absl::IsDeadlineExceeded(message.status())) {
      if (silent > kSilence + client_.options().timeout) return message.status();
      if (silent > kSilence && !asked) {
        absl::Status sent = (*connection)->Send({&ping});
        if (!sent.ok()) return sent;
        asked = true;
      }
      continue;
    }
    if (!message.ok()) return message.status();
    heard = clock.MonotonicNow();
    asked = false;
    const std::optional<EventNews> news = NewsIn(*message);
    if (news.has_value()) news_->Announce(news->topic, news->sequence);
  }
  return absl::OkStatus();
}

void RedisEventLog::CatchUp() {
  for (std::string& topic : news_->Topics()) {
    RedisJob job;
    job.command = {
        "EVAL", kLast, "2", client_.Key(absl::StrCat(kStreams, topic)), PurgedKey(client_), topic};
    job.admission = Admission::kAlways;
    job.done = [news = news_, behind = behind_,
                topic = std::move(topic)](const absl::StatusOr<RedisValue>& answer) {
      if (answer.ok()) {
        news->LookedUp(topic, answer->integer);
      } else {
        *behind = true;
      }
    };
    client_.Submit(std::move(job)).IgnoreError();
  }
}

}  // namespace edugate::store
