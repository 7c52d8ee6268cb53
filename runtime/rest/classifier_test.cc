#include "runtime/rest/classifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/http/fake_http_client.h"
#include "runtime/rest/testdata/library.h"

namespace edugate::rest {
namespace {

using absl::StatusCode;
using edugate::v1::ErrorReason;
using ::testing::IsEmpty;
using testing::LibraryOperation;
using ::testing::Not;

namespace reason = edugate::v1;

const absl::Time kNow = absl::FromUnixSeconds(784111777);

// One operation of each effect.
struct EffectRow {
  const char* method;
  bool writes;
  bool repeatable;
};
constexpr EffectRow kEffects[] = {
    {"GetBook", false, true}, {"PutBook", true, true}, {"LendBook", true, false}};

http::Response Answered(int status, std::vector<http::Header> headers = {},
                        std::string body = "canary") {
  http::Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = std::move(body);
  return response;
}

TEST(ClassifyByHttpStatusTest, EveryTwoHundredIsASuccess) {
  for (int status = 200; status < 300; ++status) {
    EXPECT_FALSE(
        ClassifyByHttpStatus(LibraryOperation("GetBook"), Answered(status), kNow).has_value());
  }
}

struct StatusCase {
  int status;
  ErrorReason reason;
  StatusCode of_read;
  StatusCode of_write;
  bool transient;
};

constexpr StatusCase kStatusCases[] = {
    {100, reason::ERROR_REASON_PROVIDER_RESPONSE_INVALID, StatusCode::kInternal,
     StatusCode::kInternal, false},
    {301, reason::ERROR_REASON_PROVIDER_RESPONSE_INVALID, StatusCode::kInternal,
     StatusCode::kInternal, false},
    {302, reason::ERROR_REASON_PROVIDER_RESPONSE_INVALID, StatusCode::kInternal,
     StatusCode::kInternal, false},
    {304, reason::ERROR_REASON_PROVIDER_RESPONSE_INVALID, StatusCode::kInternal,
     StatusCode::kInternal, false},
    {399, reason::ERROR_REASON_PROVIDER_RESPONSE_INVALID, StatusCode::kInternal,
     StatusCode::kInternal, false},
    {400, reason::ERROR_REASON_PROVIDER_REJECTED_REQUEST, StatusCode::kInvalidArgument,
     StatusCode::kInvalidArgument, false},
    {401, reason::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID, StatusCode::kFailedPrecondition,
     StatusCode::kFailedPrecondition, false},
    {402, reason::ERROR_REASON_PROVIDER_REJECTED_REQUEST, StatusCode::kInvalidArgument,
     StatusCode::kInvalidArgument, false},
    {403, reason::ERROR_REASON_PROVIDER_DENIED, StatusCode::kPermissionDenied,
     StatusCode::kPermissionDenied, false},
    {404, reason::ERROR_REASON_RESOURCE_NOT_FOUND, StatusCode::kNotFound, StatusCode::kNotFound,
     false},
    {405, reason::ERROR_REASON_OPERATION_NOT_SUPPORTED, StatusCode::kUnimplemented,
     StatusCode::kUnimplemented, false},
    {406, reason::ERROR_REASON_PROVIDER_REJECTED_REQUEST, StatusCode::kInvalidArgument,
     StatusCode::kInvalidArgument, false},
    {408, reason::ERROR_REASON_PROVIDER_UNAVAILABLE, StatusCode::kUnavailable,
     StatusCode::kUnavailable, true},
    {409, reason::ERROR_REASON_PROVIDER_CONFLICT, StatusCode::kAborted, StatusCode::kAborted,
     false},
    {410, reason::ERROR_REASON_RESOURCE_NOT_FOUND, StatusCode::kNotFound, StatusCode::kNotFound,
     false},
    {422, reason::ERROR_REASON_PROVIDER_REJECTED_REQUEST, StatusCode::kInvalidArgument,
     StatusCode::kInvalidArgument, false},
    {423, reason::ERROR_REASON_PROVIDER_LOCKED, StatusCode::kAborted, StatusCode::kAborted, false},
    {429, reason::ERROR_REASON_PROVIDER_RATE_LIMITED, StatusCode::kResourceExhausted,
     StatusCode::kResourceExhausted, true},
    {499, reason::ERROR_REASON_PROVIDER_REJECTED_REQUEST, StatusCode::kInvalidArgument,
     StatusCode::kInvalidArgument, false},
    {500, reason::ERROR_REASON_PROVIDER_ERROR, StatusCode::kUnavailable, StatusCode::kUnknown,
     true},
    {501, reason::ERROR_REASON_OPERATION_NOT_SUPPORTED, StatusCode::kUnimplemented,
     StatusCode::kUnimplemented, false},
    {502, reason::ERROR_REASON_PROVIDER_UNAVAILABLE, StatusCode::kUnavailable,
     StatusCode::kUnavailable, true},
    {503, reason::ERROR_REASON_PROVIDER_UNAVAILABLE, StatusCode::kUnavailable,
     StatusCode::kUnavailable, true},
    {504, reason::ERROR_REASON_PROVIDER_UNAVAILABLE, StatusCode::kUnavailable,
     StatusCode::kUnavailable, true},
    {505, reason::ERROR_REASON_PROVIDER_ERROR, StatusCode::kUnavailable, StatusCode::kUnknown,
     true},
    {520, reason::ERROR_REASON_PROVIDER_UNAVAILABLE, StatusCode::kUnavailable,
     StatusCode::kUnavailable, true},
    {522, reason::ERROR_REASON_PROVIDER_UNAVAILABLE, StatusCode::kUnavailable,
     StatusCode::kUnavailable, true},
    {530, reason::ERROR_REASON_PROVIDER_UNAVAILABLE, StatusCode::kUnavailable,
     StatusCode::kUnavailable, true},
    {599, reason::ERROR_REASON_PROVIDER_ERROR, StatusCode::kUnavailable, StatusCode::kUnknown,
     true},
    {600, reason::ERROR_REASON_PROVIDER_RESPONSE_INVALID, StatusCode::kInternal,
     StatusCode::kInternal, false},
    {999, reason::ERROR_REASON_PROVIDER_RESPONSE_INVALID, StatusCode::kInternal,
     StatusCode::kInternal, false},
};

TEST(ClassifyByHttpStatusTest, EveryStatusHasItsReasonAndItsCodeByEffect) {
  for (const StatusCase& each : kStatusCases) {
    for (const EffectRow& effect : kEffects) {
      SCOPED_TRACE(each.status);
      SCOPED_TRACE(effect.method);
      const auto failure =
          ClassifyByHttpStatus(LibraryOperation(effect.method), Answered(each.status), kNow);
      ASSERT_TRUE(failure.has_value());
      EXPECT_EQ(failure->reason, each.reason);
      EXPECT_EQ(failure->transient, each.transient);
      EXPECT_EQ(failure->provider_status, std::to_string(each.status));
      EXPECT_FALSE(failure->nothing_sent);
      const absl::Status status = errors::FromProvider(*failure, {});
      EXPECT_EQ(status.code(), effect.writes ? each.of_write : each.of_read);
      EXPECT_THAT(std::string(status.message()), Not(IsEmpty()));
      EXPECT_EQ(status.ToString().find("canary"), std::string::npos);
    }
  }
}

TEST(ClassifyByHttpStatusTest, TheWaitIsWhatTheProviderNamedAndElseOneOfALimitOrALock) {
  const Operation& op = LibraryOperation("GetBook");
  for (const int status : {423, 429}) {
    EXPECT_EQ(ClassifyByHttpStatus(op, Answered(status), kNow)->retry_after, absl::Seconds(1));
  }
  for (const int status : {400, 404, 500, 502, 503, 504}) {
    EXPECT_EQ(ClassifyByHttpStatus(op, Answered(status), kNow)->retry_after, std::nullopt);
  }
  for (const int status : {423, 429, 500, 503}) {
    const auto named = ClassifyByHttpStatus(op, Answered(status, {{"Retry-After", "120"}}), kNow);
    EXPECT_EQ(named->retry_after, absl::Seconds(120)) << status;
  }
  EXPECT_EQ(ClassifyByHttpStatus(op, Answered(429, {{"X-RateLimit-Reset", "784111837"}}), kNow)
                ->retry_after,
            absl::Seconds(60));
  EXPECT_EQ(
      ClassifyByHttpStatus(op, Answered(429, {}, "available in 38 seconds"), kNow)->retry_after,
      absl::Seconds(38));
}

http::Exchange Failing(http::Failure failure, bool sent) {
  http::Exchange exchange = http::NoAnswer(failure, sent);
  exchange.detail = "what libcurl said";
  return exchange;
}

TEST(ClassifyTransportTest, AFailureThatSaysSomethingOfItsOwnSaysItForEveryEffect) {
  const struct {
    http::Failure failure;
    ErrorReason reason;
    StatusCode code;
  } cases[] = {
      {http::Failure::kRequestRefused, reason::ERROR_REASON_ARGUMENT_INVALID,
       StatusCode::kInvalidArgument},
      {http::Failure::kTooLarge, reason::ERROR_REASON_PROVIDER_RESPONSE_INVALID,
       StatusCode::kInternal},
      {http::Failure::kBadEncoding, reason::ERROR_REASON_PROVIDER_RESPONSE_INVALID,
       StatusCode::kInternal},
      {http::Failure::kProtocol, reason::ERROR_REASON_PROVIDER_RESPONSE_INVALID,
       StatusCode::kInternal},
      {http::Failure::kDeadline, reason::ERROR_REASON_DEADLINE_EXCEEDED,
       StatusCode::kDeadlineExceeded},
      {http::Failure::kCancelled, reason::ERROR_REASON_CANCELLED, StatusCode::kCancelled},
      {http::Failure::kTls, reason::ERROR_REASON_PROVIDER_UNAVAILABLE, StatusCode::kUnavailable},
  };
  for (const auto& each : cases) {
    for (const EffectRow& effect : kEffects) {
      for (const bool sent : {false, true}) {
        // TLS that ends after a write was sent leaves its outcome unknown.
        if (each.failure == http::Failure::kTls && effect.writes && sent) continue;
        SCOPED_TRACE(std::string(http::FailureName(each.failure)));
        SCOPED_TRACE(effect.method);
        const auto failure =
            ClassifyTransport(LibraryOperation(effect.method), Failing(each.failure, sent));
        EXPECT_EQ(failure.reason, each.reason);
        EXPECT_EQ(errors::FromProvider(failure, {}).code(), each.code);
        EXPECT_FALSE(failure.transient);
        EXPECT_EQ(failure.nothing_sent, !sent);
        EXPECT_EQ(failure.message, "what libcurl said");
        EXPECT_THAT(failure.provider_status, IsEmpty());
      }
    }
  }
}

constexpr http::Failure kBroken[] = {http::Failure::kResolve,   http::Failure::kConnect,
                                     http::Failure::kTimeout,   http::Failure::kReset,
                                     http::Failure::kTruncated, http::Failure::kLocal};

TEST(ClassifyTransportTest, AReadThatBrokeOffIsAnOutageAndMayBeRepeated) {
  for (const http::Failure broken : kBroken) {
    for (const bool sent : {false, true}) {
      const auto failure = ClassifyTransport(LibraryOperation("GetBook"), Failing(broken, sent));
      EXPECT_EQ(failure.reason, reason::ERROR_REASON_PROVIDER_UNAVAILABLE);
      EXPECT_TRUE(failure.transient);
    }
  }
}

TEST(ClassifyTransportTest, AWriteThatWasNotSentIsAnOutageAndMayBeRepeated) {
  for (const http::Failure broken : kBroken) {
    for (const char* method : {"PutBook", "LendBook"}) {
      const auto failure = ClassifyTransport(LibraryOperation(method), Failing(broken, false));
      EXPECT_EQ(failure.reason, reason::ERROR_REASON_PROVIDER_UNAVAILABLE);
      EXPECT_TRUE(failure.transient);
      EXPECT_TRUE(failure.nothing_sent);
    }
  }
}

TEST(ClassifyTransportTest, AReplyWithoutRoomIsALimitOfThisSideAndComesAgainLater) {
  const auto failure =
      ClassifyTransport(LibraryOperation("GetBook"), Failing(http::Failure::kNoRoom, true));
  EXPECT_EQ(failure.reason, reason::ERROR_REASON_LOCAL_LIMIT);
  EXPECT_EQ(errors::FromProvider(failure, {}).code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(failure.transient);
  EXPECT_GT(failure.retry_after, absl::ZeroDuration());
}

TEST(ClassifyTransportTest, AWriteThatWasSentHasAnUnknownOutcome) {
  const http::Failure late[] = {http::Failure::kTimeout,   http::Failure::kReset,
                                http::Failure::kTruncated, http::Failure::kNoRoom,
                                http::Failure::kLocal,     http::Failure::kTls};
  for (const http::Failure broken : late) {
    for (const char* method : {"PutBook", "LendBook"}) {
      SCOPED_TRACE(std::string(http::FailureName(broken)));
      SCOPED_TRACE(method);
      const Operation& op = LibraryOperation(method);
      const auto failure = ClassifyTransport(op, Failing(broken, true));
      EXPECT_EQ(failure.reason, reason::ERROR_REASON_WRITE_OUTCOME_UNKNOWN);
      EXPECT_EQ(errors::FromProvider(failure, {}).code(), StatusCode::kUnknown);
      EXPECT_EQ(failure.transient, op.repeatable() && broken != http::Failure::kTls);
      EXPECT_FALSE(failure.nothing_sent);
    }
  }
}

}  // namespace
}  // namespace edugate::rest
