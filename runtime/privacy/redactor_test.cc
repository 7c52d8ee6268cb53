#include "runtime/privacy/redactor.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/struct.pb.h>

#include <string>

#include "edugate/provider/edx_enterprise/v1/learner.pb.h"
#include "edugate/provider/edx_enterprise/v1/subscription.pb.h"
#include "edugate/provider/measureone/v2/measureone.pb.h"
#include "edugate/provider/measureone/v3/measureone.pb.h"
#include "edugate/provider/openapply/v3/openapply.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace edugate::privacy {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

namespace edx = provider::edx_enterprise::v1;
namespace m2 = provider::measureone::v2;
namespace m3 = provider::measureone::v3;
namespace openapply = provider::openapply::v3;

constexpr char kCanary[] = "canary-4711";

TEST(RedactorTest, ShowsWhatHasNoClassAndTheClassOfTheRest) {
  openapply::Reenrollment record;
  record.set_id(7);
  record.set_year(2027);
  record.set_grade(kCanary);
  record.mutable_student()->set_custom_id(kCanary);
  record.mutable_form()->set_id(3);
  EXPECT_EQ(Redactor::Text(record),
            "id: 7 form {id: 3} student: [identity] year: 2027 grade: [education_record]");
}

TEST(RedactorTest, SaysHowManyThereAre) {
  edx::AssignLicensesRequest request;
  request.set_subscription_plan_uuid("plan");
  request.add_user_emails(kCanary);
  request.add_user_emails(kCanary);
  EXPECT_EQ(Redactor::Text(request), "subscription_plan_uuid: \"plan\" user_emails: [identity x2]");
}

TEST(RedactorTest, SecretsDoNotShow) {
  m2::AccessTranscriptRequest request;
  request.set_username(kCanary);
  request.set_password(kCanary);
  EXPECT_EQ(Redactor::Text(request), "username: [secret] password: [secret]");
}

TEST(RedactorTest, WhatCantBeJudgedDoesNotShow) {
  google::protobuf::Any any;
  openapply::Form form;
  form.set_id(4711);
  any.PackFrom(form);
  EXPECT_EQ(Redactor::Text(any), "[Any not shown]");
  google::protobuf::Struct open;
  (*open.mutable_fields())[kCanary].set_string_value(kCanary);
  EXPECT_EQ(Redactor::Text(open), "[Struct not shown]");
  m2::UploadTranscriptFilesRequest upload;
  upload.mutable_body()->set_data(kCanary);
  EXPECT_THAT(Redactor::Text(upload), Not(HasSubstr(kCanary)));
  openapply::ReenrollmentPage page;
  page.add_unknown_fields()->set_path(kCanary);
  EXPECT_EQ(Redactor::Text(page), "unknown_fields: [not shown x1]");
}

TEST(RedactorTest, FieldsOfALaterSchemaDoNotShow) {
  openapply::Form form;
  form.set_id(1);
  form.GetReflection()->MutableUnknownFields(&form)->AddLengthDelimited(99, kCanary);
  EXPECT_EQ(Redactor::Text(form), "id: 1 [unknown fields]");
}

TEST(RedactorTest, TextStaysOneLine) {
  edx::SubscriptionPlan plan;
  plan.set_title("a\n\"b\"\x01");
  EXPECT_EQ(Redactor::Text(plan), "title: \"a\\n\\\"b\\\"\\x01\"");
}

TEST(RedactorTest, ALongMessageIsCut) {
  edx::BulkEnrollment enrollment;
  for (int i = 0; i < 10000; ++i) enrollment.add_course_run_keys("course-v1:edX+DemoX");
  const std::string text = Redactor::Text(enrollment);
  EXPECT_EQ(text.size(), Redactor::kMaxBytes);
  EXPECT_THAT(text, EndsWith("..."));
}

TEST(RedactorTest, AClassifiedFieldHidesAllInsideIt) {
  m3::EnrollmentStatusReport report;
  report.set_processing_status("COMPLETED");
  report.mutable_individual()->set_individual_id(kCanary);
  report.add_enrollment_status()->set_datasource_id(kCanary);
  const std::string text = Redactor::Text(report);
  EXPECT_THAT(text, Not(HasSubstr(kCanary)));
  EXPECT_THAT(text, HasSubstr("COMPLETED"));
}

}  // namespace
}  // namespace edugate::privacy
