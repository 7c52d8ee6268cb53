#include "runtime/resilience/coalescing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "google/protobuf/wrappers.pb.h"
#include "runtime/async/event.h"
#include "runtime/async/loop_pool.h"
#include "runtime/async/sleep.h"
#include "runtime/async/test_loop.h"
#include "runtime/errors/errors.h"

namespace edugate::resilience {
namespace {

using google::protobuf::StringValue;

std::shared_ptr<const KeptReply> Reply(std::string text) {
  auto message = std::make_unique<StringValue>();
  message->set_value(std::move(text));
  auto reply = std::make_shared<KeptReply>();
  reply->message = std::move(message);
  return reply;
}

// A read whose leader gets its answer when the test gives it.
class Reader {
 public:
  Reader(Coalescing& reads, async::TestLoop& loop, std::string caller, http::Request request,
         absl::Duration allowed)
      : call(loop, async::After(loop.fake_clock().MonotonicNow(), allowed)),
        reads_(reads),
        caller_(std::move(caller)),
        request_(std::move(request)) {}

  async::Task<void> Run() {
    {
      Coalescing::Seat seat(reads_,
                            {.caller = caller_,
                             .operation = "Library.GetBook",
                             .reply = StringValue::descriptor(),
                             .request = &request_},
                            call.loop());
      if (!seat.leads()) {
        absl::Status waited = co_await seat.Wait(call);
        if (!waited.ok()) {
          outcome = waited;
          co_return;
        }
      }
      if (seat.leads()) {
        leads = true;
        absl::Status waited = co_await answer.Wait(call);
        if (!waited.ok()) {
          outcome = waited;
          co_return;
        }
        if (seat.Close()) seat.Land({.status = result, .reply = Reply("Moby")});
        outcome = result;
      } else {
        outcome = seat.landing()->status;
        shared = seat.landing()->reply;
      }
    }
  }

  async::CallContext call;
  bool leads = false;
  async::Event answer;
  absl::Status result;
  std::optional<absl::Status> outcome;
  std::shared_ptr<const KeptReply> shared;

 private:
  Coalescing& reads_;
  const std::string caller_;
  const http::Request request_;
};

class CoalescingTest : public ::testing::Test {
 protected:
  // The tasks that are left point at the calls.
  ~CoalescingTest() override { loop_.DestroyTasks(); }

  static http::Request Get(std::string url) {
    return {.method = "GET", .url = std::move(url), .headers = {{"Accept", "application/json"}}};
  }

  Reader& Start(std::string caller = "registrar", http::Request request = Get("/books/7"),
                absl::Duration allowed = absl::Seconds(60)) {
    readers_.push_back(
        std::make_unique<Reader>(reads_, loop_, std::move(caller), std::move(request), allowed));
    loop_.Spawn(readers_.back()->Run());
    loop_.RunReady();
    return *readers_.back();
  }

  Coalescing reads_;
  async::TestLoop loop_;
  std::vector<std::unique_ptr<Reader>> readers_;
};

TEST_F(CoalescingTest, IdenticalReadsShareTheAnswerOfTheFirst) {
  Reader& first = Start();
  Reader& second = Start();
  Reader& third = Start();
  EXPECT_TRUE(first.leads);
  EXPECT_FALSE(second.leads);
  first.answer.Set();
  loop_.RunReady();
  EXPECT_TRUE(second.outcome->ok());
  EXPECT_EQ(static_cast<const StringValue&>(*third.shared->message).value(), "Moby");
  EXPECT_FALSE(second.leads);
}

TEST_F(CoalescingTest, AnErrorIsSharedToo) {
  Reader& first = Start();
  Reader& second = Start();
  first.result = errors::StoreUnavailable("gone");
  first.answer.Set();
  loop_.RunReady();
  EXPECT_EQ(second.outcome->code(), absl::StatusCode::kUnavailable);
}

TEST_F(CoalescingTest, AReadThatComesAfterTheAnswerAsksAnew) {
  Start().answer.Set();
  loop_.RunReady();
  EXPECT_TRUE(Start().leads);
}

TEST_F(CoalescingTest, AFlightThatWasClosedForFurtherReadsServesThoseWhoHaveJoined) {
  Reader& first = Start();
  Reader& second = Start();
  Reader& third = Start();
  reads_.CloseAll();
  Reader& later = Start();
  EXPECT_TRUE(later.leads);
  // Also where its leader leaves it to them.
  first.call.Cancel();
  loop_.RunReady();
  EXPECT_TRUE(second.leads);
  Reader& latest = Start();
  second.answer.Set();
  loop_.RunReady();
  EXPECT_TRUE(third.outcome->ok());
  EXPECT_FALSE(latest.outcome.has_value());
  later.answer.Set();
  loop_.RunReady();
  EXPECT_TRUE(latest.outcome->ok());
  EXPECT_FALSE(latest.leads);
}

TEST_F(CoalescingTest, WhatDiffersInAnythingIsNotShared) {
  Start();
  EXPECT_TRUE(Start("auditor").leads);
  EXPECT_TRUE(Start("registrar", Get("/books/8")).leads);
  http::Request other_body = Get("/books/7");
  other_body.body = "{}";
  EXPECT_TRUE(Start("registrar", other_body).leads);
  http::Request other_header = Get("/books/7");
  other_header.headers.push_back({"version", "3"});
  EXPECT_TRUE(Start("registrar", other_header).leads);
  http::Request other_limit = Get("/books/7");
  other_limit.max_response_bytes = 10;
  EXPECT_TRUE(Start("registrar", other_limit).leads);
  EXPECT_FALSE(Start().leads);
}

TEST_F(CoalescingTest, ALeaderThatIsCancelledLeavesItsPlaceToTheFirstFollower) {
  Reader& first = Start();
  Reader& second = Start();
  Reader& third = Start();
  first.call.Cancel();
  loop_.RunReady();
  EXPECT_TRUE(absl::IsCancelled(*first.outcome));
  EXPECT_TRUE(second.leads);
  EXPECT_FALSE(third.outcome.has_value());
  EXPECT_FALSE(Start().leads);
  second.answer.Set();
  loop_.RunReady();
  EXPECT_TRUE(second.outcome->ok());
  EXPECT_TRUE(third.outcome->ok());
  EXPECT_TRUE(readers_.back()->outcome->ok());
}

TEST_F(CoalescingTest, AFollowerKeepsItsOwnDeadline) {
  Reader& first = Start();
  Reader& hurried = Start("registrar", Get("/books/7"), absl::Seconds(1));
  Reader& patient = Start();
  loop_.Advance(absl::Seconds(1));
  EXPECT_TRUE(absl::IsDeadlineExceeded(*hurried.outcome));
  first.answer.Set();
  loop_.RunReady();
  EXPECT_TRUE(patient.outcome->ok());
}

TEST_F(CoalescingTest, ACancelledFollowerDisturbsNobody) {
  Reader& first = Start();
  Reader& second = Start();
  second.call.Cancel();
  loop_.RunReady();
  EXPECT_TRUE(absl::IsCancelled(*second.outcome));
  first.answer.Set();
  loop_.RunReady();
  EXPECT_TRUE(first.outcome->ok());
}

TEST_F(CoalescingTest, LeaderAndSuccessorThatLeaveTogetherLeaveThePlaceToTheNext) {
  Reader& first = Start();
  Reader& second = Start();
  Reader& third = Start();
  first.call.Cancel();
  second.call.Cancel();
  loop_.RunReady();
  EXPECT_TRUE(absl::IsCancelled(*second.outcome));
  EXPECT_TRUE(third.leads);
  third.answer.Set();
  loop_.RunReady();
  EXPECT_TRUE(third.outcome->ok());
}

TEST_F(CoalescingTest, ReadsThatAreDestroyedLeaveNothingBehind) {
  Start();
  Start();
  loop_.DestroyTasks();
  EXPECT_TRUE(Start().leads);
}

// Many rounds of one read on several loops; the leaders take some time.
class Crowd {
 public:
  static constexpr int kLoops = 4;
  static constexpr int kReadsPerLoop = 500;

  Crowd() { request_.url = "/books/7"; }

  void Run() {
    async::LoopPool loops(kLoops);
    for (int j = 0; j < kReadsPerLoop; ++j) {
      for (int i = 0; i < kLoops; ++i) loops.loop(i).Spawn(Read(*this, loops.loop(i), j));
    }
    loops.Shutdown(absl::Seconds(60));
  }

  std::atomic<int> answered{0};
  std::atomic<int> gave_up{0};
  std::atomic<int> led{0};

 private:
  static async::Task<void> Read(Crowd& crowd, async::EventLoop& loop, int number) {
    // Some leave early, leaders among them.
    const absl::Duration allowed =
        number % 7 == 0 ? absl::Microseconds(30) : absl::InfiniteDuration();
    async::CallContext call(loop, async::After(loop.clock().MonotonicNow(), allowed));
    Coalescing::Seat seat(crowd.reads_,
                          {.caller = "registrar",
                           .operation = "Library.GetBook",
                           .reply = StringValue::descriptor(),
                           .request = &crowd.request_},
                          loop);
    if (!seat.leads()) {
      absl::Status waited = co_await seat.Wait(call);
      if (!waited.ok()) {
        ++crowd.gave_up;
        co_return;
      }
    }
    if (!seat.leads()) {
      EXPECT_EQ(static_cast<const StringValue&>(*seat.landing()->reply->message).value(), "Moby");
      ++crowd.answered;
      co_return;
    }
    absl::Status slept = co_await async::Sleep(call, absl::Microseconds(50));
    if (!slept.ok()) {
      ++crowd.gave_up;
      co_return;
    }
    ++crowd.led;
    ++crowd.answered;
    if (seat.Close()) seat.Land({.status = absl::OkStatus(), .reply = Reply("Moby")});
  }

  Coalescing reads_;
  http::Request request_;
};

TEST(CoalescingLoopsTest, ReadsOfAllLoopsShareAndNoneIsForgotten) {
  Crowd crowd;
  crowd.Run();
  EXPECT_EQ(crowd.answered + crowd.gave_up, Crowd::kLoops * Crowd::kReadsPerLoop);
  EXPECT_GT(crowd.led, 0);
  EXPECT_LT(crowd.led, crowd.answered);
}

}  // namespace
}  // namespace edugate::resilience
