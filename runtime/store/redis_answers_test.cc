#include "runtime/store/redis_answers.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "runtime/errors/errors.h"

namespace edugate::store {
namespace {

RedisValue Number(int64_t number) {
  return {.kind = RedisValue::Kind::kInteger, .integer = number};
}

RedisValue Text(std::string text) {
  return {.kind = RedisValue::Kind::kText, .text = std::move(text)};
}

RedisValue Array(std::vector<RedisValue> elements) {
  return {.kind = RedisValue::Kind::kArray, .array = std::move(elements)};
}

RedisValue Entry(int64_t sequence, const std::string& payload = "payload") {
  return Array({Text(absl::StrCat(sequence, "-0")),
                Array({Text("i"), Text("id"), Text("p"), Text(payload), Text("t"), Text("7")})});
}

TEST(RedisAnswersTest, EventsAreReadInTheirOrder) {
  const auto batch = EventsIn(Array({Number(0), Array({Entry(3), Entry(5, "last")})}), 2);
  ASSERT_TRUE(batch.ok());
  ASSERT_EQ(batch->events.size(), 2u);
  EXPECT_EQ(batch->events[1].payload, "last");
  EXPECT_EQ(batch->events[1].dedup_id, "id");
  EXPECT_EQ(batch->last, 5);
  EXPECT_FALSE(batch->missed);
}

TEST(RedisAnswersTest, WhatWasPurgedBehindTheReaderIsMissed) {
  const auto batch = EventsIn(Array({Number(9), Array({})}), 2);
  ASSERT_TRUE(batch.ok());
  EXPECT_TRUE(batch->missed);
  EXPECT_EQ(batch->last, 9);
}

TEST(RedisAnswersTest, EventsThatAReaderWouldGetAgainAndAgainAreNone) {
  EXPECT_FALSE(EventsIn(Array({Number(0), Array({Entry(2)})}), 2).ok());
  EXPECT_FALSE(EventsIn(Array({Number(0), Array({Entry(4), Entry(3)})}), 2).ok());
}

TEST(RedisAnswersTest, WhatIsNoAnswerIsAnError) {
  for (const RedisValue& answer :
       {RedisValue(), Number(1), Text("x"), Array({}), Array({Number(1)}),
        Array({Number(0), Number(0)}), Array({Number(0), Array({Number(3)})}),
        Array({Number(0), Array({Array({Text("3-0"), Array({Text("i")})})})})}) {
    EXPECT_FALSE(EventsIn(answer, 0).ok());
    EXPECT_FALSE(BegunIn(answer).ok());
    EXPECT_FALSE(NewsIn(answer).has_value());
  }
  EXPECT_FALSE(AppendedIn(Array({Number(0), Number(0)})).ok());
  EXPECT_TRUE(AppendedIn(Array({Number(4), Number(1)}))->duplicate);
}

TEST(RedisAnswersTest, ARequestWhoseStateIsNotKnownIsNotTakenForANewOne) {
  EXPECT_EQ(BegunIn(Array({Text("new"), Text("8"), Text("")}))->state, RequestState::kNew);
  EXPECT_EQ(BegunIn(Array({Text("done"), Text("8"), Text("reply")}))->outcome, "reply");
  EXPECT_FALSE(BegunIn(Array({Text("paused"), Text("8"), Text("")})).ok());
  EXPECT_FALSE(BegunIn(Array({Text(""), Text("8"), Text("")})).ok());
  EXPECT_FALSE(BegunIn(Array({Text("new"), Text("eight"), Text("")})).ok());
}

TEST(RedisAnswersTest, NewsNameTheTopicAsItIs) {
  const auto news = NewsIn(Array({Text("message"), Text("edugate:news"), Text("12 a topic")}));
  ASSERT_TRUE(news.has_value());
  EXPECT_EQ(news->sequence, 12);
  EXPECT_EQ(news->topic, "a topic");
}

}  // namespace
}  // namespace edugate::store
