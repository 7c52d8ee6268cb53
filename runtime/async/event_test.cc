#include "runtime/async/event.h"

#include <memory>
#include <optional>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/async/test_loop.h"

namespace edugate::async {
namespace {

Task<void> WaitInto(CallContext& call, Event& event, std::optional<absl::Status>& out) {
  auto waited = co_await event.Wait(call);
  out = waited;
}

TEST(EventTest, SetWakesAllWhoWait) {
  TestLoop loop;
  CallContext call(loop, kNever);
  Event event;
  std::vector<std::optional<absl::Status>> waited(3);
  for (auto& out : waited) loop.Spawn(WaitInto(call, event, out));
  loop.RunReady();
  EXPECT_EQ(event.waiting(), 3u);
  event.Set();
  EXPECT_FALSE(waited[0].has_value()) << "Set() ran a waiter itself";
  loop.RunReady();
  for (const auto& out : waited) {
    ASSERT_TRUE(out.has_value());
    EXPECT_TRUE(out->ok());
  }
}

TEST(EventTest, IsNotWaitedForOnceSetUntilReset) {
  TestLoop loop;
  CallContext call(loop, kNever);
  Event event;
  event.Set();
  EXPECT_TRUE(loop.RunToCompletion(event.Wait(call)).ok());
  event.Reset();
  std::optional<absl::Status> waited;
  loop.Spawn(WaitInto(call, event, waited));
  loop.RunReady();
  EXPECT_FALSE(waited.has_value());
  event.Set();
  event.Reset();
  loop.RunReady();
  EXPECT_TRUE(waited.has_value()) << "Reset() called back a waiter that was woken";
}

TEST(EventTest, OneCallsEndLeavesTheOthersWaiting) {
  TestLoop loop;
  CallContext patient(loop, kNever);
  CallContext hasty(loop, After(loop.Now(), absl::Seconds(1)));
  CallContext cancelled(loop, kNever);
  Event event;
  std::optional<absl::Status> one;
  std::optional<absl::Status> two;
  std::optional<absl::Status> three;
  loop.Spawn(WaitInto(hasty, event, one));
  loop.Spawn(WaitInto(cancelled, event, two));
  loop.Spawn(WaitInto(patient, event, three));
  loop.RunReady();
  cancelled.Cancel();
  loop.Advance(absl::Seconds(1));
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(one->code(), absl::StatusCode::kDeadlineExceeded);
  ASSERT_TRUE(two.has_value());
  EXPECT_EQ(two->code(), absl::StatusCode::kCancelled);
  EXPECT_FALSE(three.has_value());
  EXPECT_EQ(event.waiting(), 1u);
  event.Set();
  loop.RunReady();
  ASSERT_TRUE(three.has_value());
  EXPECT_TRUE(three->ok());
}

TEST(EventTest, ACancellationAfterSetComesTooLate) {
  TestLoop loop;
  CallContext call(loop, kNever);
  Event event;
  std::optional<absl::Status> waited;
  loop.Spawn(WaitInto(call, event, waited));
  loop.RunReady();
  event.Set();
  call.Cancel();
  loop.RunReady();
  ASSERT_TRUE(waited.has_value());
  EXPECT_TRUE(waited->ok());
}

TEST(EventTest, ItsEndWakesThoseWhoWait) {
  TestLoop loop;
  CallContext call(loop, kNever);
  auto event = std::make_unique<Event>();
  std::optional<absl::Status> waited;
  loop.Spawn(WaitInto(call, *event, waited));
  loop.RunReady();
  event.reset();
  loop.RunReady();
  ASSERT_TRUE(waited.has_value());
  EXPECT_EQ(waited->code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace edugate::async
