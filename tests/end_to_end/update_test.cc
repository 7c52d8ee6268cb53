// UpdateEnrollment at OpenApply.

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/deployment.h"

namespace edugate::end_to_end {
namespace {

class UpdateTest : public ::testing::Test {
 protected:
  static v1::UpdateEnrollmentRequest UpdateOf(const std::string& id) {
    v1::UpdateEnrollmentRequest request;
    request.mutable_enrollment()->set_name("connections/oa/enrollments/" + id);
    return request;
  }

  grpc::Status Update(const v1::UpdateEnrollmentRequest& request, v1::Enrollment* record,
                      Failure* failure = nullptr) {
    const auto context = Context();
    const grpc::Status status =
        deployment_.enrollments().UpdateEnrollment(context.get(), request, record);
    if (failure != nullptr) *failure = FailureOf(status, *context);
    return status;
  }

  Failure FailureOfUpdate(const v1::UpdateEnrollmentRequest& request) {
    v1::Enrollment record;
    Failure failure;
    Update(request, &record, &failure);
    return failure;
  }

  int64_t Puts() { return deployment_.providers().CountRequests("openapply", "PUT"); }

  // What the provider holds now.
  v1::Enrollment Read(const std::string& learner, const std::string& id) {
    v1::ListEnrollmentsRequest request;
    request.set_parent("connections/oa");
    request.set_learner(learner);
    for (const auto& each : WalkPages(deployment_, request)) {
      if (each.provider_id() == id) return each;
    }
    return {};
  }

  Deployment deployment_;
};

TEST_F(UpdateTest, ChangesStatusGradeAndTime) {
  v1::UpdateEnrollmentRequest request = UpdateOf("59");
  request.mutable_enrollment()->set_status(v1::ENROLLMENT_STATUS_DECLINED);
  request.mutable_enrollment()->set_grade_level("10");
  request.mutable_enrollment()->mutable_status_time()->set_seconds(1696118400);
  for (const char* path : {"status", "grade_level", "status_time"}) {
    request.mutable_update_mask()->add_paths(path);
  }
  v1::Enrollment record;
  ASSERT_TRUE(Update(request, &record).ok());
  EXPECT_EQ(record.name(), "connections/oa/enrollments/59");
  EXPECT_EQ(record.status(), v1::ENROLLMENT_STATUS_DECLINED);
  EXPECT_EQ(record.provider_status(), "Declined");
  EXPECT_EQ(record.grade_level(), "10");
  EXPECT_EQ(record.status_time().seconds(), 1696118400);
  EXPECT_EQ(Read("11", "59").provider_status(), "Declined");
  EXPECT_EQ(Puts(), 1);
}

TEST_F(UpdateTest, ASchoolsOwnLabelIsSentAsItIs) {
  v1::UpdateEnrollmentRequest request = UpdateOf("138");
  request.mutable_enrollment()->set_provider_status("Sí, continúa — 来年");
  v1::Enrollment record;
  ASSERT_TRUE(Update(request, &record).ok());
  EXPECT_EQ(record.provider_status(), "Sí, continúa — 来年");
  EXPECT_EQ(record.status(), v1::ENROLLMENT_STATUS_UNKNOWN);
}

TEST_F(UpdateTest, TheReplyIsTheProvidersNotTheRequest) {
  v1::UpdateEnrollmentRequest request = UpdateOf("207");
  request.mutable_enrollment()->set_grade_level("12");
  v1::Enrollment record;
  ASSERT_TRUE(Update(request, &record).ok());
  EXPECT_EQ(record.grade_level(), "9");
}

TEST_F(UpdateTest, ValidateOnlyCallsNoProvider) {
  v1::UpdateEnrollmentRequest request = UpdateOf("59");
  request.mutable_enrollment()->set_grade_level("10");
  request.set_validate_only(true);
  v1::Enrollment record;
  EXPECT_TRUE(Update(request, &record).ok());
  request.mutable_enrollment()->set_grade_level("tenth");
  EXPECT_EQ(FailureOfUpdate(request).reason, "ARGUMENT_INVALID");
  EXPECT_EQ(deployment_.providers().CountRequests(""), 0);
}

TEST_F(UpdateTest, WhatCanNotBeSentIsRefusedBeforeIt) {
  v1::UpdateEnrollmentRequest unknown_path = UpdateOf("59");
  unknown_path.mutable_update_mask()->add_paths("learner");
  v1::UpdateEnrollmentRequest nothing = UpdateOf("59");
  v1::UpdateEnrollmentRequest empty_label = UpdateOf("59");
  empty_label.mutable_update_mask()->add_paths("provider_status");
  v1::UpdateEnrollmentRequest foreign_status = UpdateOf("59");
  foreign_status.mutable_enrollment()->set_status(v1::ENROLLMENT_STATUS_WAITLISTED);
  v1::UpdateEnrollmentRequest bad_request_id = UpdateOf("59");
  bad_request_id.mutable_enrollment()->set_grade_level("10");
  bad_request_id.set_request_id("a b");
  for (const auto& request : {unknown_path, nothing, empty_label, foreign_status, bad_request_id}) {
    const Failure failure = FailureOfUpdate(request);
    EXPECT_EQ(failure.code, grpc::StatusCode::INVALID_ARGUMENT) << request.ShortDebugString();
    EXPECT_EQ(failure.reason, "ARGUMENT_INVALID") << request.ShortDebugString();
    ASSERT_TRUE(failure.bad_request.has_value());
  }
  EXPECT_EQ(deployment_.providers().CountRequests(""), 0);
}

TEST_F(UpdateTest, AnUnknownEnrollmentIsNotFoundAndNamed) {
  v1::UpdateEnrollmentRequest request = UpdateOf("424242");
  request.mutable_enrollment()->set_grade_level("10");
  const Failure failure = FailureOfUpdate(request);
  EXPECT_EQ(failure.code, grpc::StatusCode::NOT_FOUND);
  ASSERT_TRUE(failure.resource.has_value());
  EXPECT_EQ(failure.resource->resource_name(), "connections/oa/enrollments/424242");
}

// A PUT is idempotent: it may be sent again.
TEST_F(UpdateTest, AnAnswerThatNeverCameIsAskedForAgain) {
  deployment_.providers().AddFault(
      {.provider = "openapply", .path_contains = "/59", .drop = sandbox::Drop::kBeforeResponse});
  v1::UpdateEnrollmentRequest request = UpdateOf("59");
  request.mutable_enrollment()->set_grade_level("11");
  v1::Enrollment record;
  ASSERT_TRUE(Update(request, &record).ok());
  EXPECT_EQ(record.grade_level(), "11");
  EXPECT_GE(Puts(), 2);
}

TEST_F(UpdateTest, WithNoAnswerAtAllTheOutcomeIsUnknown) {
  deployment_.providers().AddFault({.provider = "openapply",
                                    .path_contains = "/59",
                                    .count = -1,
                                    .drop = sandbox::Drop::kReset});
  v1::UpdateEnrollmentRequest request = UpdateOf("59");
  request.mutable_enrollment()->set_grade_level("11");
  const Failure failure = FailureOfUpdate(request);
  EXPECT_EQ(failure.code, grpc::StatusCode::UNKNOWN);
  EXPECT_EQ(failure.reason, "WRITE_OUTCOME_UNKNOWN");
  deployment_.providers().ClearFaults();
  EXPECT_EQ(Read("11", "59").grade_level(), "11");
}

}  // namespace
}  // namespace edugate::end_to_end
