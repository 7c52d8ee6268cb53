#include "runtime/async/call_context.h"

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "gtest/gtest.h"
#include "runtime/async/test_loop.h"

namespace edugate::async {
namespace {

class OnCancelled final : public CancelCallback {
 public:
  OnCancelled(CallContext& call, std::function<void()> function)
      : CancelCallback(call), function_(std::move(function)) {}

 private:
  void OnCancel() override { function_(); }
  std::function<void()> function_;
};

TEST(CallContextTest, CancelRunsEachCallbackOnce) {
  TestLoop loop;
  CallContext call(loop, kNever);
  int count = 0;
  OnCancelled one(call, [&] { ++count; });
  OnCancelled two(call, [&] { count += 10; });
  EXPECT_FALSE(call.cancelled());
  call.Cancel();
  call.Cancel();
  EXPECT_TRUE(call.cancelled());
  EXPECT_EQ(count, 11);
}

TEST(CallContextTest, ACallbackThatHasGoneIsNotCalled) {
  TestLoop loop;
  CallContext call(loop, kNever);
  int count = 0;
  OnCancelled first(call, [&] { ++count; });
  auto middle = std::make_unique<OnCancelled>(call, [&] { count += 10; });
  OnCancelled last(call, [&] { count += 100; });
  middle.reset();
  call.Cancel();
  EXPECT_EQ(count, 101);
}

TEST(CallContextTest, ACallbackMayRemoveAnother) {
  TestLoop loop;
  CallContext call(loop, kNever);
  int count = 0;
  std::unique_ptr<OnCancelled> one;
  std::unique_ptr<OnCancelled> two;
  one = std::make_unique<OnCancelled>(call, [&] {
    ++count;
    two.reset();
  });
  two = std::make_unique<OnCancelled>(call, [&] {
    ++count;
    one.reset();
  });
  call.Cancel();
  EXPECT_EQ(count, 1);
}

TEST(CallContextTest, ACallbackMayOutliveTheCall) {
  TestLoop loop;
  auto call = std::make_unique<CallContext>(loop, kNever);
  OnCancelled one(*call, [] { FAIL(); });
  OnCancelled two(*call, [] { FAIL(); });
  call.reset();
}

TEST(CallContextTest, RemainingGoesDownToZero) {
  TestLoop loop;
  CallContext call(loop, After(loop.Now(), absl::Seconds(2)));
  EXPECT_EQ(call.remaining(), absl::Seconds(2));
  loop.Advance(absl::Seconds(1));
  EXPECT_EQ(call.remaining(), absl::Seconds(1));
  loop.Advance(absl::Seconds(5));
  EXPECT_EQ(call.remaining(), absl::ZeroDuration());
  CallContext endless(loop, kNever);
  EXPECT_EQ(endless.remaining(), absl::InfiniteDuration());
}

TEST(CallContextTest, StatusSaysWhyAWaitEnds) {
  TestLoop loop;
  CallContext call(loop, After(loop.Now(), absl::Seconds(1)));
  EXPECT_TRUE(call.Status().ok());
  loop.Advance(absl::Seconds(1));
  EXPECT_EQ(call.Status().code(), absl::StatusCode::kDeadlineExceeded);
  call.Cancel();
  EXPECT_EQ(call.Status().code(), absl::StatusCode::kCancelled);
}

TEST(CallContextTest, AChildHasTheParentsDataAndAtMostItsDeadline) {
  TestLoop loop;
  CallContext call(loop, After(loop.Now(), absl::Seconds(10)));
  call.set_caller("registrar");
  call.set_method("EnrollmentService.GetEnrollment");
  call.set_connection("lincoln");
  CallContext shorter = call.Child(After(loop.Now(), absl::Seconds(1)));
  CallContext longer = call.Child(kNever);
  EXPECT_EQ(shorter.remaining(), absl::Seconds(1));
  EXPECT_EQ(longer.remaining(), absl::Seconds(10));
  EXPECT_EQ(shorter.caller(), "registrar");
  EXPECT_EQ(shorter.method(), "EnrollmentService.GetEnrollment");
  EXPECT_EQ(shorter.connection(), "lincoln");
}

TEST(CallContextTest, ACallAndItsPartsShareOneRecord) {
  TestLoop loop;
  CallContext call(loop, kNever);
  CallContext other(loop, kNever);
  CallContext part = call.Child(kNever);
  CallContext attempt = part.Child(kNever);
  attempt.record().Note(CallFlag::kConnectFailure);
  ++attempt.record().attempts;
  EXPECT_TRUE(call.record().flags.Has(CallFlag::kConnectFailure));
  EXPECT_EQ(call.record().attempts, 1);
  EXPECT_EQ(other.record().attempts, 0);
}

TEST(CallContextTest, TheRecordNamesTheConnectionsOfACallsParts) {
  TestLoop loop;
  CallContext call(loop, kNever);
  call.set_connection("-");
  EXPECT_TRUE(call.record().connections.empty());
  CallContext one = call.Child(kNever);
  one.set_connection("lincoln");
  CallContext two = call.Child(kNever);
  two.set_connection("tms");
  CallContext again = call.Child(kNever);
  again.set_connection("lincoln");
  EXPECT_EQ(call.record().connections, (std::vector<std::string>{"lincoln", "tms"}));
}

TEST(CallContextTest, ACallAndItsPartsStandOnTheSameUntilTheCallEnds) {
  class Ground final : public Footing {};
  TestLoop loop;
  auto ground = std::make_shared<const Ground>();
  const std::weak_ptr<const Ground> alive = ground;
  {
    CallContext call(loop, kNever);
    CallContext before = call.Child(kNever);
    EXPECT_EQ(before.footing(), nullptr);
    {
      CallContext part = call.Child(kNever);
      part.StandOn(std::move(ground));
    }
    EXPECT_EQ(call.footing(), alive.lock());
    EXPECT_EQ(before.footing(), alive.lock());
    EXPECT_FALSE(alive.expired());
  }
  EXPECT_TRUE(alive.expired());
}

TEST(CallContextTest, CancellationGoesDownButNotUp) {
  TestLoop loop;
  CallContext call(loop, kNever);
  CallContext one = call.Child(kNever);
  CallContext two = call.Child(kNever);
  one.Cancel();
  EXPECT_TRUE(one.cancelled());
  EXPECT_FALSE(call.cancelled());
  EXPECT_FALSE(two.cancelled());
  call.Cancel();
  EXPECT_TRUE(two.cancelled());
  CallContext late = call.Child(kNever);
  EXPECT_TRUE(late.cancelled());
}

}  // namespace
}  // namespace edugate::async
