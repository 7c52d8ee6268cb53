#include "runtime/store/retention.h"

#include <optional>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/sleep.h"
#include "runtime/async/test_loop.h"

namespace edugate::store {
namespace {

using ::testing::ElementsAre;

class FakeLog : public Purgeable {
 public:
  async::Task<absl::StatusOr<bool>> PurgeBatch(async::CallContext& call, absl::Time now) override {
    times.push_back(now);
    absl::StatusOr<bool> answer = call.Status().ok() ? answers.front() : call.Status();
    if (answers.size() > 1) answers.erase(answers.begin());
    co_return answer;
  }

  std::vector<absl::Time> times;
  std::vector<absl::StatusOr<bool>> answers = {false};
};

async::Task<void> KeepInto(async::CallContext& call, FakeLog& log,
                           std::optional<absl::Status>& out) {
  auto ended = co_await KeepPurging(call, log, absl::Hours(1));
  out = ended;
}

class RetentionTest : public testing::Test {
 protected:
  async::TestLoop loop_;
  async::CallContext call_{loop_, async::kNever};
  FakeLog log_;
  std::optional<absl::Status> ended_;
  const absl::Time start_ = loop_.clock().WallNow();
};

TEST_F(RetentionTest, PurgesBatchAfterBatchUntilNothingIsLeftThenWaits) {
  log_.answers = {true, true, false, false};
  loop_.Spawn(KeepInto(call_, log_, ended_));
  loop_.RunReady();
  EXPECT_THAT(log_.times, ElementsAre(start_, start_, start_));
  loop_.Advance(absl::Hours(1));
  EXPECT_EQ(log_.times.size(), 4u);
  EXPECT_EQ(log_.times.back(), start_ + absl::Hours(1));
}

TEST_F(RetentionTest, TriesAgainAfterAFailure) {
  log_.answers = {absl::UnavailableError("full"), false};
  loop_.Spawn(KeepInto(call_, log_, ended_));
  loop_.RunReady();
  EXPECT_EQ(log_.times.size(), 1u);
  loop_.Advance(absl::Hours(1));
  EXPECT_EQ(log_.times.size(), 2u);
  EXPECT_FALSE(ended_.has_value());
}

TEST_F(RetentionTest, EndsWithItsCall) {
  loop_.Spawn(KeepInto(call_, log_, ended_));
  loop_.RunReady();
  call_.Cancel();
  loop_.RunReady();
  ASSERT_TRUE(ended_.has_value());
  EXPECT_EQ(ended_->code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace edugate::store
