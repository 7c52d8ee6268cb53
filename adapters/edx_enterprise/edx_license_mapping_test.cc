#include "adapters/edx_enterprise/edx_license_mapping.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/codec/decoder.h"
#include "runtime/codec/json_writer.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

namespace edx = provider::edx_enterprise::v1;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename Record>
Record From(const std::string& json) {
  Record record;
  const absl::Status status = codec::Decode("application/json", json, {}, &record);
  EXPECT_TRUE(status.ok()) << status;
  return record;
}

Routed<v1::AssignLicensesRequest> Assign(const std::vector<std::string>& emails) {
  Routed<v1::AssignLicensesRequest> call{{"acme", {"p1"}}, {}};
  for (const std::string& email : emails) call.request.add_learner_emails(email);
  return call;
}

Routed<v1::RevokeLicensesRequest> Revoke(const std::vector<std::string>& emails) {
  Routed<v1::RevokeLicensesRequest> call{{"acme", {"p1"}}, {}};
  for (const std::string& email : emails) call.request.add_learner_emails(email);
  return call;
}

std::vector<v1::LicenseOutcome> Outcomes(
    const google::protobuf::RepeatedPtrField<v1::LicenseResult>& results) {
  std::vector<v1::LicenseOutcome> outcomes;
  for (const v1::LicenseResult& result : results) outcomes.push_back(result.outcome());
  return outcomes;
}

TEST(EdxSubscriptionPlanTest, ReadsInstantsOfBothShapesInOneRecord) {
  const v1::SubscriptionPlan plan = ToSubscriptionPlan(
      From<edx::SubscriptionPlan>(R"({"uuid": "p1", "start_date": "2023-01-01T00:00:00Z",
        "prior_renewals": [{"prior_subscription_plan_id": "p0",
                            "prior_subscription_plan_start_date": "2021-01-01 00:00:00+00:00"}]})"),
      "acme", v1::VIEW_BASIC);
  EXPECT_EQ(plan.start_time().seconds(), 1672531200);
  EXPECT_EQ(plan.prior_renewals(0).prior_plan_start_time().seconds(), 1609459200);
}

TEST(EdxSubscriptionPlanTest, ReadsRevocationsThatAreNullAppliedOrABoolean) {
  auto plan = [](const std::string& revocations) {
    return ToSubscriptionPlan(
        From<edx::SubscriptionPlan>(R"({"uuid": "p1", "revocations": )" + revocations + "}"),
        "acme", v1::VIEW_FULL);
  };
  EXPECT_FALSE(plan("null").has_revocations());
  EXPECT_EQ(plan(R"({"applied": 3, "remaining": 4})").revocations().used(), 3);
  EXPECT_FALSE(plan(R"({"applied": 3})").revocations().has_total());
  EXPECT_FALSE(plan("true").has_revocations());
  EXPECT_TRUE(plan("true").unknown_fields(0).ill_fitting());
}

TEST(EdxSubscriptionPlanTest, TellsNullFromFalse) {
  const v1::SubscriptionPlan plan = ToSubscriptionPlan(
      From<edx::SubscriptionPlan>(
          R"({"uuid": "p1", "is_active": false, "should_auto_apply_licenses": null})"),
      "acme", v1::VIEW_BASIC);
  EXPECT_TRUE(plan.has_active());
  EXPECT_FALSE(plan.active());
  EXPECT_FALSE(plan.has_auto_apply_licenses());
}

TEST(EdxAssignLicensesTest, KeepsTheNumberAndOrderOfTheAddresses) {
  Routed<v1::AssignLicensesRequest> call =
      Assign({"B@example.com", "a@example.com", "b@example.com"});
  call.request.add_learner_salesforce_ids("1");
  EXPECT_EQ(errors::ReasonOf(ToAssignRequest(call).status()), v1::ERROR_REASON_ARGUMENT_INVALID);
  call.request.add_learner_salesforce_ids("");
  call.request.add_learner_salesforce_ids("3");
  const auto request = ToAssignRequest(call);
  ASSERT_TRUE(request.ok());
  EXPECT_THAT(request->user_emails(),
              ElementsAre("b@example.com", "a@example.com", "b@example.com"));
  EXPECT_THAT(request->user_sfids(), ElementsAre("1", "", "3"));
  EXPECT_TRUE(request->has_notify_users());
  EXPECT_FALSE(request->has_greeting());
}

std::vector<std::string> Emails(int count) {
  std::vector<std::string> emails;
  emails.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) emails.push_back(absl::StrCat("l", i, "@example.com"));
  return emails;
}

TEST(EdxLicensesTest, TakeAThousandDifferentLearnersAndNoMore) {
  EXPECT_TRUE(ToAssignRequest(Assign(Emails(1000))).ok());
  EXPECT_TRUE(ToRevokeRequest(Revoke(Emails(1000)), LicenseFilterForm::kNamed).ok());
  Routed<v1::AssignLicensesRequest> again = Assign(Emails(1000));
  again.request.add_learner_emails("L7@example.com");
  EXPECT_TRUE(ToAssignRequest(again).ok());

  const absl::Status assign = ToAssignRequest(Assign(Emails(1001))).status();
  EXPECT_EQ(errors::ReasonOf(assign), v1::ERROR_REASON_ARGUMENT_INVALID);
  EXPECT_THAT(std::string(assign.message()), HasSubstr("learner_emails: takes at most 1000"));
  EXPECT_EQ(
      errors::ReasonOf(ToRevokeRequest(Revoke(Emails(1001)), LicenseFilterForm::kNamed).status()),
      v1::ERROR_REASON_ARGUMENT_INVALID);
}

TEST(EdxAssignLicensesTest, MatchesResultsByLowerCaseAddressAndNeverByPosition) {
  const auto reply = From<edx::AssignLicensesReply>(R"({"num_successful_assignments": 2,
      "num_already_associated": 0, "license_assignments": [
        {"user_email": "bob@example.com", "license": "l-bob"},
        {"user_email": "ann@example.com", "license": "l-ann"}]})");
  const auto response =
      ToAssignResponse(reply, Assign({"Ann@Example.com", "BOB@example.com", "ann@example.com"}));
  ASSERT_EQ(response.results_size(), 2);
  EXPECT_EQ(response.results(0).learner_email(), "ann@example.com");
  EXPECT_EQ(response.results(0).license().name(),
            "connections/acme/subscriptionPlans/p1/licenses/l-ann");
  EXPECT_EQ(response.results(1).license().provider_id(), "l-bob");
  EXPECT_EQ(response.assigned_count(), 2);
}

TEST(EdxAssignLicensesTest, TellsWhoHadALicenseWhereTheCountAccountsForEveryone) {
  constexpr char kReply[] = R"({"num_successful_assignments": 1, "num_already_associated": 2,
      "license_assignments": [{"user_email": "a@example.com", "license": "l"}]})";
  EXPECT_THAT(Outcomes(ToAssignResponse(From<edx::AssignLicensesReply>(kReply),
                                        Assign({"a@example.com", "b@example.com", "c@example.com"}))
                           .results()),
              ElementsAre(v1::LICENSE_OUTCOME_ASSIGNED, v1::LICENSE_OUTCOME_ALREADY_ASSIGNED,
                          v1::LICENSE_OUTCOME_ALREADY_ASSIGNED));
  EXPECT_THAT(Outcomes(ToAssignResponse(From<edx::AssignLicensesReply>(kReply),
                                        Assign({"a@example.com", "b@example.com", "c@example.com",
                                                "d@example.com"}))
                           .results()),
              ElementsAre(v1::LICENSE_OUTCOME_ASSIGNED, v1::LICENSE_OUTCOME_UNKNOWN,
                          v1::LICENSE_OUTCOME_UNKNOWN, v1::LICENSE_OUTCOME_UNKNOWN));
}

TEST(EdxAssignLicensesTest, KeepsAResultForALearnerWhoWasNotAskedFor) {
  const auto response = ToAssignResponse(
      From<edx::AssignLicensesReply>(
          R"({"license_assignments": [{"user_email": "x@example.com", "license": "l"}]})"),
      Assign({"a@example.com"}));
  ASSERT_EQ(response.results_size(), 2);
  EXPECT_EQ(response.results(1).learner_email(), "x@example.com");
}

TEST(EdxRevokeLicensesTest, TakesEitherAddressesOrConditions) {
  EXPECT_FALSE(ToRevokeRequest(Revoke({}), LicenseFilterForm::kNamed).ok());
  Routed<v1::RevokeLicensesRequest> both = Revoke({"a@example.com"});
  both.request.set_email_contains("al");
  EXPECT_FALSE(ToRevokeRequest(both, LicenseFilterForm::kNamed).ok());
  EXPECT_THAT(ToRevokeRequest(Revoke({"A@example.com"}), LicenseFilterForm::kNamed)->user_emails(),
              ElementsAre("a@example.com"));
}

TEST(EdxRevokeLicensesTest, SendsEachAddressOnce) {
  const auto request = ToRevokeRequest(Revoke({"B@example.com", "a@example.com", " b@EXAMPLE.com"}),
                                       LicenseFilterForm::kNamed);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_THAT(request->user_emails(), ElementsAre("b@example.com", "a@example.com"));
}

TEST(EdxRevokeLicensesTest, WritesConditionsInBothForms) {
  Routed<v1::RevokeLicensesRequest> call = Revoke({});
  call.request.set_email_contains("al");
  call.request.add_statuses(v1::LICENSE_STATUS_ACTIVATED);
  call.request.add_statuses(v1::LICENSE_STATUS_ASSIGNED);
  const auto named = ToRevokeRequest(call, LicenseFilterForm::kNamed);
  ASSERT_TRUE(named.ok());
  EXPECT_EQ(codec::WriteJsonField(*named, named->GetDescriptor()->FindFieldByName("filters")),
            R"([{"name":"user_email","filter_value":"al"},)"
            R"({"name":"status_in","filter_value":["activated","assigned"]}])");
  const auto documented = ToRevokeRequest(call, LicenseFilterForm::kDocumented);
  ASSERT_TRUE(documented.ok());
  EXPECT_EQ(
      codec::WriteJsonField(*documented, documented->GetDescriptor()->FindFieldByName("filters")),
      R"([{"user_email":"al"},{"status_in":["activated","assigned"]}])");
}

TEST(EdxRevokeLicensesTest, RefusesAStateThatEdxDoesNotKnow) {
  Routed<v1::RevokeLicensesRequest> call = Revoke({});
  call.request.add_statuses(v1::LICENSE_STATUS_UNKNOWN);
  EXPECT_EQ(errors::ReasonOf(ToRevokeRequest(call, LicenseFilterForm::kNamed).status()),
            v1::ERROR_REASON_ARGUMENT_INVALID);
}

TEST(EdxRevokeLicensesTest, SaysForEachLearnerWhatBecameOfTheLicense) {
  const auto reply = From<edx::RevokeLicensesReply>(R"({
      "successful_revocations": [
        {"license_uuid": "l1", "original_status": "activated", "user_email": "a@example.com"}],
      "unsuccessful_revocations": [
        {"error": "No license for B", "error_response_status": 404, "user_email": "b@example.com"}]})");
  const auto response =
      ToRevokeResponse(reply, false, Revoke({"B@example.com", "a@example.com", "c@example.com"}));
  ASSERT_THAT(Outcomes(response.results()),
              ElementsAre(v1::LICENSE_OUTCOME_FAILED, v1::LICENSE_OUTCOME_REVOKED,
                          v1::LICENSE_OUTCOME_UNKNOWN));
  EXPECT_EQ(response.results(0).code(), google::rpc::NOT_FOUND);
  EXPECT_EQ(response.results(0).provider_code(), "404");
  EXPECT_EQ(response.results(0).provider_error(), "No license for B");
  EXPECT_EQ(response.results(1).license().previous_status(), v1::LICENSE_STATUS_ACTIVATED);
  EXPECT_EQ(response.results(1).license().status(), v1::LICENSE_STATUS_REVOKED);
  EXPECT_EQ(response.revoked_count(), 1);
  EXPECT_EQ(response.failed_count(), 1);
}

TEST(EdxRevokeLicensesTest, TakesAReplyWithoutBodyForEveryLicenseAndAnEmptyOneForNone) {
  const auto silent = ToRevokeResponse({}, true, Revoke({"a@example.com", "A@example.com"}));
  EXPECT_THAT(Outcomes(silent.results()), ElementsAre(v1::LICENSE_OUTCOME_REVOKED));
  EXPECT_EQ(silent.revoked_count(), 1);
  const auto none = ToRevokeResponse({}, false, Revoke({"a@example.com"}));
  EXPECT_THAT(Outcomes(none.results()), ElementsAre(v1::LICENSE_OUTCOME_UNKNOWN));
  EXPECT_EQ(none.revoked_count(), 0);
}

TEST(EdxLicenseStatusTest, KnowsTheWordsBothWays) {
  for (const char* word : {"unassigned", "assigned", "activated", "revoked"}) {
    EXPECT_EQ(EdxLicenseWord(EdxLicenseStatus(word)), word);
  }
  EXPECT_EQ(EdxLicenseStatus("frozen"), v1::LICENSE_STATUS_UNKNOWN);
  EXPECT_EQ(EdxLicenseStatus(""), v1::LICENSE_STATUS_UNSPECIFIED);
}

}  // namespace
}  // namespace edugate::adapters
