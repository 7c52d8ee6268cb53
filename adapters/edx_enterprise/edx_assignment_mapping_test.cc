#include "adapters/edx_enterprise/edx_assignment_mapping.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/codec/decoder.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

namespace edx = provider::edx_enterprise::v1;
using ::testing::ElementsAre;
using Texts = google::protobuf::RepeatedPtrField<std::string>;

v1::Assignment From(const std::string& json) {
  edx::Assignment record;
  const absl::Status status = codec::Decode("application/json", json, {}, &record);
  EXPECT_TRUE(status.ok()) << status;
  return ToAssignment(record, "acme", v1::VIEW_BASIC);
}

TEST(EdxAssignmentMappingTest, TurnsTheDebitIntoAPositivePrice) {
  const v1::Assignment assignment =
      From(R"({"uuid": "a1", "assignment_configuration": "ac1", "content_quantity": -10050})");
  EXPECT_EQ(assignment.name(), "connections/acme/assignmentConfigurations/ac1/assignments/a1");
  EXPECT_EQ(assignment.price().units(), 100);
  EXPECT_EQ(assignment.price().nanos(), 500000000);
  EXPECT_EQ(assignment.price().currency_code(), "USD");
}

TEST(EdxAssignmentMappingTest, SurvivesNullsAndTheSmallestNumber) {
  const v1::Assignment assignment = From(
      R"({"uuid": "a1", "lms_user_id": null, "transaction_uuid": null, "content_quantity": -9223372036854775808})");
  EXPECT_FALSE(assignment.has_learner_id());
  EXPECT_FALSE(assignment.has_transaction_id());
  EXPECT_FALSE(assignment.has_price());
}

TEST(EdxAssignmentMappingTest, KeepsANewStateBesideTheEnum) {
  EXPECT_EQ(From(R"({"state": "allocated"})").state(), v1::ASSIGNMENT_STATE_ALLOCATED);
  const v1::Assignment odd = From(R"({"state": "paused"})");
  EXPECT_EQ(odd.state(), v1::ASSIGNMENT_STATE_UNKNOWN);
  EXPECT_EQ(odd.provider_state(), "paused");
}

TEST(EdxAssignmentMappingTest, ChecksWhatIsToBeAllocated) {
  Routed<v1::AllocateAssignmentsRequest> call{{"acme", {"po1"}}, {}};
  EXPECT_FALSE(ToAllocateRequest(call).ok());
  call.request.add_learner_emails("A@example.com");
  EXPECT_FALSE(ToAllocateRequest(call).ok());
  call.request.set_content_key("edX+DemoX");
  call.request.set_content_price_cents(-1);
  EXPECT_FALSE(ToAllocateRequest(call).ok());
  call.request.set_content_price_cents(0);
  const auto request = ToAllocateRequest(call);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->policy_uuid(), "po1");
  EXPECT_TRUE(request->has_content_price_cents());
  EXPECT_THAT(request->learner_emails(), ElementsAre("a@example.com"));
}

TEST(EdxAssignmentMappingTest, SendsAnAddressOnceHoweverOftenItComes) {
  Routed<v1::AllocateAssignmentsRequest> call{{"acme", {"po1"}}, {}};
  call.request.set_content_key("edX+DemoX");
  for (const char* email : {"B@example.com", "a@example.com", " b@example.com"}) {
    call.request.add_learner_emails(email);
  }
  const auto request = ToAllocateRequest(call);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_THAT(request->learner_emails(), ElementsAre("b@example.com", "a@example.com"));
}

TEST(EdxAssignmentMappingTest, TakesAThousandOfEachAndNoMore) {
  Routed<v1::AllocateAssignmentsRequest> call{{"acme", {"po1"}}, {}};
  call.request.set_content_key("edX+DemoX");
  Texts assignments;
  for (int i = 0; i < 1000; ++i) {
    call.request.add_learner_emails(absl::StrCat("l", i, "@example.com"));
    *assignments.Add() = absl::StrCat("a", i);
  }
  call.request.add_learner_emails("L7@example.com");
  *assignments.Add() = "a7";
  EXPECT_TRUE(ToAllocateRequest(call).ok());
  EXPECT_TRUE(ToAssignmentIds(assignments, {"acme", {"ac1"}}).ok());

  call.request.add_learner_emails("one.more@example.com");
  *assignments.Add() = "one-more";
  EXPECT_EQ(errors::ReasonOf(ToAllocateRequest(call).status()), v1::ERROR_REASON_ARGUMENT_INVALID);
  EXPECT_EQ(errors::ReasonOf(ToAssignmentIds(assignments, {"acme", {"ac1"}}).status()),
            v1::ERROR_REASON_ARGUMENT_INVALID);
}

TEST(EdxAssignmentMappingTest, TakesAssignmentsByNameOrId) {
  const NameParts configuration{"acme", {"ac1"}};
  Texts assignments;
  *assignments.Add() = "a1";
  *assignments.Add() = "connections/acme/assignmentConfigurations/ac1/assignments/a2";
  *assignments.Add() = "a1";
  const auto ids = ToAssignmentIds(assignments, configuration);
  ASSERT_TRUE(ids.ok()) << ids.status();
  EXPECT_THAT(*ids, ElementsAre("a1", "a2"));
}

TEST(EdxAssignmentMappingTest, RefusesAssignmentsOfAnotherConfigurationAndNone) {
  const NameParts configuration{"acme", {"ac1"}};
  EXPECT_FALSE(ToAssignmentIds(Texts(), configuration).ok());
  for (const char* name : {"connections/acme/assignmentConfigurations/ac2/assignments/a2",
                           "connections/other/assignmentConfigurations/ac1/assignments/a2",
                           "connections/acme/assignmentConfigurations/ac1", ""}) {
    Texts assignments;
    *assignments.Add() = name;
    EXPECT_FALSE(ToAssignmentIds(assignments, configuration).ok()) << name;
  }
}

}  // namespace
}  // namespace edugate::adapters
