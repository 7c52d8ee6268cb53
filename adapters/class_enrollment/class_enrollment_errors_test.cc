#include "adapters/class_enrollment/class_enrollment_errors.h"

#include "absl/strings/str_cat.h"
#include "adapters/class_enrollment/class_enrollment_adapter.h"
#include "adapters/declared_api.h"
#include "adapters/testing/adapter_fixture.h"
#include "edugate/provider/class_enrollment/v2/class_enrollment.pb.h"
#include "gmock/gmock.h"
#include "google/api/httpbody.pb.h"
#include "gtest/gtest.h"
#include "runtime/codec/decoder.h"

namespace edugate::adapters {
namespace {

namespace ce = provider::class_enrollment::v2;
using absl::StatusCode;
using ::testing::HasSubstr;
using ::testing::Not;

const rest::Operation& Get() {
  return OperationOf(ClassEnrollmentAdapter::Declaration(), "GetClassEnrollment");
}

std::optional<errors::ProviderFailure> Reply(const std::string& json) {
  ce::ClassEnrollmentReply reply;
  const absl::Status decoded = codec::Decode("application/json", json, {}, &reply);
  EXPECT_TRUE(decoded.ok()) << decoded;
  return ClassEnrollmentAdapter::Errors().ClassifyReply(Get(), reply);
}

std::optional<errors::ProviderFailure> Answered(int status, std::string body,
                                                std::string type = "application/json") {
  return ClassEnrollmentAdapter::Errors().Classify(
      Get(), http::Answer(status, std::move(body), std::move(type)).response);
}

TEST(ClassEnrollmentErrorsTest, StatusZeroIsASuccess) {
  EXPECT_FALSE(Reply(R"({"Status": 0})").has_value());
  EXPECT_FALSE(Reply(R"({"Status": "0", "Error": ""})").has_value());
  EXPECT_FALSE(Reply(R"({"status": 0})").has_value());
}

TEST(ClassEnrollmentErrorsTest, WhatCantBeReadIsNotNothingFound) {
  for (const char* results : {R"("canary")", R"(["canary"])", R"([null, ["canary"]])"}) {
    const auto failure = Reply(absl::StrCat(R"({"Status": 0, "Results": )", results, "}"));
    ASSERT_TRUE(failure.has_value()) << results;
    EXPECT_EQ(failure->reason, v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID);
    EXPECT_THAT(failure->message, Not(HasSubstr("canary")));
  }
  for (const char* name : {"results", "ClassEnrollment", "ClassEnrollmentSearchResults"}) {
    EXPECT_TRUE(Reply(absl::StrCat(R"({"Status": 0, ")", name, R"(": "canary"})")).has_value())
        << name;
  }
  EXPECT_FALSE(Reply(R"({"Status": 0, "Results": null, "Page": "canary"})").has_value());
  EXPECT_FALSE(Reply(R"({"Status": 0, "Results": [null]})").has_value());
  EXPECT_FALSE(Reply(R"({"Status": 0, "Results": ["canary", {"Id": "x"}]})").has_value());

  ce::UserReply user;
  for (const char* body : {R"({"Status": 0, "User": [1]})", R"({"status": 0, "user": [1]})"}) {
    ASSERT_TRUE(codec::Decode("application/json", body, {}, &user).ok());
    EXPECT_TRUE(ClassEnrollmentAdapter::Errors().ClassifyReply(Get(), user).has_value()) << body;
  }
}

TEST(ClassEnrollmentErrorsTest, EveryStatusOfTheEnvelopeHasItsReason) {
  const struct {
    const char* reply;
    v1::ErrorReason reason;
    StatusCode code;
    const char* provider_status;
    bool transient;
  } cases[] = {
      {R"({"Status": 10, "Error": "canary"})", v1::ERROR_REASON_PROVIDER_ERROR,
       StatusCode::kUnavailable, "10", true},
      {R"({"Status": 20, "Error": "canary"})", v1::ERROR_REASON_RESOURCE_NOT_FOUND,
       StatusCode::kNotFound, "20", false},
      {R"({"Status": 30, "Error": "canary"})", v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID,
       StatusCode::kFailedPrecondition, "30", false},
      {R"({"status": "20"})", v1::ERROR_REASON_RESOURCE_NOT_FOUND, StatusCode::kNotFound, "20",
       false},
      // The success of the vendor's other API is none here.
      {R"({"Status": 1})", v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID, StatusCode::kInternal, "1",
       false},
      {R"({"Status": 99})", v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID, StatusCode::kInternal, "99",
       false},
      {R"({"Status": -10})", v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID, StatusCode::kInternal,
       "-10", false},
      {R"({"Status": null, "Results": [{"Id": 1}]})", v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID,
       StatusCode::kInternal, "", false},
      {R"({"Status": "canary"})", v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID, StatusCode::kInternal,
       "", false},
      {R"({"Results": [{"Id": 1}]})", v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID,
       StatusCode::kInternal, "", false},
      {"{}", v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID, StatusCode::kInternal, "", false},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.reply);
    const auto failure = Reply(each.reply);
    ASSERT_TRUE(failure.has_value());
    EXPECT_EQ(failure->reason, each.reason);
    EXPECT_EQ(failure->provider_status, each.provider_status);
    EXPECT_EQ(failure->transient, each.transient);
    const absl::Status status = errors::FromProvider(*failure, {});
    EXPECT_EQ(status.code(), each.code);
    EXPECT_THAT(errors::ToRpcStatus(status).DebugString(), Not(HasSubstr("canary")));
  }
}

TEST(ClassEnrollmentErrorsTest, TheDocumentsErrorIsOne) {
  const auto failure =
      Reply(testing::FileText("adapters/class_enrollment/testdata/error_reply.json"));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->reason, v1::ERROR_REASON_PROVIDER_ERROR);
}

TEST(ClassEnrollmentErrorsTest, AnotherMessageIsNotJudged) {
  google::api::HttpBody other;
  EXPECT_FALSE(ClassEnrollmentAdapter::Errors().ClassifyReply(Get(), other).has_value());
}

TEST(ClassEnrollmentErrorsTest, AnHttpStatusMeansWhatItMeansEverywhere) {
  const std::pair<int, v1::ErrorReason> cases[] = {
      {400, v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST},
      {401, v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID},
      {403, v1::ERROR_REASON_PROVIDER_DENIED},
      {404, v1::ERROR_REASON_RESOURCE_NOT_FOUND},
      {405, v1::ERROR_REASON_OPERATION_NOT_SUPPORTED},
      {422, v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST},
      {429, v1::ERROR_REASON_PROVIDER_RATE_LIMITED},
      {500, v1::ERROR_REASON_PROVIDER_ERROR},
      {503, v1::ERROR_REASON_PROVIDER_UNAVAILABLE},
  };
  for (const auto& [status, reason] : cases) {
    const auto failure = Answered(status, R"({"Status": 0, "Error": "canary"})");
    ASSERT_TRUE(failure.has_value()) << status;
    EXPECT_EQ(failure->reason, reason) << status;
    EXPECT_THAT(errors::ToRpcStatus(errors::FromProvider(*failure, {})).DebugString(),
                Not(HasSubstr("canary")));
  }
  EXPECT_FALSE(Answered(200, R"({"Status": 10})").has_value());
}

TEST(ClassEnrollmentErrorsTest, ADenialInHtmlIsAnOutageInFrontOfTheProvider) {
  const auto failure = Answered(403, "<html>canary</html>", "text/html");
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->reason, v1::ERROR_REASON_PROVIDER_UNAVAILABLE);
  EXPECT_TRUE(failure->transient);
}

}  // namespace
}  // namespace edugate::adapters
