#include "adapters/error_body.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace edugate::adapters {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

http::Response Body(std::string body, std::string content_type = "application/json") {
  http::Response response;
  response.status = 400;
  response.body = std::move(body);
  if (!content_type.empty()) response.headers.push_back({"Content-Type", std::move(content_type)});
  return response;
}

TEST(ErrorBodyTest, TheKindIsToldByTypeAndContent) {
  const struct {
    http::Response response;
    ErrorBodyKind kind;
  } cases[] = {
      {Body(""), ErrorBodyKind::kEmpty},
      {Body(" \r\n\t"), ErrorBodyKind::kEmpty},
      {Body("", "text/html"), ErrorBodyKind::kEmpty},
      {Body("{}"), ErrorBodyKind::kObject},
      {Body(R"({"detail": "x"})", ""), ErrorBodyKind::kObject},
      {Body(R"("a bare text")"), ErrorBodyKind::kText},
      {Body("[]"), ErrorBodyKind::kList},
      {Body(R"([{"a": 1}])"), ErrorBodyKind::kList},
      {Body("<html></html>", ""), ErrorBodyKind::kHtml},
      {Body("  <!DOCTYPE HTML><p>x"), ErrorBodyKind::kHtml},
      {Body("anything", "TEXT/HTML; charset=utf-8"), ErrorBodyKind::kHtml},
      {Body("<root><detail>x</detail></root>", "application/xml"), ErrorBodyKind::kUnreadable},
      {Body("oops", "text/plain"), ErrorBodyKind::kUnreadable},
      {Body("17"), ErrorBodyKind::kUnreadable},
      {Body("null"), ErrorBodyKind::kUnreadable},
      {Body(R"({"detail": )"), ErrorBodyKind::kUnreadable},
      {Body("{\"a\": \"\xFF\"}"), ErrorBodyKind::kUnreadable},
      {Body("[\"" + std::string(64 * 1024, 'x') + "\"]"), ErrorBodyKind::kUnreadable},
  };
  for (const auto& each : cases) {
    EXPECT_EQ(KindOf(each.response), each.kind) << each.response.body.substr(0, 80);
  }
}

TEST(ErrorBodyTest, ABodyThatNestsDeeplyIsSurvived) {
  EXPECT_EQ(KindOf(Body(std::string(60'000, '['))), ErrorBodyKind::kUnreadable);
  EXPECT_EQ(KindOf(Body(std::string(30'000, '[') + std::string(30'000, ']'))),
            ErrorBodyKind::kList);
}

TEST(ErrorBodyTest, TheTextAtANameIsRead) {
  EXPECT_EQ(TextAt(Body(R"({"error_code": "NO_ITEMS", "n": 5})"), "error_code"), "NO_ITEMS");
  EXPECT_EQ(TextAt(Body(R"({"error_code": "NO_ITEMS", "n": 5})"), "n"), "");
  EXPECT_EQ(TextAt(Body(R"({"error_code": null})"), "error_code"), "");
  EXPECT_EQ(TextAt(Body(R"({"a": {"error_code": "x"}})"), "error_code"), "");
  EXPECT_EQ(TextAt(Body(R"(["error_code"])"), "error_code"), "");
  EXPECT_EQ(TextAt(Body("oops"), "error_code"), "");
  EXPECT_EQ(TextAt(Body(""), "error_code"), "");
}

TEST(ErrorBodyTest, TheNamesOfAFieldMapAreRead) {
  EXPECT_THAT(FieldNames(Body(R"({"user_emails": ["bad"], "grade": ["a", "b"]})")),
              ElementsAre("grade", "user_emails"));
  EXPECT_THAT(FieldNames(Body(R"({"user_emails": {"0": ["bad"], "7": ["bad"]}})")),
              ElementsAre("user_emails"));
  EXPECT_THAT(FieldNames(Body(R"({"errors": {"status": ["bad"], "grade": "bad"}})")),
              ElementsAre("grade", "status"));
}

TEST(ErrorBodyTest, WhatIsNoFieldMapHasNoNames) {
  for (const char* body :
       {R"({"detail": "x", "code": 5, "list": [], "numbers": [1], "map": {}, "deep": {"a": 1}})",
        R"({"non_field_errors": ["x"]})", R"({"errors": {"a": 5}})", R"(["status"])", R"("status")",
        "oops", ""}) {
    EXPECT_THAT(FieldNames(Body(body)), IsEmpty()) << body;
  }
}

TEST(ErrorBodyTest, OnlyADenialByAPageInFrontIsTakenForAnOutage) {
  const http::Response page = Body("<html>Access denied</html>", "text/html");
  for (const http::Response& response :
       {page, Body("error code: 1020", "text/plain; charset=UTF-8"), Body("error code: 9\n", "")}) {
    errors::ProviderFailure denied;
    denied.reason = v1::ERROR_REASON_PROVIDER_DENIED;
    TakePageInFrontForOutage(response, denied);
    EXPECT_EQ(denied.reason, v1::ERROR_REASON_PROVIDER_UNAVAILABLE) << response.body;
    EXPECT_TRUE(denied.transient);
    // A write that must not happen twice is not sent again.
    EXPECT_FALSE(denied.nothing_sent);
  }

  for (const char* body :
       {R"({"error": "no"})", R"("error code: 1020")", "error code: ", "error code: not yours"}) {
    errors::ProviderFailure denied;
    denied.reason = v1::ERROR_REASON_PROVIDER_DENIED;
    TakePageInFrontForOutage(Body(body), denied);
    EXPECT_EQ(denied.reason, v1::ERROR_REASON_PROVIDER_DENIED) << body;
  }

  errors::ProviderFailure missing;
  missing.reason = v1::ERROR_REASON_RESOURCE_NOT_FOUND;
  TakePageInFrontForOutage(page, missing);
  EXPECT_EQ(missing.reason, v1::ERROR_REASON_RESOURCE_NOT_FOUND);
}

}  // namespace
}  // namespace edugate::adapters
