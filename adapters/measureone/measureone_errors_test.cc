#include "adapters/measureone/measureone_errors.h"

#include <fstream>
#include <sstream>

#include "adapters/declared_api.h"
#include "adapters/measureone/measureone_adapter.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace edugate::adapters {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Example(const std::string& file) {
  std::ifstream stream(EDUGATE_SOURCE_DIR "/adapters/measureone/testdata/" + file);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

const rest::Operation& V2(const char* method) {
  return OperationOf(MeasureOneAdapter::DeclarationV2(), method);
}

const rest::Operation& V3() {
  return OperationOf(MeasureOneAdapter::DeclarationV3(), "GetEnrollmentStatus");
}

std::optional<errors::ProviderFailure> Classified(const rest::Operation& operation, int status,
                                                  const std::string& body,
                                                  const std::string& type = "application/json") {
  http::Response response;
  response.status = status;
  response.body = body;
  response.headers.push_back({"Content-Type", type});
  return MeasureOneErrors().Classify(operation, response);
}

std::string Coded(const std::string& code) {
  return R"({"error_code":")" + code + R"(","http_code":404,"request_id":"req_1",)" +
         R"("error_message":"jane@example.org is unknown"})";
}

TEST(MeasureOneErrorsTest, SuccessIsNoFailure) {
  EXPECT_FALSE(Classified(V2("AccessTranscript"), 200, "{}").has_value());
  EXPECT_FALSE(Classified(V2("AccessTranscript"), 202, "{}").has_value());
}

TEST(MeasureOneErrorsTest, RefusedKeyIsOurs) {
  for (const char* file : {"v2_error.json", "v2_transcripts_get_files_error.json"}) {
    const auto failure = Classified(V2("GetTranscriptFiles"), 401, Example(file));
    ASSERT_TRUE(failure.has_value());
    EXPECT_EQ(failure->reason, v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID);
    EXPECT_EQ(failure->provider_code, "INVALID_CREDENTIALS");
    EXPECT_EQ(failure->provider_request_id, "req_CRT8vDjmSiAynRPIK29CN38d3Pe");
  }
  EXPECT_EQ(Classified(V2("AccessTranscript"), 401, Coded("INVALID_CREDENTIALS"))->reason,
            v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID);
  EXPECT_EQ(Classified(V2("GetTranscript"), 404, Coded("INVALID_CREDENTIALS"))->reason,
            v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID);
}

TEST(MeasureOneErrorsTest, RefusedLoginIsTheStudents) {
  const auto failure = Classified(V2("AccessTranscript"), 404, Coded("INVALID_CREDENTIALS"));
  EXPECT_EQ(failure->reason, v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST);
  ASSERT_THAT(failure->fields, SizeIs(1));
  EXPECT_EQ(failure->fields[0].field, "password");
  EXPECT_FALSE(failure->transient);
}

TEST(MeasureOneErrorsTest, RefusedCodeNamesItsField) {
  const auto failure = Classified(V2("VerifyMfa"), 404, Coded("INVALID_MFA_TOKEN"));
  EXPECT_EQ(failure->reason, v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST);
  ASSERT_THAT(failure->fields, SizeIs(1));
  EXPECT_EQ(failure->fields[0].field, "mfa_token");
}

TEST(MeasureOneErrorsTest, MissingSessionsAndSchoolsAreNotFound) {
  EXPECT_EQ(Classified(V2("VerifyMfa"), 400, Coded("SESSION_NOT_FOUND"))->reason,
            v1::ERROR_REASON_RESOURCE_NOT_FOUND);
  EXPECT_EQ(Classified(V2("AccessTranscript"), 404, Coded("SCHOOL_NOT_FOUND"))->reason,
            v1::ERROR_REASON_RESOURCE_NOT_FOUND);
  EXPECT_EQ(Classified(V2("VerifyMfa"), 400, Coded("MISSING_FIELDS"))->reason,
            v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST);
}

TEST(MeasureOneErrorsTest, SeveralReportsAreAPrecondition) {
  const auto failure = Classified(V3(), 409, Example("v3_error_409.json"));
  EXPECT_EQ(failure->reason, v1::ERROR_REASON_PROVIDER_CONFLICT);
  EXPECT_EQ(failure->code, absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(failure->provider_code, "MULTIPLE_REPORT_INSTANCES");
}

TEST(MeasureOneErrorsTest, ReasonCodesBecomePreconditions) {
  const auto failure = Classified(V3(), 422, Example("v3_error_422.json"));
  EXPECT_EQ(failure->reason, v1::ERROR_REASON_PROVIDER_PRECONDITION);
  ASSERT_THAT(failure->preconditions, SizeIs(2));
  EXPECT_EQ(failure->preconditions[0].type, "PARTIAL_DOCUMENT");
  EXPECT_EQ(failure->preconditions[0].subject, "itm_TSEne2SSjP3GvpVrs5HLol4xor2");
  EXPECT_EQ(failure->preconditions[1].type, "NO_ITEMS");
  EXPECT_EQ(failure->preconditions[1].description,
            "The report could not be generated as there are no items for this Individual.");
}

TEST(MeasureOneErrorsTest, ItemsOfAReasonAreNamedWhateverTheirShape) {
  const auto failure = Classified(V3(), 422,
                                  R"({"reason_codes":[{"code":"PARTIAL_DOCUMENT","context":{"items":
          ["itm_1",{"id":"itm_2","file_name":"jane doe.pdf"},{"id":7},{"name":"jane"}]}}]})");
  ASSERT_THAT(failure->preconditions, SizeIs(1));
  EXPECT_EQ(failure->preconditions[0].subject, "itm_1, itm_2");
}

TEST(MeasureOneErrorsTest, NothingOfAReasonsProseGetsOut) {
  const auto failure = Classified(
      V3(), 422,
      R"({"reason_codes":[{"code":"NEW_CODE","description":"Jane Doe","context":{"items":["jane doe"]}},
                          {"code":"not a code"}]})");
  ASSERT_THAT(failure->preconditions, SizeIs(1));
  EXPECT_EQ(failure->preconditions[0].type, "NEW_CODE");
  EXPECT_EQ(failure->preconditions[0].description, "");
  EXPECT_EQ(failure->preconditions[0].subject, "");
}

TEST(MeasureOneErrorsTest, Unprocessable422WithoutCodesIsARefusedRequest) {
  EXPECT_EQ(Classified(V3(), 422, "{}")->reason, v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST);
}

TEST(MeasureOneErrorsTest, WrongMethodIsNotOffered) {
  EXPECT_EQ(Classified(V3(), 405, Example("v3_error_405.json"))->reason,
            v1::ERROR_REASON_OPERATION_NOT_SUPPORTED);
}

TEST(MeasureOneErrorsTest, PageInFrontIsAnOutage) {
  EXPECT_EQ(Classified(V2("GetTranscript"), 403, "<html>no</html>", "text/html")->reason,
            v1::ERROR_REASON_PROVIDER_UNAVAILABLE);
  EXPECT_EQ(Classified(V2("GetTranscript"), 403, Coded("FORBIDDEN"))->reason,
            v1::ERROR_REASON_PROVIDER_DENIED);
}

TEST(MeasureOneErrorsTest, CodesOfAnOutageChangeNothing) {
  EXPECT_EQ(Classified(V2("GetTranscript"), 503, Coded("INVALID_CREDENTIALS"))->reason,
            v1::ERROR_REASON_PROVIDER_UNAVAILABLE);
}

}  // namespace
}  // namespace edugate::adapters
