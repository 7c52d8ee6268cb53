// Any answer of a Redis server. A byte chooses what stands at a place: nothing, a number, a text,
// or an array; then come its digits or bytes up to a line feed, or the number of its elements.

#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "runtime/store/redis_answers.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace edugate {
namespace {

using store::RedisValue;

RedisValue Value(fuzz::Input& input, int depth) {
  constexpr int kDeepest = 7;  // As hiredis reads them.
  RedisValue value;
  value.kind = static_cast<RedisValue::Kind>(input.Choice(4));
  switch (value.kind) {
    case RedisValue::Kind::kNil:
      break;
    case RedisValue::Kind::kInteger:
      if (!absl::SimpleAtoi(input.Line(), &value.integer)) value.integer = 0;
      break;
    case RedisValue::Kind::kText:
      value.text = std::string(input.Line());
      break;
    case RedisValue::Kind::kArray: {
      const std::size_t count = depth < kDeepest ? input.Choice(16) : 0;
      for (std::size_t i = 0; i < count; ++i) value.array.push_back(Value(input, depth + 1));
      break;
    }
  }
  return value;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  int64_t after = 0;
  if (!absl::SimpleAtoi(input.Line(), &after) || after < 0) after = 0;
  const RedisValue answer = Value(input, 0);

  const auto batch = store::EventsIn(answer, after);
  if (batch.ok()) {
    int64_t before = after;
    for (const store::Event& event : batch->events) {
      fuzz::Require(event.sequence > before, "a reader gets ahead");
      before = event.sequence;
    }
    fuzz::Require(batch->last >= after, "a reader never goes back");
    fuzz::Require(batch->events.empty() || batch->last == before,
                  "a batch ends with its last event");
    fuzz::Require(!batch->missed || batch->last > after,
                  "who has missed something goes on behind it");
  }

  const auto appended = store::AppendedIn(answer);
  fuzz::Require(!appended.ok() || appended->sequence > 0, "an event has a number");

  const auto begun = store::BegunIn(answer);
  if (begun.ok()) {
    fuzz::Require(begun->state != store::RequestState::kNew || answer.array[0].text == "new",
                  "nothing but `new` lets a write begin");
    fuzz::Require(begun->outcome == answer.array[2].text, "an outcome is the recorded one");
  }

  const auto news = store::NewsIn(answer);
  if (news.has_value()) {
    fuzz::Require(answer.array[2].text.size() > news->topic.size(), "news name a topic");
  }
  return 0;
}

}  // namespace edugate
