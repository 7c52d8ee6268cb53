#include "runtime/errors/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "runtime/errors/nothing_sent.h"

namespace edugate::errors {
namespace {

const Origin kOrigin{.connection = "oa", .provider = "openapply", .operation = "OpenApplyV3.X"};

template <typename Detail>
Detail DetailOf(const google::rpc::Status& status) {
  Detail detail;
  for (const auto& any : status.details()) {
    if (any.Is<Detail>()) any.UnpackTo(&detail);
  }
  return detail;
}

TEST(ErrorsTest, EveryReasonButUnspecifiedHasANameAndACode) {
  // A reason that nobody has given a code has this one, too.
  const std::set<v1::ErrorReason> internal = {v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID,
                                              v1::ERROR_REASON_PAGINATION_LOOP,
                                              v1::ERROR_REASON_INTERNAL};
  for (int i = v1::ErrorReason_MIN; i <= v1::ErrorReason_MAX; ++i) {
    if (!v1::ErrorReason_IsValid(i) || i == v1::ERROR_REASON_UNSPECIFIED) continue;
    const auto reason = static_cast<v1::ErrorReason>(i);
    const std::string name = ReasonName(reason);
    EXPECT_FALSE(name.empty());
    EXPECT_EQ(name.find("ERROR_REASON_"), std::string::npos) << name;
    EXPECT_EQ(CodeFor(reason) == absl::StatusCode::kInternal, internal.count(reason) > 0) << name;
  }
}

TEST(ErrorsTest, RateLimitCarriesRetryInfoQuotaFailureAndOrigin) {
  ProviderFailure failure;
  failure.reason = v1::ERROR_REASON_PROVIDER_RATE_LIMITED;
  failure.message = "the provider limits the rate of requests";
  failure.provider_status = "429";
  failure.retry_after = absl::Milliseconds(1500);
  const google::rpc::Status wire = ToRpcStatus(FromProvider(failure, kOrigin));
  EXPECT_EQ(wire.code(), static_cast<int>(absl::StatusCode::kResourceExhausted));
  const auto info = DetailOf<google::rpc::ErrorInfo>(wire);
  EXPECT_EQ(info.domain(), "edugate");
  EXPECT_EQ(info.reason(), "PROVIDER_RATE_LIMITED");
  EXPECT_EQ(info.metadata().at("connection"), "oa");
  EXPECT_EQ(info.metadata().at("provider"), "openapply");
  EXPECT_EQ(info.metadata().at("operation"), "OpenApplyV3.X");
  EXPECT_EQ(info.metadata().at("provider_status"), "429");
  const auto retry = DetailOf<google::rpc::RetryInfo>(wire);
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);
  EXPECT_EQ(DetailOf<google::rpc::QuotaFailure>(wire).violations_size(), 1);
}

TEST(ErrorsTest, ReasonRetryAndMetadataAreReadBack) {
  ProviderFailure failure;
  failure.reason = v1::ERROR_REASON_PROVIDER_LOCKED;
  failure.retry_after = absl::Seconds(7);
  const absl::Status status = FromProvider(failure, kOrigin);
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_PROVIDER_LOCKED);
  EXPECT_EQ(RetryAfterOf(status), absl::Seconds(7));
  EXPECT_EQ(MetadataOf(WithMetadata(status, "k", "v")).at("k"), "v");
  EXPECT_EQ(ReasonOf(absl::InternalError("x")), v1::ERROR_REASON_UNSPECIFIED);
}

TEST(ErrorsTest, AClassifiersCodeWinsOverTheTable) {
  ProviderFailure failure;
  failure.reason = v1::ERROR_REASON_PROVIDER_CONFLICT;
  failure.code = absl::StatusCode::kFailedPrecondition;
  EXPECT_EQ(FromProvider(failure, kOrigin).code(), absl::StatusCode::kFailedPrecondition);
}

TEST(ErrorsTest, EveryViolatedFieldIsNamed) {
  const google::rpc::Status wire = ToRpcStatus(
      ArgumentsInvalid({{"page_size", "must not be negative"}, {"parent", "is missing"}}));
  const auto bad = DetailOf<google::rpc::BadRequest>(wire);
  ASSERT_EQ(bad.field_violations_size(), 2);
  EXPECT_EQ(bad.field_violations(0).field(), "page_size");
  EXPECT_EQ(bad.field_violations(1).field(), "parent");
}

TEST(ErrorsTest, ARequestIdThatIsAnotherRequestsIsThatFieldsFault) {
  const auto bad = DetailOf<google::rpc::BadRequest>(ToRpcStatus(RequestIdReused()));
  ASSERT_EQ(bad.field_violations_size(), 1);
  EXPECT_EQ(bad.field_violations(0).field(), "request_id");
}

TEST(ErrorsTest, WhoHasToWaitForEdugateItselfIsToldHowLong) {
  for (const absl::Status& status : {RequestInProgress(), ShuttingDown(), WatchSuperseded()}) {
    ASSERT_TRUE(RetryAfterOf(status).has_value()) << status;
    EXPECT_GT(*RetryAfterOf(status), absl::ZeroDuration()) << status;
  }
}

TEST(ErrorsTest, WhereNoConnectionHasAMethodNoneIsNamed) {
  EXPECT_EQ(OperationNotSupported("S.M", {}, "").message(), "no connection supports S.M");
  EXPECT_EQ(OperationNotSupported("S.M", kOrigin, "S.N").message(),
            "connection 'oa' does not support S.M; it supports S.N");
}

TEST(ErrorsTest, AProvidersProseNeverBecomesACode) {
  EXPECT_EQ(SafeToken("MULTIPLE_REPORT_INSTANCES"), "MULTIPLE_REPORT_INSTANCES");
  EXPECT_EQ(SafeToken("jane@example.com"), "");
  EXPECT_EQ(SafeToken("No such user Jane"), "");
  EXPECT_EQ(SafeToken(std::string(65, 'a')), "");
}

TEST(ErrorsTest, AStatusStaysBelowFourKilobytesAndKeepsItsReason) {
  ProviderFailure failure;
  failure.reason = v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST;
  failure.message = std::string(5000, 'm');
  for (int i = 0; i < 500; ++i) {
    failure.fields.push_back({absl::StrCat("learner_emails[", i, "]"), "is not accepted"});
  }
  const google::rpc::Status wire = ToRpcStatus(FromProvider(failure, kOrigin));
  EXPECT_LE(wire.ByteSizeLong(), kMaxStatusBytes);
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(wire).reason(), "PROVIDER_REJECTED_REQUEST");
}

TEST(ErrorsTest, TheMarkOfWhatWasNotSentStaysOnTheStatusAndDoesNotLeave) {
  const absl::Status plain = ProviderResponseInvalid("it is empty", {});
  EXPECT_FALSE(IsNothingSent(plain));
  const absl::Status marked = WithNothingSent(plain);
  EXPECT_TRUE(IsNothingSent(WithMetadata(marked, "name", "x")));
  EXPECT_EQ(marked.code(), plain.code());
  EXPECT_EQ(ToRpcStatus(marked).SerializeAsString(), ToRpcStatus(plain).SerializeAsString());
}

TEST(ErrorsTest, AMessageIsCutAtACharacterNotInsideOne) {
  std::string message;
  while (message.size() < 2000) message += "ä€";
  const google::rpc::Status wire = ToRpcStatus(absl::InternalError(message));
  EXPECT_LE(wire.message().size(), 1024u);
  EXPECT_EQ(wire.SerializeAsString().empty(), false);
  const unsigned char last = wire.message().back();
  EXPECT_TRUE(last == 0xA4 || last == 0xAC) << static_cast<int>(last);
}

}  // namespace
}  // namespace edugate::errors
