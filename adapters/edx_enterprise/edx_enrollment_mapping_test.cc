#include "adapters/edx_enterprise/edx_enrollment_mapping.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "runtime/codec/decoder.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

namespace edx = provider::edx_enterprise::v1;
using google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::Enrollment From(const std::string& json, v1::View view = v1::VIEW_BASIC) {
  edx::LearnerEnrollment record;
  const absl::Status status = codec::Decode("application/json", json, {}, &record);
  EXPECT_TRUE(status.ok()) << status;
  return ToEnrollment(record, "acme", view);
}

TEST(EdxEnrollmentMappingTest, ReadsTheNamesOfTheReferenceAndOfTheServiceAlike) {
  const v1::Enrollment documented = From(R"({"enrollment_id": 7, "course_start": "2024-01-02",
      "course_end": "2024-03-04", "course_duration": 8, "user_country": "DE"})");
  const v1::Enrollment sent = From(R"({"enrollment_id": 7, "course_start_date": "2024-01-02",
      "course_end_date": "2024-03-04", "course_duration_weeks": 8, "user_country_code": "DE"})");
  EXPECT_TRUE(MessageDifferencer::Equals(documented, sent));
  EXPECT_EQ(sent.course().start_date().day(), 2);
  EXPECT_EQ(sent.course().end_date().month(), 3);
  EXPECT_EQ(sent.course().duration_weeks(), 8);
  EXPECT_EQ(sent.learner().country_code(), "DE");
}

TEST(EdxEnrollmentMappingTest, ReadsTheOfferOfOlderVersionsAsItsType) {
  const v1::Enrollment enrollment =
      From(R"({"enrollment_id": 7, "offer": "Percentage, 100", "offer_name": "Autumn"})");
  EXPECT_EQ(enrollment.funding().offer_type(), "Percentage, 100");
  EXPECT_EQ(enrollment.funding().offer_name(), "Autumn");
}

TEST(EdxEnrollmentMappingTest, ReadsTheCoursesAddressThatIsAPathOrAWholeUrl) {
  const std::pair<const char*, const char*> addresses[] = {
      {"/enterprise/v1/catalogs/c/courses/edX+DemoX",
       "/enterprise/v1/catalogs/c/courses/edX+DemoX"},
      {"https://api.edx.org/enterprise/v1/catalogs/c/courses/edX+DemoX",
       "/enterprise/v1/catalogs/c/courses/edX+DemoX"},
      {"https://api.edx.org", ""},
      {"", ""},
  };
  for (const auto& [sent, path] : addresses) {
    EXPECT_EQ(From(absl::StrCat(R"({"enrollment_id": 7, "course_api_url": ")", sent, "\"}"))
                  .course()
                  .provider_path(),
              path)
        << sent;
  }
}

TEST(EdxEnrollmentMappingTest, ReadsPricesAndGradesThatAreNumbersOrTexts) {
  const v1::Enrollment numbers = From(
      R"({"enrollment_id": 7, "course_list_price": 200.0, "amount_learner_paid": 0, "current_grade": 0.93})");
  EXPECT_EQ(numbers.funding().list_price().value(), "200.0");
  EXPECT_EQ(numbers.funding().learner_paid().value(), "0");
  EXPECT_EQ(numbers.grade().numeric().value(), "0.93");
  const v1::Enrollment texts =
      From(R"({"enrollment_id": 7, "course_list_price": "200.00", "current_grade": "0.93"})");
  EXPECT_EQ(texts.funding().list_price().value(), "200.00");
  EXPECT_EQ(texts.grade().numeric().value(), "0.93");
  EXPECT_EQ(texts.grade().scale(), "0-1");
}

TEST(EdxEnrollmentMappingTest, NamesAnEnrollmentByTheEnterprisesIdFirst) {
  EXPECT_EQ(From(R"({"enterprise_enrollment_id": 8, "enrollment_id": 7})").name(),
            "connections/acme/enrollments/8");
  const v1::Enrollment other = From(R"({"enterprise_enrollment_id": null, "enrollment_id": 7})");
  EXPECT_EQ(other.name(), "connections/acme/enrollments/7");
  EXPECT_EQ(other.provider_id(), "7");
}

TEST(EdxEnrollmentMappingTest, NamesAnEnrollmentWithoutIdByAHashThatTellsOfNobody) {
  constexpr char kRow[] =
      R"({"courserun_key": "course-v1:edX+DemoX+2T", "user_email": "Ann@example.com"})";
  const v1::Enrollment one = From(kRow);
  EXPECT_EQ(one.name(), From(kRow).name());
  EXPECT_TRUE(absl::StartsWith(one.name(), "connections/acme/enrollments/h-")) << one.name();
  EXPECT_EQ(one.provider_id(), "");
  EXPECT_NE(one.name(), From(R"({"courserun_key": "course-v1:edX+DemoX+2T",
                                 "user_email": "bob@example.com"})")
                            .name());
  EXPECT_EQ(From(R"({"courserun_key": "course-v1:edX+DemoX+2T"})").name(), "");
}

TEST(EdxEnrollmentMappingTest, TellsTheStatusFromDatesAndMode) {
  EXPECT_EQ(From(R"({"enrollment_id": 1})").status(), v1::ENROLLMENT_STATUS_ENROLLED);
  EXPECT_EQ(From(R"({"user_current_enrollment_mode": "audit"})").status(),
            v1::ENROLLMENT_STATUS_AUDITING);
  const v1::Enrollment left =
      From(R"({"unenrollment_date": "2024-02-03", "user_current_enrollment_mode": "audit"})");
  EXPECT_EQ(left.status(), v1::ENROLLMENT_STATUS_WITHDRAWN);
  EXPECT_EQ(left.unenrollment_date().year(), 2024);
}

TEST(EdxEnrollmentMappingTest, KeepsCompletionApartFromStatus) {
  const v1::Enrollment passed =
      From(R"({"progress_status": "Passed", "has_passed": true, "passed_date": "2024-02-03",
               "current_grade": 0.8, "letter_grade": "B"})");
  EXPECT_EQ(passed.completion(), v1::COMPLETION_STATUS_PASSED);
  EXPECT_EQ(passed.status(), v1::ENROLLMENT_STATUS_ENROLLED);
  EXPECT_EQ(passed.grade().status(), v1::GRADE_STATUS_PASS);
  EXPECT_TRUE(passed.progress().passed());
  EXPECT_EQ(From(R"({"progress_status": "in progress", "current_grade": 0.1})").grade().status(),
            v1::GRADE_STATUS_IN_PROGRESS);
  EXPECT_EQ(From(R"({"progress_status": "Passed", "has_passed": null, "current_grade": 0.8})")
                .grade()
                .status(),
            v1::GRADE_STATUS_PASS);
  EXPECT_EQ(From(R"({"progress_status": "Failed", "current_grade": 0.2})").grade().status(),
            v1::GRADE_STATUS_FAIL);
  const v1::Enrollment odd = From(R"({"progress_status": "Paused"})");
  EXPECT_EQ(odd.completion(), v1::COMPLETION_STATUS_UNKNOWN);
  EXPECT_EQ(odd.provider_completion(), "Paused");
}

TEST(EdxEnrollmentMappingTest, SurvivesARowOfNulls) {
  const v1::Enrollment empty = From(R"({"enrollment_id": null, "enterprise_enrollment_id": null,
      "is_refunded": null, "course_list_price": null, "current_grade": null, "created": null,
      "user_email": null})");
  EXPECT_EQ(empty.name(), "");
  EXPECT_FALSE(empty.has_grade());
  EXPECT_FALSE(empty.has_progress());
  EXPECT_FALSE(empty.has_funding());
  EXPECT_FALSE(empty.has_learner());
  EXPECT_EQ(empty.kind(), v1::ENROLLMENT_KIND_COURSE);
}

TEST(EdxEnrollmentMappingTest, SplitsGroupsAtCommasAndPairsThemWithTheirIds) {
  const v1::Learner learner =
      From(
          R"({"enterprise_flex_group_name": "Sales, Support", "enterprise_flex_group_uuid": "g1,g2"})")
          .learner();
  ASSERT_EQ(learner.groups_size(), 2);
  EXPECT_EQ(learner.groups(1).display_name(), "Support");
  EXPECT_EQ(learner.groups(1).provider_id(), "g2");
  const v1::Learner unpaired =
      From(R"({"enterprise_flex_group_name": "A,B", "enterprise_flex_group_uuid": "g1"})")
          .learner();
  ASSERT_EQ(unpaired.groups_size(), 3);
  EXPECT_EQ(unpaired.groups(0).provider_id(), "");
}

TEST(EdxEnrollmentMappingTest, KeepsABooleanWhereADateWasMeantInTheProvidersRecordAlone) {
  const v1::Enrollment enrollment =
      From(R"({"enrollment_id": 1, "unenrollment_end_within_date": true, "brand_new": "x"})",
           v1::VIEW_FULL);
  EXPECT_FALSE(enrollment.has_refund_deadline_date());
  edx::LearnerEnrollment record;
  ASSERT_TRUE(enrollment.provider_record().UnpackTo(&record));
  EXPECT_EQ(record.unenrollment_end_within_date(), "true");
  ASSERT_EQ(enrollment.unknown_fields_size(), 1);
  EXPECT_EQ(enrollment.unknown_fields(0).path(), "brand_new");
}

Routed<v1::BulkEnrollRequest> Bulk(int learners, int runs) {
  Routed<v1::BulkEnrollRequest> call{{"acme", {}}, {}};
  for (int i = 0; i < learners; ++i) {
    call.request.add_learner_emails(absl::StrCat("Learner", i, "@example.com"));
  }
  for (int i = 0; i < runs; ++i) call.request.add_course_run_keys(absl::StrCat("course-v1:r", i));
  return call;
}

TEST(EdxBulkEnrollmentTest, HandsOverDifferentLearnersInLowerCase) {
  Routed<v1::BulkEnrollRequest> call = Bulk(2, 2);
  call.request.add_learner_emails("LEARNER0@example.com");
  call.request.set_notify(true);
  const auto plan = ToBulkEnrollment(call, "e1", 500);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->enrollment_count, 4);
  EXPECT_EQ(plan->request.enterprise_customer_uuid(), "e1");
  EXPECT_THAT(plan->request.enrollment().emails(),
              ElementsAre("learner0@example.com", "learner1@example.com"));
  EXPECT_TRUE(plan->request.enrollment().notify());
}

TEST(EdxBulkEnrollmentTest, RefusesMorePairsThanTheLimitAndSaysHowToSplit) {
  EXPECT_TRUE(ToBulkEnrollment(Bulk(250, 2), "e1", 500).ok());
  const absl::Status refused = ToBulkEnrollment(Bulk(251, 2), "e1", 500).status();
  EXPECT_EQ(errors::ReasonOf(refused), v1::ERROR_REASON_ARGUMENT_INVALID);
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("251 learners times 2 course runs are 502 enrollments"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("at most 250 learners"));
  EXPECT_THAT(std::string(ToBulkEnrollment(Bulk(1, 11), "e1", 10).status().message()),
              HasSubstr("one learner and at most 10 course runs"));
}

TEST(EdxBulkEnrollmentTest, DoesNotCountRepetitionsAgainstTheLimit) {
  Routed<v1::BulkEnrollRequest> call = Bulk(5, 1);
  call.request.add_learner_emails("learner3@EXAMPLE.com");
  EXPECT_TRUE(ToBulkEnrollment(call, "e1", 5).ok());
}

TEST(EdxBulkEnrollmentTest, EnrollsEveryLicensedLearnerOfAPlan) {
  Routed<v1::BulkEnrollRequest> call = Bulk(0, 1);
  call.request.set_all_licensed_learners(true);
  EXPECT_FALSE(ToBulkEnrollment(call, "e1", 5).ok());
  call.request.set_subscription_plan("connections/acme/subscriptionPlans/p1");
  const auto plan = ToBulkEnrollment(call, "e1", 5);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_TRUE(plan->request.enroll_all());
  EXPECT_EQ(plan->request.subscription_uuid(), "p1");
  call.request.set_subscription_plan("connections/other/subscriptionPlans/p1");
  EXPECT_FALSE(ToBulkEnrollment(call, "e1", 5).ok());
}

TEST(EdxBulkEnrollmentTest, RefusesARequestThatSaysTooLittle) {
  EXPECT_FALSE(ToBulkEnrollment(Bulk(0, 1), "e1", 5).ok());
  EXPECT_FALSE(ToBulkEnrollment(Bulk(1, 0), "e1", 5).ok());
  Routed<v1::BulkEnrollRequest> call = Bulk(1, 1);
  call.request.set_all_licensed_learners(true);
  call.request.set_subscription_plan("connections/acme/subscriptionPlans/p1");
  EXPECT_FALSE(ToBulkEnrollment(call, "e1", 5).ok());
}

}  // namespace
}  // namespace edugate::adapters
