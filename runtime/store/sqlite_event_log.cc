#include "runtime/store/sqlite_event_log.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "runtime/store/session.h"

namespace edugate::store {
namespace {

// Events deleted in one transaction, so that none takes long.
constexpr int64_t kPurgeBatch = 200;

// A batch ends with the payload that brings it here.
constexpr std::size_t kMaxBatchBytes = 4u << 20;

// What a queued job takes besides its strings.
constexpr std::size_t kJobBytes = 256;

absl::StatusOr<int64_t> FindDuplicate(Session& session, absl::string_view topic,
                                      absl::string_view dedup_id) {
  Statement find(session, "SELECT sequence FROM event WHERE topic = ?1 AND dedup_id = ?2");
  find.Bind(1, topic);
  find.Bind(2, dedup_id);
  const absl::StatusOr<bool> found = find.Step();
  if (!found.ok()) return found.status();
  return *found ? find.Int(0) : 0;
}

// The last sequence number that was ever given.
absl::StatusOr<int64_t> LastGiven(Session& session) {
  Statement last(session, "SELECT seq FROM sqlite_sequence WHERE name = 'event'");
  const absl::StatusOr<bool> found = last.Step();
  if (!found.ok()) return found.status();
  return *found ? last.Int(0) : 0;
}

absl::StatusOr<int64_t> PurgedThrough(Session& session, absl::string_view topic) {
  Statement find(session, "SELECT purged_through FROM topic WHERE topic = ?1");
  find.Bind(1, topic);
  const absl::StatusOr<bool> found = find.Step();
  if (!found.ok()) return found.status();
  return *found ? find.Int(0) : 0;
}

}  // namespace

SqliteEventLog::SqliteEventLog(Database& database, absl::Duration retention)
    : database_(database), retention_(retention), news_(std::make_shared<News>()) {}

async::Task<absl::StatusOr<AppendedEvent>> SqliteEventLog::Append(async::CallContext& call,
                                                                  std::string topic,
                                                                  std::string dedup_id,
                                                                  std::string payload,
                                                                  absl::Time now) {
  const auto stored = std::make_shared<AppendedEvent>();  // The store's thread's.
  Query<AppendedEvent> query;
  query.bytes = kJobBytes + 2 * topic.size() + dedup_id.size() + payload.size();
  query.done = [news = news_, stored, topic](const absl::Status& status) {
    if (status.ok()) news->Announce(topic, stored->sequence);
  };
  query.work = [stored, topic = std::move(topic), dedup_id = std::move(dedup_id),
                payload = std::move(payload),
                now](Session& session) -> absl::StatusOr<AppendedEvent> {
    const absl::StatusOr<int64_t> earlier = FindDuplicate(session, topic, dedup_id);
    if (!earlier.ok()) return earlier.status();
    if (*earlier != 0) {
      *stored = {.sequence = *earlier, .duplicate = true};
      return *stored;
    }
    Statement insert(
        session, "INSERT INTO event (topic, dedup_id, payload, stored_at) VALUES (?1, ?2, ?3, ?4)");
    insert.Bind(1, topic);
    insert.Bind(2, dedup_id);
    insert.Bind(3, payload);
    insert.Bind(4, absl::ToUnixMicros(now));
    absl::Status inserted = insert.Run();
    if (!inserted.ok()) return inserted;
    *stored = {.sequence = session.last_insert_id(), .duplicate = false};
    return *stored;
  };
  auto appended = co_await database_.Run(call, std::move(query));
  co_return appended;
}

async::Task<absl::StatusOr<EventBatch>> SqliteEventLog::Read(async::CallContext& call,
                                                             std::string topic, int64_t after,
                                                             std::size_t limit) {
  Query<EventBatch> query;
  query.bytes = kJobBytes + topic.size();
  query.work = [topic = std::move(topic), seen = after,
                limit](Session& session) -> absl::StatusOr<EventBatch> {
    const absl::StatusOr<int64_t> purged_through = PurgedThrough(session, topic);
    if (!purged_through.ok()) return purged_through.status();
    const absl::StatusOr<int64_t> last_given = LastGiven(session);
    if (!last_given.ok()) return last_given.status();
    const bool of_a_lost_log = seen > *last_given;
    const int64_t after = of_a_lost_log ? 0 : seen;
    EventBatch batch;
    batch.missed = of_a_lost_log || *purged_through > after;
    Statement read(session, R"sql(
      SELECT sequence, dedup_id, payload, stored_at FROM event
      WHERE topic = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3
    )sql");
    constexpr std::size_t kMost = std::numeric_limits<int32_t>::max();
    read.Bind(1, topic);
    read.Bind(2, after);
    read.Bind(3, static_cast<int64_t>(std::clamp<std::size_t>(limit, 1, kMost)));
    std::size_t bytes = 0;
    absl::StatusOr<bool> more = read.Step();
    while (more.ok() && *more) {
      batch.events.push_back({.sequence = read.Int(0),
                              .dedup_id = read.Bytes(1),
                              .payload = read.Bytes(2),
                              .stored = absl::FromUnixMicros(read.Int(3))});
      bytes += batch.events.back().payload.size();
      if (bytes >= kMaxBatchBytes) break;
      more = read.Step();
    }
    if (!more.ok()) return more.status();
    batch.last =
        batch.events.empty() ? std::max(after, *purged_through) : batch.events.back().sequence;
    return batch;
  };
  auto batch = co_await database_.Run(call, std::move(query));
  co_return batch;
}

async::Task<absl::StatusOr<EventBatch>> SqliteEventLog::ReadNext(async::CallContext& call,
                                                                 std::string topic, int64_t after,
                                                                 std::size_t limit) {
  while (true) {
    auto batch = co_await Read(call, topic, after, limit);
    if (!batch.ok() || !batch->events.empty() || batch->missed) co_return batch;
    auto news = co_await news_->WaitBeyond(call, topic, after);
    if (!news.ok()) co_return news;
  }
}

async::Task<absl::StatusOr<int64_t>> SqliteEventLog::LastSequence(async::CallContext& call) {
  Query<int64_t> query;
  query.bytes = kJobBytes;
  query.work = LastGiven;
  auto last = co_await database_.Run(call, std::move(query));
  co_return last;
}

async::Task<absl::StatusOr<bool>> SqliteEventLog::PurgeBatch(async::CallContext& call,
                                                             absl::Time now) {
  Query<bool> query;
  query.bytes = kJobBytes;
  query.work =
      [oldest = absl::ToUnixMicros(now - retention_)](Session& session) -> absl::StatusOr<bool> {
    Statement note(session, R"sql(
      INSERT INTO topic (topic, purged_through)
      SELECT topic, max(sequence) FROM (
        SELECT topic, sequence FROM event WHERE stored_at <= ?1
        ORDER BY stored_at, sequence LIMIT ?2)
      WHERE true GROUP BY topic
      ON CONFLICT (topic) DO UPDATE
      SET purged_through = max(purged_through, excluded.purged_through)
    )sql");
    note.Bind(1, oldest);
    note.Bind(2, kPurgeBatch);
    absl::Status noted = note.Run();
    if (!noted.ok()) return noted;
    Statement purge(session, R"sql(
      DELETE FROM event WHERE sequence IN (
        SELECT sequence FROM event WHERE stored_at <= ?1 ORDER BY stored_at, sequence LIMIT ?2)
    )sql");
    purge.Bind(1, oldest);
    purge.Bind(2, kPurgeBatch);
    absl::Status purged = purge.Run();
    if (!purged.ok()) return purged;
    return session.changes() == kPurgeBatch;
  };
  auto purged = co_await database_.Run(call, std::move(query));
  co_return purged;
}

}  // namespace edugate::store
