#include "services/once.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "edugate/v1/enrollment_service.pb.h"
#include "runtime/async/test_loop.h"
#include "runtime/errors/errors.h"
#include "runtime/errors/nothing_sent.h"

namespace edugate::services {
namespace {

// What SqliteRequestLog promises, without a disk.
class FakeRequestLog final : public store::RequestLog {
 public:
  async::Task<absl::StatusOr<store::BegunRequest>> Begin(async::CallContext&, std::string key,
                                                         std::string fingerprint,
                                                         absl::Time) override {
    if (!broken.ok()) co_return broken;
    const auto found = entries.find(key);
    if (found == entries.end()) {
      entries[key] = {fingerprint, store::RequestState::kInFlight, ""};
      co_return store::BegunRequest{.state = store::RequestState::kNew, .attempt = ++attempts};
    }
    const Entry& entry = found->second;
    if (entry.fingerprint != fingerprint) {
      co_return store::BegunRequest{.state = store::RequestState::kOtherRequest};
    }
    co_return store::BegunRequest{
        .state = entry.state, .outcome = entry.outcome, .attempt = ++attempts};
  }
  async::Task<absl::Status> Finish(async::CallContext&, std::string key, int64_t,
                                   std::string outcome) override {
    entries[key].state = store::RequestState::kDone;
    entries[key].outcome = outcome;
    co_return absl::OkStatus();
  }
  async::Task<absl::Status> Forget(async::CallContext&, std::string key, int64_t) override {
    entries.erase(key);
    co_return absl::OkStatus();
  }
  async::Task<absl::Status> LeaveUnknown(async::CallContext&, std::string key, int64_t) override {
    entries[key].state = store::RequestState::kUnknownOutcome;
    co_return absl::OkStatus();
  }

  struct Entry {
    std::string fingerprint;
    store::RequestState state;
    std::string outcome;
  };
  std::map<std::string, Entry> entries;
  int64_t attempts = 0;
  absl::Status broken;
};

class OnceTest : public testing::Test {
 protected:
  // Sends a request whose write ends as `outcome` says.
  absl::StatusOr<v1::Enrollment> Send(const v1::UpdateEnrollmentRequest& request,
                                      absl::StatusOr<v1::Enrollment> outcome,
                                      Repeatable repeatable = Repeatable::kNo,
                                      const std::string& caller = "") {
    async::CallContext call(loop_, async::kNever);
    call.set_method("EnrollmentService.UpdateEnrollment");
    call.set_caller(caller);
    const auto write = [&] { return Write(outcome); };
    return loop_.RunToCompletion(Once<v1::Enrollment>(&log_, call, request, repeatable, write));
  }

  async::Task<absl::StatusOr<v1::Enrollment>> Write(absl::StatusOr<v1::Enrollment> outcome) {
    ++writes_;
    co_return outcome;
  }

  static v1::UpdateEnrollmentRequest Request(const std::string& id, const std::string& status) {
    v1::UpdateEnrollmentRequest request;
    request.set_request_id(id);
    request.mutable_enrollment()->set_provider_status(status);
    return request;
  }

  static v1::Enrollment Answer(const std::string& status) {
    v1::Enrollment answer;
    answer.set_provider_status(status);
    return answer;
  }

  async::TestLoop loop_;
  FakeRequestLog log_;
  int writes_ = 0;
};

TEST_F(OnceTest, TheSameRequestSentTwiceIsDoneOnceAndGivesTheFirstAnswer) {
  const auto first = Send(Request("a", "Confirmed"), Answer("first"));
  const auto second = Send(Request("a", "Confirmed"), Answer("second"));
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(second->provider_status(), "first");
  EXPECT_EQ(writes_, 1);
}

TEST_F(OnceTest, WithoutAnIdEveryRequestIsDone) {
  ASSERT_TRUE(Send(Request("", "Confirmed"), Answer("x")).ok());
  ASSERT_TRUE(Send(Request("", "Confirmed"), Answer("x")).ok());
  EXPECT_EQ(writes_, 2);
  EXPECT_TRUE(log_.entries.empty());
}

TEST_F(OnceTest, AnIdIsItsCallersOwn) {
  ASSERT_TRUE(Send(Request("a", "Confirmed"), Answer("x"), Repeatable::kNo, "one").ok());
  ASSERT_TRUE(Send(Request("a", "Confirmed"), Answer("x"), Repeatable::kNo, "two").ok());
  EXPECT_EQ(writes_, 2);
}

TEST_F(OnceTest, AnotherRequestWithTheIdIsRefused) {
  ASSERT_TRUE(Send(Request("a", "Confirmed"), Answer("x")).ok());
  const auto other = Send(Request("a", "Declined"), Answer("y"));
  EXPECT_EQ(other.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(errors::ReasonOf(other.status()), v1::ERROR_REASON_REQUEST_ID_REUSED);
  EXPECT_EQ(writes_, 1);
}

TEST_F(OnceTest, OneThatIsBeingDoneIsAborted) {
  const v1::UpdateEnrollmentRequest request = Request("a", "Confirmed");
  async::CallContext call(loop_, async::kNever);
  call.set_method("EnrollmentService.UpdateEnrollment");
  OnceGuard running(&log_, call, "a", Repeatable::kNo);
  v1::Enrollment earlier;
  ASSERT_TRUE(loop_.RunToCompletion(running.Begin(request, &earlier)).ok());
  const auto second = Send(request, Answer("x"));
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(errors::ReasonOf(second.status()), v1::ERROR_REASON_REQUEST_IN_PROGRESS);
  EXPECT_EQ(writes_, 0);
}

TEST_F(OnceTest, AWriteThatCertainlyDidNotHappenMayBeSentAgain) {
  const absl::Status refused = errors::ArgumentInvalid("enrollment.status", "is refused");
  EXPECT_EQ(Send(Request("a", "Confirmed"), refused).status(), refused);
  ASSERT_TRUE(Send(Request("a", "Confirmed"), Answer("x")).ok());
  EXPECT_EQ(writes_, 2);
}

TEST_F(OnceTest, WhatAGatewayLostSightOfMayHaveHappened) {
  const auto unavailable = [](const std::string& provider_status) {
    return errors::FromProvider({.reason = v1::ERROR_REASON_PROVIDER_UNAVAILABLE,
                                 .message = "the provider is unavailable",
                                 .provider_status = provider_status},
                                {});
  };
  for (const std::string lost : {"502", "504", "520", "524", "403"}) {
    const absl::Status status = unavailable(lost);
    EXPECT_EQ(Send(Request(lost, "Confirmed"), status).status(), status);
    const auto again = Send(Request(lost, "Confirmed"), Answer("x"));
    EXPECT_EQ(errors::ReasonOf(again.status()), v1::ERROR_REASON_WRITE_OUTCOME_UNKNOWN) << lost;
  }
  // Not taken in, and not sent.
  for (const std::string refused : {"503", "408", ""}) {
    EXPECT_FALSE(Send(Request("r" + refused, "Confirmed"), unavailable(refused)).ok());
    EXPECT_TRUE(Send(Request("r" + refused, "Confirmed"), Answer("x")).ok()) << refused;
  }
}

// A token endpoint's page where a token should be is an invalid reply, too.
TEST_F(OnceTest, AnInvalidReplyIsToTheWriteUnlessNothingWasSent) {
  const absl::Status invalid = errors::ProviderResponseInvalid("it is no JSON object", {});
  EXPECT_FALSE(Send(Request("a", "Confirmed"), invalid).ok());
  EXPECT_EQ(errors::ReasonOf(Send(Request("a", "Confirmed"), Answer("x")).status()),
            v1::ERROR_REASON_WRITE_OUTCOME_UNKNOWN);
  EXPECT_FALSE(Send(Request("b", "Confirmed"), errors::WithNothingSent(invalid)).ok());
  EXPECT_TRUE(Send(Request("b", "Confirmed"), Answer("x")).ok());
}

TEST_F(OnceTest, AnUnknownOutcomeIsSaidToBeUnknownAndNotDoneAgain) {
  const absl::Status unknown = errors::WriteOutcomeUnknown();
  EXPECT_EQ(Send(Request("a", "Confirmed"), unknown).status(), unknown);
  const auto again = Send(Request("a", "Confirmed"), Answer("x"));
  EXPECT_EQ(again.status().code(), absl::StatusCode::kUnknown);
  EXPECT_EQ(errors::ReasonOf(again.status()), v1::ERROR_REASON_WRITE_OUTCOME_UNKNOWN);
  EXPECT_EQ(writes_, 1);
}

TEST_F(OnceTest, AnUnknownOutcomeOfAWriteThatMayBeRepeatedIsDoneAgain) {
  ASSERT_FALSE(
      Send(Request("a", "Confirmed"), errors::DeadlineExceeded({}), Repeatable::kYes).ok());
  const auto again = Send(Request("a", "Confirmed"), Answer("x"), Repeatable::kYes);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(writes_, 2);
  ASSERT_TRUE(Send(Request("a", "Confirmed"), Answer("y"), Repeatable::kYes).ok());
  EXPECT_EQ(writes_, 2);
}

TEST_F(OnceTest, WhatIsOnlyCheckedTakesNoId) {
  v1::UpdateEnrollmentRequest request = Request("a", "Confirmed");
  request.set_validate_only(true);
  ASSERT_TRUE(Send(request, Answer("checked")).ok());
  EXPECT_TRUE(log_.entries.empty());
}

TEST_F(OnceTest, NothingIsDoneWhereTheIdCanNotBeRecorded) {
  log_.broken = errors::StoreUnavailable("the store's disk is full");
  const auto result = Send(Request("a", "Confirmed"), Answer("x"));
  EXPECT_EQ(errors::ReasonOf(result.status()), v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_EQ(writes_, 0);
}

TEST_F(OnceTest, AnIdThatCanNotBeOneIsRefused) {
  for (const std::string& id :
       {std::string("a b"), std::string(129, 'a'), std::string("\xc3\xa4")}) {
    const auto result = Send(Request(id, "Confirmed"), Answer("x"));
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument) << id;
  }
  EXPECT_EQ(writes_, 0);
}

}  // namespace
}  // namespace edugate::services
