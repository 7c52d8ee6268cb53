#include "runtime/async/sleep.h"

#include <optional>

#include "gtest/gtest.h"
#include "runtime/async/test_loop.h"

namespace edugate::async {
namespace {

Task<void> SleepInto(CallContext& call, absl::Duration duration, std::optional<absl::Status>& out) {
  auto slept = co_await Sleep(call, duration);
  out = slept;
}

TEST(SleepTest, EndsAfterItsDuration) {
  TestLoop loop;
  CallContext call(loop, kNever);
  std::optional<absl::Status> slept;
  loop.Spawn(SleepInto(call, absl::Seconds(3), slept));
  loop.Advance(absl::Milliseconds(2999));
  EXPECT_FALSE(slept.has_value());
  loop.Advance(absl::Milliseconds(1));
  ASSERT_TRUE(slept.has_value());
  EXPECT_TRUE(slept->ok());
}

TEST(SleepTest, NoDurationIsNoWait) {
  TestLoop loop;
  CallContext call(loop, kNever);
  std::optional<absl::Status> slept;
  loop.Spawn(SleepInto(call, absl::Seconds(-1), slept));
  loop.RunReady();
  ASSERT_TRUE(slept.has_value());
  EXPECT_TRUE(slept->ok());
}

TEST(SleepTest, EndsAtTheDeadlineIfThatComesFirst) {
  TestLoop loop;
  CallContext call(loop, After(loop.Now(), absl::Seconds(1)));
  std::optional<absl::Status> slept;
  loop.Spawn(SleepInto(call, absl::InfiniteDuration(), slept));
  loop.Advance(absl::Seconds(1));
  ASSERT_TRUE(slept.has_value());
  EXPECT_EQ(slept->code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(SleepTest, EndsWithTheCallsCancellation) {
  TestLoop loop;
  CallContext call(loop, kNever);
  std::optional<absl::Status> slept;
  loop.Spawn(SleepInto(call, absl::InfiniteDuration(), slept));
  loop.RunReady();
  EXPECT_FALSE(slept.has_value());
  call.Cancel();
  EXPECT_FALSE(slept.has_value()) << "Cancel() ran the sleeper itself";
  loop.RunReady();
  ASSERT_TRUE(slept.has_value());
  EXPECT_EQ(slept->code(), absl::StatusCode::kCancelled);
}

TEST(SleepTest, DoesNotStartInACancelledOrExpiredCall) {
  TestLoop loop;
  CallContext cancelled(loop, kNever);
  cancelled.Cancel();
  EXPECT_EQ(loop.RunToCompletion(Sleep(cancelled, absl::Hours(1))).code(),
            absl::StatusCode::kCancelled);
  CallContext expired(loop, loop.Now());
  EXPECT_EQ(loop.RunToCompletion(Sleep(expired, absl::Hours(1))).code(),
            absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace edugate::async
