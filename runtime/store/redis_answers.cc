#include "runtime/store/redis_answers.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "runtime/errors/errors.h"

namespace edugate::store {
namespace {

using Kind = RedisValue::Kind;

absl::Status NotAnAnswer() { return errors::Internal("the store's answer is none"); }

// An entry as the server gives it: its id, and names and values in turn.
absl::StatusOr<Event> EventIn(const RedisValue& entry) {
  if (entry.array.size() != 2 || entry.array[1].array.size() != 6) return NotAnAnswer();
  absl::string_view id = entry.array[0].text;
  const std::vector<RedisValue>& fields = entry.array[1].array;
  Event event;
  int64_t micros = 0;
  if (!absl::SimpleAtoi(id.substr(0, id.find('-')), &event.sequence) ||
      fields[1].kind != Kind::kText || fields[3].kind != Kind::kText ||
      !absl::SimpleAtoi(fields[5].text, &micros)) {
    return NotAnAnswer();
  }
  event.dedup_id = fields[1].text;
  event.payload = fields[3].text;
  event.stored = absl::FromUnixMicros(micros);
  return event;
}

std::optional<RequestState> StateNamed(absl::string_view name) {
  if (name == "new") return RequestState::kNew;
  if (name == "done") return RequestState::kDone;
  if (name == "in flight") return RequestState::kInFlight;
  if (name == "other") return RequestState::kOtherRequest;
  if (name == "unknown") return RequestState::kUnknownOutcome;
  return std::nullopt;
}

}  // namespace

absl::StatusOr<AppendedEvent> AppendedIn(const RedisValue& answer) {
  if (answer.array.size() != 2 || answer.array[0].integer <= 0) return NotAnAnswer();
  return AppendedEvent{.sequence = answer.array[0].integer,
                       .duplicate = answer.array[1].integer != 0};
}

absl::StatusOr<EventBatch> EventsIn(const RedisValue& answer, int64_t after) {
  if (answer.array.size() != 2 || answer.array[1].kind != Kind::kArray) return NotAnAnswer();
  const int64_t purged_through = answer.array[0].integer;
  EventBatch batch;
  batch.missed = purged_through > after;
  batch.last = std::max(after, purged_through);
  int64_t before = after;
  for (const RedisValue& entry : answer.array[1].array) {
    auto event = EventIn(entry);
    if (!event.ok()) return event.status();
    // A reader that goes on behind a batch must get ahead with it.
    if (event->sequence <= before) return NotAnAnswer();
    before = event->sequence;
    batch.events.push_back(*std::move(event));
  }
  if (!batch.events.empty()) batch.last = before;
  return batch;
}

absl::StatusOr<BegunRequest> BegunIn(const RedisValue& answer) {
  BegunRequest begun;
  if (answer.array.size() != 3 || !absl::SimpleAtoi(answer.array[1].text, &begun.attempt)) {
    return NotAnAnswer();
  }
  const std::optional<RequestState> state = StateNamed(answer.array[0].text);
  // Taken for a new one, a write would happen twice.
  if (!state.has_value()) return NotAnAnswer();
  begun.state = *state;
  begun.outcome = answer.array[2].text;
  return begun;
}

std::optional<EventNews> NewsIn(const RedisValue& message) {
  if (message.array.size() != 3) return std::nullopt;
  // The sequence number, a blank, the topic.
  const absl::string_view text = message.array[2].text;
  const size_t blank = text.find(' ');
  EventNews news;
  if (blank == absl::string_view::npos ||
      !absl::SimpleAtoi(text.substr(0, blank), &news.sequence)) {
    return std::nullopt;
  }
  news.topic = std::string(text.substr(blank + 1));
  return news;
}

}  // namespace edugate::store
