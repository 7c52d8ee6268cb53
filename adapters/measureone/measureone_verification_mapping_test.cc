#include "adapters/measureone/measureone_verification_mapping.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

namespace m3 = provider::measureone::v3;

v1::VerificationResult Overall(std::initializer_list<v1::VerificationResult> results) {
  google::protobuf::RepeatedPtrField<v1::EnrollmentFinding> findings;
  for (v1::VerificationResult result : results) findings.Add()->set_result(result);
  return OverallResult(findings);
}

TEST(MeasureOneVerificationMappingTest, OverallResultFollowsItsRule) {
  constexpr auto kActive = v1::VERIFICATION_RESULT_ACTIVE;
  constexpr auto kInactive = v1::VERIFICATION_RESULT_INACTIVE;
  constexpr auto kTooLittle = v1::VERIFICATION_RESULT_INSUFFICIENT_DATA;
  constexpr auto kUnknown = v1::VERIFICATION_RESULT_UNKNOWN;
  EXPECT_EQ(Overall({}), v1::VERIFICATION_RESULT_UNSPECIFIED);
  EXPECT_EQ(Overall({kTooLittle, kTooLittle}), kTooLittle);
  EXPECT_EQ(Overall({kTooLittle, kInactive}), kInactive);
  EXPECT_EQ(Overall({kInactive, kActive, kUnknown}), kActive);
  EXPECT_EQ(Overall({kInactive, kUnknown}), kUnknown);
}

TEST(MeasureOneVerificationMappingTest, UnknownWordsSurviveAsText) {
  m3::EnrollmentStatusReport report;
  report.set_processing_status("PONDERING");
  m3::EnrollmentStatus& status = *report.add_enrollment_status();
  status.set_enrollment_status("ON_LEAVE");
  status.add_reason_codes()->set_code("MES_NEW");
  status.add_reason_codes()->set_code("MES_VF_CARRIER_PIGEON");
  const v1::EnrollmentVerification out = ToVerification(report, "m1", v1::VIEW_BASIC);
  EXPECT_EQ(out.state(), v1::PROCESSING_STATE_UNKNOWN);
  EXPECT_EQ(out.provider_state(), "PONDERING");
  EXPECT_EQ(out.findings(0).result(), v1::VERIFICATION_RESULT_UNKNOWN);
  EXPECT_EQ(out.findings(0).provider_result(), "ON_LEAVE");
  EXPECT_EQ(out.findings(0).method(), v1::VERIFICATION_METHOD_OTHER);
  EXPECT_EQ(out.findings(0).reason_codes(0).code(), "MES_NEW");
}

TEST(MeasureOneVerificationMappingTest, FindingsBeforeTheEndAreNoResult) {
  m3::EnrollmentStatusReport report;
  report.add_enrollment_status()->set_enrollment_status("INACTIVE");
  for (const char* status : {"PENDING", "ACQUIRING", "IN_PROGRESS", "IN-PROGRESS"}) {
    report.set_processing_status(status);
    const v1::EnrollmentVerification out = ToVerification(report, "m1", v1::VIEW_BASIC);
    EXPECT_EQ(out.result(), v1::VERIFICATION_RESULT_UNSPECIFIED) << status;
    ASSERT_EQ(out.findings_size(), 1);
    EXPECT_EQ(out.findings(0).result(), v1::VERIFICATION_RESULT_INACTIVE);
  }
  report.set_processing_status("COMPLETED");
  EXPECT_EQ(ToVerification(report, "m1", v1::VIEW_BASIC).result(),
            v1::VERIFICATION_RESULT_INACTIVE);
}

TEST(MeasureOneVerificationMappingTest, ReasonCodesHaveTheirMeaning) {
  m3::EnrollmentStatusReport report;
  m3::EnrollmentStatus& status = *report.add_enrollment_status();
  status.add_reason_codes()->set_code("MES_WITHDRAWN");
  status.add_reason_codes()->set_code("MES_VF_DAC_USD");
  status.set_as_of_date(1655227025839);
  const v1::EnrollmentVerification out = ToVerification(report, "m1", v1::VIEW_BASIC);
  EXPECT_EQ(out.findings(0).reason_codes(0).description(), "Withdrawn from all programs");
  EXPECT_EQ(out.findings(0).method(),
            v1::VERIFICATION_METHOD_SCHOOL_ACCOUNT_AND_SUBMITTED_TRANSCRIPT);
  EXPECT_EQ(out.findings(0).as_of_time().seconds(), 1655227025);
  EXPECT_EQ(out.findings(0).as_of_time().nanos(), 839'000'000);
}

TEST(MeasureOneVerificationMappingTest, RequestTakesADataRequestOrATransaction) {
  v1::VerifyEnrollmentRequest request;
  EXPECT_TRUE(absl::IsInvalidArgument(ToStatusRequest(request).status()));
  request.set_transaction("trx_1");
  (*request.mutable_metadata()->mutable_fields())["report_id"].set_string_value("R");
  const auto status = ToStatusRequest(request);
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->transaction_id(), "trx_1");
  EXPECT_EQ(status->metadata(), R"({"report_id":"R"})");
  request.set_data_request("dr_1");
  EXPECT_TRUE(absl::IsInvalidArgument(ToStatusRequest(request).status()));
}

TEST(MeasureOneWebhookTest, SameEventHasTheSameIdHoweverItIsWritten) {
  const auto first = ReadWebhook(
      "m1", R"({"transcript_id":"trc_1","event":"transcript.created","new":1,"newer":[2]})");
  const auto again = ReadWebhook(
      "m1",
      R"({ "newer": [2], "event": "transcript.created", "new": 1, "transcript_id": "trc_1" })");
  const auto later =
      ReadWebhook("m1", R"({"transcript_id":"trc_1","event":"transcript.processed"})");
  ASSERT_TRUE(first.ok() && again.ok() && later.ok());
  EXPECT_EQ(first->dedup_id, again->dedup_id);
  EXPECT_NE(first->dedup_id, later->dedup_id);
  EXPECT_EQ(first->event.type(), v1::TRANSCRIPT_EVENT_TYPE_CREATED);
  EXPECT_EQ(later->event.type(), v1::TRANSCRIPT_EVENT_TYPE_PROCESSED);
  EXPECT_EQ(first->event.transcript(), "connections/m1/transcripts/trc_1");
  EXPECT_EQ(first->event.unknown_fields_size(), 2);
}

TEST(MeasureOneWebhookTest, OtherEventsKeepTheirWord) {
  const auto event = ReadWebhook("m1", R"({"event":"datarequest.no_items","external_id":""})");
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event->event.type(), v1::TRANSCRIPT_EVENT_TYPE_OTHER);
  EXPECT_EQ(event->event.provider_type(), "datarequest.no_items");
  EXPECT_FALSE(event->event.has_external_id());
  EXPECT_EQ(event->event.transcript(), "");
}

TEST(MeasureOneWebhookTest, WhatIsNoEventIsRefused) {
  for (const char* body : {"", "{}", "[]", "{\"event\":\"transcript.created\"}", "not json",
                           "{\"event\":\"transcript.created\",}"}) {
    EXPECT_FALSE(ReadWebhook("m1", body).ok()) << body;
  }
}

}  // namespace
}  // namespace edugate::adapters
