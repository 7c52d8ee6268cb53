#include "adapters/edx_enterprise/edx_errors.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "adapters/declared_api.h"
#include "adapters/edx_enterprise/edx_adapter.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace edugate::adapters {
namespace {

using ::testing::IsEmpty;

constexpr char kJson[] = "application/json";
constexpr char kXml[] = "application/xml; charset=utf-8";
constexpr char kHtml[] = "text/html";

struct Answer {
  int status;
  std::string body;
  std::string content_type = kJson;
};

std::optional<errors::ProviderFailure> Judge(const std::string& operation, const Answer& answer) {
  http::Response response;
  response.status = answer.status;
  response.body = answer.body;
  if (!answer.content_type.empty()) {
    response.headers.push_back({"Content-Type", answer.content_type});
  }
  return EdxErrors().Classify(OperationOf(EdxAdapter::Declaration(), operation), response);
}

errors::ProviderFailure Failure(const std::string& operation, const Answer& answer) {
  auto failure = Judge(operation, answer);
  EXPECT_TRUE(failure.has_value()) << answer.body;
  return failure.value_or(errors::ProviderFailure());
}

v1::ErrorReason Reason(const std::string& operation, const Answer& answer) {
  return Failure(operation, answer).reason;
}

TEST(EdxErrorsTest, TakesEverySuccessfulStatusForSuccess) {
  for (const int status : {200, 201, 202, 204, 207}) {
    EXPECT_FALSE(Judge("RevokeLicenses", {status, ""}).has_value()) << status;
  }
}

TEST(EdxErrorsTest, ReadsDetailInJsonAndXml) {
  EXPECT_EQ(Reason("GetCourse", {404, R"({"detail": "Not found."})"}),
            v1::ERROR_REASON_RESOURCE_NOT_FOUND);
  EXPECT_EQ(Reason("GetCourse", {401, R"({"detail": "Invalid token."})"}),
            v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID);
  EXPECT_EQ(Reason("GetCourse", {403, R"({"detail": "No permission."})"}),
            v1::ERROR_REASON_PROVIDER_DENIED);
  for (const Answer& answer : {Answer{404, R"({"detail": "Invalid page."})"},
                               Answer{404,
                                      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
                                      "<root><detail>Invalid page.</detail></root>",
                                      kXml}}) {
    EXPECT_EQ(Failure("ListCatalogContent", answer).provider_code, kEdxInvalidPage);
  }
  EXPECT_EQ(Failure("ListCatalogContent", {404, R"({"detail": "Not found."})"}).provider_code, "");
}

TEST(EdxErrorsTest, TakesAMaskedOutageOfAReadForUnavailable) {
  for (const Answer& answer :
       {Answer{400, "", ""}, Answer{400, "<html><body>502 Bad Gateway</body></html>", kHtml},
        Answer{400, "upstream request timeout", "text/plain"},
        Answer{400, "no healthy upstream", ""},
        Answer{400, R"({"message": "Endpoint request timed out"})"},
        Answer{400, R"({"message": "Internal server error"})"},
        Answer{400, R"({"message": "Service Unavailable"})"}}) {
    const errors::ProviderFailure failure = Failure("ListCatalogs", answer);
    EXPECT_EQ(failure.reason, v1::ERROR_REASON_PROVIDER_UNAVAILABLE) << answer.body;
    EXPECT_TRUE(failure.transient);
    EXPECT_TRUE(failure.retry_after.has_value());
  }
}

TEST(EdxErrorsTest, DoesNotKnowWhatBecameOfAWriteBehindAMaskedOutage) {
  for (const Answer& answer : {Answer{400, "", ""}, Answer{400, "<html></html>", kHtml},
                               Answer{400, "upstream request timeout", "text/plain"},
                               Answer{400, R"({"message": "Endpoint request timed out"})"}}) {
    const errors::ProviderFailure failure = Failure("BulkEnroll", answer);
    EXPECT_EQ(failure.reason, v1::ERROR_REASON_WRITE_OUTCOME_UNKNOWN) << answer.body;
    EXPECT_FALSE(failure.transient);
  }
  EXPECT_TRUE(Failure("CancelAssignments", {400, "", ""}).transient);
}

TEST(EdxErrorsTest, TakesA400ThatCarriesTheReplyForSuccess) {
  EXPECT_FALSE(
      Judge("RevokeLicenses", {400, R"({"successful_revocations": [{"user_email": "a@example.com"}],
                               "unsuccessful_revocations": []})"})
          .has_value());
  EXPECT_FALSE(
      Judge("RevokeLicenses", {400, R"({"successful_revocations": [{"user_email": "a@example.com"}],
                               "unsuccessful_revocations": [{"error": "x"}]})"})
          .has_value());
  EXPECT_FALSE(Judge("BulkEnroll", {400, R"({"job_id": "j"})"}).has_value());
  EXPECT_FALSE(
      Judge("AssignLicenses", {400, R"({"license_assignments": [{"license": "l"}]})"}).has_value());
}

// As many as a call may name: longer than any error.
std::string LongReply(const char* list, const std::string& each) {
  std::string records;
  for (int i = 0; i < 1000; ++i) {
    absl::StrAppend(&records, i == 0 ? "" : ",", absl::StrFormat(R"({%s, "user_email":)", each),
                    absl::StrFormat(R"( "learner%04d@students.university.example.com"})", i));
  }
  return absl::StrFormat(R"({"%s": [%s]})", list, records);
}

TEST(EdxErrorsTest, ReadsA400ThatCarriesTheReplyHoweverLongItIs) {
  const std::string done = LongReply("successful_revocations",
                                     R"("license_uuid": "30824248-e671-449f-8bf7-02715478abce")");
  ASSERT_GT(done.size(), 100'000u);
  EXPECT_FALSE(Judge("RevokeLicenses", {400, done}).has_value());
  const std::string refused = LongReply("unsuccessful_revocations",
                                        R"("error": "no license", "error_response_status": 404)");
  EXPECT_EQ(Reason("RevokeLicenses", {400, refused}), v1::ERROR_REASON_RESOURCE_NOT_FOUND);
  EXPECT_EQ(Reason("RevokeLicenses", {400, absl::StrCat("{\"detail\": \"", done.size(),
                                                        std::string(100'000, 'x'), "\"}")}),
            v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST);

  EXPECT_FALSE(Judge("AssignLicenses",
                     {400, LongReply("license_assignments",
                                     R"("license": "30824248-e671-449f-8bf7-02715478abce")")})
                   .has_value());
  for (const char* list : {"created", "updated", "no_change"}) {
    EXPECT_FALSE(Judge("AllocateAssignments",
                       {400, LongReply(list, R"("uuid": "30824248-e671-449f-8bf7-02715478abce")")})
                     .has_value())
        << list;
  }
  for (const char* write : {"AssignLicenses", "AllocateAssignments", "BulkEnroll"}) {
    EXPECT_EQ(Reason(write, {400, LongReply("user_emails", R"("error": "not an address")")}),
              v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST)
        << write;
  }
}

TEST(EdxErrorsTest, TellsAMissingLicenseFromAMissingPlan) {
  EXPECT_EQ(
      Failure("RevokeLicenses", {404, R"("No license exists for ann@example.com")"}).provider_code,
      kEdxNoLicense);
  EXPECT_EQ(Failure("RevokeLicenses",
                    {404, R"({"unsuccessful_revocations": [{"error_response_status": 404}]})"})
                .provider_code,
            kEdxNoLicense);
  EXPECT_EQ(Failure("RevokeLicenses", {404, R"({"detail": "Not found."})"}).provider_code, "");
  EXPECT_EQ(Failure("RevokeLicenses",
                    {404, R"("No SubscriptionPlan identified by 104b1785-1d3a exists")"})
                .provider_code,
            "");
  EXPECT_EQ(Failure("AssignLicenses", {404, R"("Not found")"}).provider_code, "");
}

TEST(EdxErrorsTest, TakesTheStatusOfTheSingleFailuresWhereAllRevocationsFailed) {
  const Answer masked{400, R"({"successful_revocations": [], "unsuccessful_revocations": [
      {"error": "no license", "error_response_status": 404, "user_email": "a@example.com"}]})"};
  EXPECT_EQ(Reason("RevokeLicenses", masked), v1::ERROR_REASON_RESOURCE_NOT_FOUND);
  EXPECT_EQ(Failure("RevokeLicenses", masked).provider_status, "404");
  EXPECT_EQ(
      Reason(
          "RevokeLicenses",
          {400, R"({"unsuccessful_revocations": [{"error": "x", "error_response_status": 400}]})"}),
      v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST);
}

TEST(EdxErrorsTest, NamesTheCallersFields) {
  const errors::ProviderFailure failure =
      Failure("AssignLicenses", {400, R"({"user_emails": {"2": ["Enter a valid email address."]},
                                  "greeting": ["Too long."], "internal": ["?"]})"});
  EXPECT_EQ(failure.reason, v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST);
  ASSERT_EQ(failure.fields.size(), 2u);
  EXPECT_EQ(failure.fields[0].field, "learner_emails[2]");
  EXPECT_EQ(failure.fields[1].field, "greeting");
}

TEST(EdxErrorsTest, NamesTheCallersFieldsFromXml) {
  const errors::ProviderFailure failure =
      Failure("AllocateAssignments",
              {400,
               "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<root><content_key><list-item>This "
               "field is required.</list-item></content_key></root>",
               kXml});
  ASSERT_EQ(failure.fields.size(), 1u);
  EXPECT_EQ(failure.fields[0].field, "content_key");
}

TEST(EdxErrorsTest, NamesNoPositionWhereTheListSentIsNotTheCallers) {
  for (const auto& [operation, field] :
       {std::pair{"BulkEnroll", "emails"}, std::pair{"RevokeLicenses", "user_emails"},
        std::pair{"AllocateAssignments", "learner_emails"}}) {
    const errors::ProviderFailure failure = Failure(
        operation,
        {400, absl::StrCat("{\"", field, R"(": {"0": ["Enter a valid email address."]}})")});
    ASSERT_EQ(failure.fields.size(), 1u) << operation;
    EXPECT_EQ(failure.fields[0].field, "learner_emails") << operation;
  }
}

TEST(EdxErrorsTest, RefusesByProseWithoutRepeatingIt) {
  for (const Answer& answer :
       {Answer{400, R"("There are not enough licenses for ann@example.com")"},
        Answer{400, R"({"non_field_errors": ["ann@example.com is no good"]})"},
        Answer{400, R"({"detail": "x is not a valid uuid."})"},
        Answer{400, R"({"subscription_id": "ann@example.com"})"},
        Answer{400, R"("No such plan")", "text/plain"},
        Answer{400, "<root><a key>ann@example.com</a key></root>", kXml},
        Answer{400, R"({"detail": "cut)"},
        Answer{400, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<root>ann@example.com</root>",
               kXml}}) {
    const errors::ProviderFailure failure = Failure("AssignLicenses", answer);
    EXPECT_EQ(failure.reason, v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST) << answer.body;
    EXPECT_THAT(failure.message, ::testing::Not(::testing::HasSubstr("ann")));
    EXPECT_THAT(failure.fields, IsEmpty());
  }
  ASSERT_EQ(Failure("BulkEnroll", {400, R"({"subscription_id": "required"})"}).fields.size(), 1u);
}

TEST(EdxErrorsTest, TakesA400AboutAuthorizationForTheCredential) {
  EXPECT_EQ(Reason("ListCatalogs",
                   {400, R"({"message": "Missing required request parameters: [Authorization]"})"}),
            v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID);
}

TEST(EdxErrorsTest, TakesAnUnknownGatewayPathForAnOperationThatIsNotOffered) {
  EXPECT_EQ(Reason("ListCatalogs", {403, R"({"message": "Missing Authentication Token"})"}),
            v1::ERROR_REASON_OPERATION_NOT_SUPPORTED);
  EXPECT_EQ(Reason("ListCatalogs", {405, R"({"detail": "Method not allowed."})"}),
            v1::ERROR_REASON_OPERATION_NOT_SUPPORTED);
}

TEST(EdxErrorsTest, TakesAPageInFrontForAnOutage) {
  const errors::ProviderFailure failure =
      Failure("BulkEnroll", {403, "<!DOCTYPE html><html>blocked</html>", kHtml});
  EXPECT_EQ(failure.reason, v1::ERROR_REASON_PROVIDER_UNAVAILABLE);
  EXPECT_FALSE(failure.nothing_sent);
}

TEST(EdxErrorsTest, TurnsAListOfReasonsIntoPreconditions) {
  const errors::ProviderFailure failure =
      Failure("AllocateAssignments",
              {422, R"([{"reason": "not_enough_value_in_subsidy", "user_message": "ann@example.com",
                 "policy_uuids": ["p"]}, {"reason": "content not in catalog"}, {}])"});
  EXPECT_EQ(failure.reason, v1::ERROR_REASON_PROVIDER_PRECONDITION);
  ASSERT_EQ(failure.preconditions.size(), 1u);
  EXPECT_EQ(failure.preconditions[0].type, "not_enough_value_in_subsidy");
}

TEST(EdxErrorsTest, TakesAnEmpty422ForAPreconditionThatIsNotNamed) {
  const errors::ProviderFailure failure = Failure("RemindAssignments", {422, "", ""});
  EXPECT_EQ(failure.reason, v1::ERROR_REASON_PROVIDER_PRECONDITION);
  EXPECT_THAT(failure.preconditions, IsEmpty());
}

TEST(EdxErrorsTest, TellsADatabaseErrorFromARefusal) {
  for (const int status : {400, 422}) {
    const errors::ProviderFailure failure = Failure(
        "AssignLicenses", {status, R"("Database error occurred while assigning licenses")"});
    EXPECT_EQ(failure.reason, v1::ERROR_REASON_PROVIDER_ERROR);
    EXPECT_EQ(failure.code, absl::StatusCode::kUnknown);
  }
}

TEST(EdxErrorsTest, TellsALockFromARateLimit) {
  EXPECT_EQ(Reason("AssignLicenses", {423, R"("The plan is locked.")"}),
            v1::ERROR_REASON_PROVIDER_LOCKED);
  const errors::ProviderFailure lock = Failure(
      "AllocateAssignments",
      {429, R"({"detail": "Enrollment currently locked for this subsidy access policy."})"});
  EXPECT_EQ(lock.reason, v1::ERROR_REASON_PROVIDER_LOCKED);
  EXPECT_TRUE(lock.retry_after.has_value());
  EXPECT_EQ(Reason("AllocateAssignments", {429, R"({"message": "Too Many Requests"})"}),
            v1::ERROR_REASON_PROVIDER_RATE_LIMITED);
}

TEST(EdxErrorsTest, ReadsWhenToTryAgainFromTheText) {
  for (const Answer& answer :
       {Answer{429, R"({"detail": "Request was throttled. Expected available in 38 seconds."})"},
        Answer{429,
               "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<root><detail>Request was throttled. "
               "Expected available in 38 seconds.</detail></root>",
               kXml}}) {
    const errors::ProviderFailure failure = Failure("ListCatalogContent", answer);
    EXPECT_EQ(failure.reason, v1::ERROR_REASON_PROVIDER_RATE_LIMITED);
    EXPECT_EQ(failure.retry_after, absl::Seconds(38));
  }
  EXPECT_TRUE(Failure("ListCatalogContent", {429, R"({"detail": "Request was throttled."})"})
                  .retry_after.has_value());
}

TEST(EdxErrorsTest, MarksConditionsInAFormThatTheServiceDoesNotTake) {
  EXPECT_EQ(
      Failure("RevokeLicenses", {400, R"("Malformed filters in request data")"}).provider_code,
      kEdxMalformedFilters);
  EXPECT_EQ(Failure("RevokeLicenses", {400, R"({"filters": ["bad"]})"}).provider_code,
            kEdxMalformedFilters);
  EXPECT_EQ(Failure("AssignLicenses", {400, R"({"filters": ["bad"]})"}).provider_code, "");
}

TEST(EdxErrorsTest, DoesNotKnowWhatBecameOfAWriteThatEndedIn500) {
  EXPECT_EQ(Failure("BulkEnroll", {500, ""}).code, absl::StatusCode::kUnknown);
  EXPECT_EQ(Reason("ListCatalogs", {502, "<html></html>", kHtml}),
            v1::ERROR_REASON_PROVIDER_UNAVAILABLE);
}

}  // namespace
}  // namespace edugate::adapters
