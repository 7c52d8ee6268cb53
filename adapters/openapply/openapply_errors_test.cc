#include "adapters/openapply/openapply_errors.h"

#include "adapters/declared_api.h"
#include "adapters/openapply/openapply_adapter.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/http/fake_http_client.h"

namespace edugate::adapters {
namespace {

using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kList[] = "ListReenrollments";
constexpr char kUpdate[] = "UpdateReenrollment";

std::optional<errors::ProviderFailure> Classified(const std::string& method,
                                                  const http::Response& response) {
  return OpenApplyAdapter::Errors().Classify(OperationOf(OpenApplyAdapter::Declaration(), method),
                                             response);
}

http::Response Answered(int status, std::string body, std::string type = "application/json") {
  return http::Answer(status, std::move(body), std::move(type)).response;
}

TEST(OpenApplyErrorsTest, ASuccessIsNone) {
  EXPECT_FALSE(Classified(kList, Answered(200, R"({"error": "canary"})")).has_value());
  EXPECT_FALSE(Classified(kUpdate, Answered(201, "")).has_value());
}

TEST(OpenApplyErrorsTest, EveryStatusHasItsReason) {
  const struct {
    int status;
    v1::ErrorReason reason;
    StatusCode of_list;
    StatusCode of_update;
    bool transient;
  } cases[] = {
      {400, v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST, StatusCode::kInvalidArgument,
       StatusCode::kInvalidArgument, false},
      {401, v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID, StatusCode::kFailedPrecondition,
       StatusCode::kFailedPrecondition, false},
      {403, v1::ERROR_REASON_PROVIDER_DENIED, StatusCode::kPermissionDenied,
       StatusCode::kPermissionDenied, false},
      {404, v1::ERROR_REASON_RESOURCE_NOT_FOUND, StatusCode::kNotFound, StatusCode::kNotFound,
       false},
      {405, v1::ERROR_REASON_OPERATION_NOT_SUPPORTED, StatusCode::kUnimplemented,
       StatusCode::kUnimplemented, false},
      {409, v1::ERROR_REASON_PROVIDER_CONFLICT, StatusCode::kAborted, StatusCode::kAborted, false},
      {422, v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST, StatusCode::kInvalidArgument,
       StatusCode::kInvalidArgument, false},
      {429, v1::ERROR_REASON_PROVIDER_RATE_LIMITED, StatusCode::kResourceExhausted,
       StatusCode::kResourceExhausted, true},
      {500, v1::ERROR_REASON_PROVIDER_ERROR, StatusCode::kUnavailable, StatusCode::kUnknown, true},
      {503, v1::ERROR_REASON_PROVIDER_UNAVAILABLE, StatusCode::kUnavailable,
       StatusCode::kUnavailable, true},
      {521, v1::ERROR_REASON_PROVIDER_UNAVAILABLE, StatusCode::kUnavailable,
       StatusCode::kUnavailable, true},
  };
  for (const auto& each : cases) {
    for (const char* method : {kList, kUpdate}) {
      SCOPED_TRACE(each.status);
      SCOPED_TRACE(method);
      const auto failure = Classified(
          method, Answered(each.status, R"({"error": "canary: Zoe Canary, zoe@canary.example"})"));
      ASSERT_TRUE(failure.has_value());
      EXPECT_EQ(failure->reason, each.reason);
      EXPECT_EQ(failure->transient, each.transient);
      const absl::Status status = errors::FromProvider(*failure, {});
      EXPECT_EQ(status.code(), method == kList ? each.of_list : each.of_update);
      EXPECT_THAT(errors::ToRpcStatus(status).DebugString(), Not(HasSubstr("anary")));
    }
  }
}

TEST(OpenApplyErrorsTest, TheLimitsResetTellsWhenToTryAgain) {
  http::Response limited = Answered(429, R"({"error": "Rate limit reached. Retry later."})");
  EXPECT_EQ(Classified(kList, limited)->retry_after, absl::Seconds(1));
  limited.headers.push_back({"X-RateLimit-Limit", "60"});
  limited.headers.push_back({"X-RateLimit-Period", "60"});
  const std::pair<const char*, absl::Duration> resets[] = {
      {"38", absl::Seconds(38)},
      {"2000-01-01 00:00:00 UTC", absl::ZeroDuration()},
      {"9999-01-01T00:00:00Z", absl::Hours(1)},
      {"32503680000", absl::Hours(1)},
      {"soon", absl::Seconds(1)},
  };
  for (const auto& [reset, wait] : resets) {
    http::Response named = limited;
    named.headers.push_back({"X-RateLimit-Reset", reset});
    EXPECT_EQ(Classified(kList, named)->retry_after, wait) << reset;
  }
}

TEST(OpenApplyErrorsTest, ADenialInHtmlIsAnOutageInFrontOfTheProvider) {
  const std::string page = "<!DOCTYPE html><title>Attention Required! | Cloudflare</title>canary";
  for (const char* type : {"text/html; charset=UTF-8", ""}) {
    const auto failure = Classified(kUpdate, Answered(403, page, type));
    EXPECT_EQ(failure->reason, v1::ERROR_REASON_PROVIDER_UNAVAILABLE);
    EXPECT_TRUE(failure->transient);
    EXPECT_FALSE(failure->nothing_sent);
    EXPECT_THAT(failure->message, Not(HasSubstr("canary")));
  }
  EXPECT_EQ(Classified(kUpdate, Answered(503, page, "text/html"))->reason,
            v1::ERROR_REASON_PROVIDER_UNAVAILABLE);
}

std::vector<std::string> Fields(int status, const std::string& body,
                                const std::string& method = kUpdate) {
  std::vector<std::string> fields;
  const auto failure = Classified(method, Answered(status, body));
  for (const errors::FieldViolation& each : failure->fields) {
    fields.push_back(each.field);
    EXPECT_THAT(each.description, Not(HasSubstr("canary")));
  }
  return fields;
}

TEST(OpenApplyErrorsTest, ARefusedFieldIsNamedAsTheDomainNamesIt) {
  EXPECT_THAT(Fields(422, R"({"status": ["canary"]})"), ElementsAre("enrollment.status"));
  EXPECT_THAT(Fields(400, R"({"grade": ["canary"], "status_updated_at": ["canary"]})"),
              ElementsAre("enrollment.grade_level", "enrollment.status_time"));
  EXPECT_THAT(Fields(422, R"({"errors": {"grade": ["canary"], "status": "canary"}})"),
              ElementsAre("enrollment.grade_level", "enrollment.status"));
  EXPECT_THAT(Fields(422, R"({"year": ["canary"]})"), IsEmpty());
}

TEST(OpenApplyErrorsTest, WhatIsRefusedOfAListIsItsFilter) {
  for (const char* list : {kList, "ListStudentReenrollments"}) {
    EXPECT_THAT(
        Fields(422, R"({"year": ["canary"], "decision_date": ["canary"], "status": ["canary"]})",
               list),
        ElementsAre("filter", "filter", "filter"));
    EXPECT_THAT(Fields(422, R"({"grade": ["canary"], "per_page": ["canary"]})", list), IsEmpty());
  }
}

TEST(OpenApplyErrorsTest, WhatTheDomainDoesNotHaveIsNotNamed) {
  for (const char* body : {R"({"canary": ["x"]})", R"({"error": "canary"})", "canary", "",
                           R"(["status"])", R"({"status": 5})"}) {
    EXPECT_THAT(Fields(422, body), IsEmpty()) << body;
  }
  EXPECT_THAT(Fields(500, R"({"status": ["canary"]})"), IsEmpty());
}

TEST(OpenApplyErrorsTest, TheProvidersIdOfTheRequestIsKept) {
  http::Response failed = Answered(500, "");
  failed.headers.push_back({"x-request-id", "7f3a-01"});
  const absl::Status status = errors::FromProvider(*Classified(kList, failed), {});
  EXPECT_EQ(errors::MetadataOf(status).at("provider_request_id"), "7f3a-01");
  EXPECT_EQ(errors::MetadataOf(status).at("provider_status"), "500");
}

}  // namespace
}  // namespace edugate::adapters
