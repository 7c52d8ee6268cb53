// The class-enrollment API: its in-band Status, its ids, its odd replies.

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/deployment.h"

namespace edugate::end_to_end {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ClassEnrollmentTest : public ::testing::Test {
 protected:
  grpc::Status Get(const std::string& id, v1::Enrollment* record, Failure* failure = nullptr) {
    const auto context = Context(absl::Seconds(5));
    v1::GetEnrollmentRequest request;
    request.set_name(absl::StrCat("connections/tms/enrollments/", id));
    request.set_view(v1::VIEW_FULL);
    const grpc::Status status =
        deployment_.enrollments().GetEnrollment(context.get(), request, record);
    if (failure != nullptr) *failure = FailureOf(status, *context);
    return status;
  }

  Failure FailureOfGet(const std::string& id) {
    v1::Enrollment record;
    Failure failure;
    Get(id, &record, &failure);
    return failure;
  }

  // The next reply has this body.
  void NextBody(const std::string& body) {
    deployment_.providers().AddFault({.provider = "class_enrollment", .body = body});
  }

  Deployment deployment_;
};

TEST_F(ClassEnrollmentTest, Status0IsASuccess) {
  v1::Enrollment record;
  ASSERT_TRUE(Get("10", &record).ok());
  EXPECT_EQ(record.name(), "connections/tms/enrollments/10");
  EXPECT_EQ(record.kind(), v1::ENROLLMENT_KIND_COURSE);
  EXPECT_EQ(record.status(), v1::ENROLLMENT_STATUS_ENROLLED);
  EXPECT_EQ(record.provider_status(), "60");
  EXPECT_EQ(record.learner().provider_id(), "897615");
  EXPECT_EQ(record.course().provider_id(), "4421");
  EXPECT_EQ(record.custom_fields_size(), 3);
  EXPECT_TRUE(record.has_provider_record());
}

TEST_F(ClassEnrollmentTest, Status10IsUnavailable) {
  const Failure failure = FailureOfGet("9010");
  EXPECT_EQ(failure.code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(failure.reason, "PROVIDER_ERROR");
  EXPECT_EQ(failure.metadata.at("provider_status"), "10");
  EXPECT_EQ(failure.metadata.at("connection"), "tms");
  EXPECT_EQ(failure.metadata.at("provider"), "class_enrollment");
  EXPECT_THAT(failure.metadata.at("operation"), HasSubstr("GetClassEnrollment"));
  // The provider's Error text.
  EXPECT_THAT(failure.bytes, Not(HasSubstr("7f3a")));
}

TEST_F(ClassEnrollmentTest, Status20IsNotFoundAndNamesTheResource) {
  const Failure failure = FailureOfGet("424242");
  EXPECT_EQ(failure.code, grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(failure.reason, "RESOURCE_NOT_FOUND");
  ASSERT_TRUE(failure.resource.has_value());
  EXPECT_EQ(failure.resource->resource_type(), "edugate/Enrollment");
  EXPECT_EQ(failure.resource->resource_name(), "connections/tms/enrollments/424242");
}

TEST_F(ClassEnrollmentTest, Status30IsTheOperatorsFault) {
  const Failure failure = FailureOfGet("9030");
  EXPECT_EQ(failure.code, grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(failure.reason, "PROVIDER_CREDENTIALS_INVALID");
}

TEST_F(ClassEnrollmentTest, AWrongKeyIsTheOperatorsFault) {
  Deployment other({.adjust = [](v1::Config& config) {
    for (auto& connection : *config.mutable_connections()) {
      if (connection.id() != "tms") continue;
      connection.mutable_auth()->mutable_api_key()->set_value("canary-wrong-key-5150");
    }
  }});
  const auto context = Context();
  v1::GetEnrollmentRequest request;
  request.set_name("connections/tms/enrollments/10");
  v1::Enrollment record;
  const grpc::Status status = other.enrollments().GetEnrollment(context.get(), request, &record);
  const Failure failure = FailureOf(status, *context);
  EXPECT_EQ(failure.code, grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(failure.reason, "PROVIDER_CREDENTIALS_INVALID");
  EXPECT_THAT(failure.bytes, Not(HasSubstr("canary")));
}

TEST_F(ClassEnrollmentTest, AMissingStatusIsNoSuccess) {
  const Failure failure = FailureOfGet("9000");
  EXPECT_EQ(failure.code, grpc::StatusCode::INTERNAL);
  EXPECT_EQ(failure.reason, "PROVIDER_RESPONSE_INVALID");
  for (const char* body : {"{}", "{\"Status\":null,\"Results\":[]}", "[]", "null", "\"\"",
                           "{\"Status\":\"\",\"Results\":[{\"Id\":10}]}", "0"}) {
    NextBody(body);
    EXPECT_EQ(FailureOfGet("10").reason, "PROVIDER_RESPONSE_INVALID") << body;
  }
}

TEST_F(ClassEnrollmentTest, AStatusThatIsNotDocumentedIsNoSuccess) {
  const Failure failure = FailureOfGet("9002");
  EXPECT_EQ(failure.code, grpc::StatusCode::INTERNAL);
  EXPECT_EQ(failure.metadata.at("provider_status"), "99");
}

TEST_F(ClassEnrollmentTest, ASuccessWithoutARecordIsNone) {
  EXPECT_EQ(FailureOfGet("9003").reason, "PROVIDER_RESPONSE_INVALID");
}

TEST_F(ClassEnrollmentTest, StatusAndErrorMayBeInLowerCase) {
  v1::Enrollment record;
  EXPECT_TRUE(Get("9001", &record).ok());
  EXPECT_EQ(record.provider_id(), "9001");
}

TEST_F(ClassEnrollmentTest, AnUnknownStatusIdSurvives) {
  v1::Enrollment record;
  ASSERT_TRUE(Get("7700", &record).ok());
  EXPECT_EQ(record.status(), v1::ENROLLMENT_STATUS_UNKNOWN);
  EXPECT_EQ(record.provider_status(), "77");
  EXPECT_EQ(record.completion(), v1::COMPLETION_STATUS_UNKNOWN);
  EXPECT_EQ(record.provider_completion(), "66");
  EXPECT_EQ(record.course().provider_delivery_mode(), "55");
}

TEST_F(ClassEnrollmentTest, IdsThatAreTextAreTheSame) {
  v1::Enrollment record;
  ASSERT_TRUE(Get("4449999", &record).ok());
  EXPECT_EQ(record.provider_id(), "4449999");
  EXPECT_EQ(record.name(), "connections/tms/enrollments/4449999");
  EXPECT_TRUE(record.grade().has_numeric());
}

TEST_F(ClassEnrollmentTest, NullAndAbsentFieldsAreUnset) {
  for (const char* id : {"7702", "7703"}) {
    v1::Enrollment record;
    ASSERT_TRUE(Get(id, &record).ok()) << id;
    EXPECT_EQ(record.provider_id(), id);
    EXPECT_FALSE(record.has_grade()) << record.grade().ShortDebugString();
  }
}

TEST_F(ClassEnrollmentTest, TheValuesOfACustomFieldStandApart) {
  v1::Enrollment record;
  ASSERT_TRUE(Get("7704", &record).ok());
  bool several = false;
  for (const auto& field : record.custom_fields()) several |= field.values_size() > 1;
  EXPECT_TRUE(several);
}

TEST_F(ClassEnrollmentTest, EveryStatusOfTheDocumentHasItsWord) {
  struct Case {
    const char* id;
    v1::EnrollmentStatus status;
  };
  for (const Case& each :
       {Case{"0", v1::ENROLLMENT_STATUS_REQUESTED}, Case{"10", v1::ENROLLMENT_STATUS_CANCELLED},
        Case{"20", v1::ENROLLMENT_STATUS_WAITLISTED}, Case{"30", v1::ENROLLMENT_STATUS_APPROVED},
        Case{"40", v1::ENROLLMENT_STATUS_DENIED}, Case{"50", v1::ENROLLMENT_STATUS_AUDITING},
        Case{"60", v1::ENROLLMENT_STATUS_ENROLLED}}) {
    v1::ListEnrollmentsRequest request;
    request.set_parent("connections/tms");
    request.set_filter(absl::StrCat("provider_status = ", each.id));
    const auto records = WalkPages(deployment_, request);
    ASSERT_FALSE(records.empty()) << each.id;
    for (const auto& record : records) {
      EXPECT_EQ(record.provider_status(), each.id);
      EXPECT_EQ(record.status(), each.status);
    }
  }
}

TEST_F(ClassEnrollmentTest, ASearchWithoutResultsIsAnEmptyList) {
  v1::ListEnrollmentsRequest request;
  request.set_parent("connections/tms");
  request.set_filter("provider_status = 999");
  v1::ListEnrollmentsResponse page;
  EXPECT_TRUE(List(deployment_, request, &page).ok());
  EXPECT_EQ(page.enrollments_size(), 0);
  EXPECT_EQ(page.next_page_token(), "");
}

TEST_F(ClassEnrollmentTest, UpdatesAreNotOffered) {
  const auto context = Context();
  v1::UpdateEnrollmentRequest request;
  request.mutable_enrollment()->set_name("connections/tms/enrollments/10");
  request.mutable_enrollment()->set_provider_status("60");
  v1::Enrollment record;
  const grpc::Status status =
      deployment_.enrollments().UpdateEnrollment(context.get(), request, &record);
  const Failure failure = FailureOf(status, *context);
  EXPECT_EQ(failure.code, grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(failure.reason, "OPERATION_NOT_SUPPORTED");
  EXPECT_THAT(failure.metadata.at("supported"), HasSubstr("EnrollmentService.GetEnrollment"));
  EXPECT_EQ(deployment_.providers().CountRequests(""), 0);
}

}  // namespace
}  // namespace edugate::end_to_end
