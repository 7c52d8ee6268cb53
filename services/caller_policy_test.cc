#include "services/caller_policy.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace edugate::services {
namespace {

constexpr char kList[] = "EnrollmentService.ListEnrollments";
constexpr char kUpdate[] = "EnrollmentService.UpdateEnrollment";
constexpr char kNativeService[] = "edugate.provider.openapply.v3.OpenApplyV3";
constexpr char kNative[] = "edugate.provider.openapply.v3.OpenApplyV3.ListReenrollments";

GrantRule Rule(std::string name, std::vector<std::string> callers, std::vector<std::string> methods,
               std::set<std::string> connections = {"lincoln"}) {
  return {.grant = {.name = std::move(name), .connections = std::move(connections)},
          .callers = std::move(callers),
          .methods = std::move(methods)};
}

TEST(CallerPolicyTest, WhatNoGrantAllowsIsDenied) {
  const CallerPolicy policy({Rule("read", {"jwt:portal"}, {kList})});
  EXPECT_NE(policy.Decide({"jwt:portal"}, kList, false).rights, nullptr);
  EXPECT_EQ(policy.Decide({"jwt:portal"}, kUpdate, false).rights, nullptr);
  EXPECT_EQ(policy.Decide({"jwt:batch"}, kList, false).rights, nullptr);
  EXPECT_EQ(policy.Decide({"cert:portal"}, kList, false).rights, nullptr);
  EXPECT_EQ(CallerPolicy({}).Decide({"jwt:portal"}, kList, true).rights, nullptr);
}

TEST(CallerPolicyTest, PatternsCoverAServiceOrAllOfEdugate) {
  EXPECT_TRUE(MethodMatches(kList, kList));
  EXPECT_FALSE(MethodMatches(kList, kUpdate));
  EXPECT_TRUE(MethodMatches("EnrollmentService.*", kUpdate));
  EXPECT_FALSE(MethodMatches("EnrollmentService.*", "EnrollmentServices.List"));
  EXPECT_TRUE(MethodMatches("*", kUpdate));
  EXPECT_FALSE(MethodMatches("*", kNative)) << "a provider's own method needs its own name";
  EXPECT_TRUE(MethodMatches(absl::StrCat(kNativeService, ".*"), kNative));
}

TEST(CallerPolicyTest, EveryKnownCallerAndEveryNameOfACertificateCounts) {
  const CallerPolicy policy(
      {Rule("all", {"*"}, {kList}), Rule("mesh", {"cert:a.example"}, {kUpdate})});
  EXPECT_NE(policy.Decide({"jwt:anybody"}, kList, false).rights, nullptr);
  EXPECT_NE(policy.Decide({"cert:spiffe://x", "cert:a.example"}, kUpdate, false).rights, nullptr);
  EXPECT_EQ(policy.Decide({"cert:spiffe://x"}, kUpdate, false).rights, nullptr);
}

TEST(CallerPolicyTest, GrantsAddUp) {
  const CallerPolicy policy(
      {Rule("one", {"jwt:portal"}, {kList}, {"lincoln"}), Rule("two", {"*"}, {"*"}, {"acme"})});
  const auto rights = policy.Decide({"jwt:portal"}, kList, false).rights;
  ASSERT_NE(rights, nullptr);
  EXPECT_TRUE(rights->MayUse("lincoln"));
  EXPECT_TRUE(rights->MayUse("acme"));
  EXPECT_FALSE(rights->MayUse("tms"));
  EXPECT_FALSE(policy.Decide({"jwt:portal"}, kUpdate, false).rights->MayUse("lincoln"));
}

TEST(CallerPolicyTest, AGrantThatAsksForAPurposeNeedsOne) {
  GrantRule rule = Rule("audited", {"jwt:portal"}, {kList});
  rule.grant.require_purpose = true;
  const CallerPolicy policy({rule, Rule("open", {"jwt:portal"}, {kUpdate})});
  EXPECT_EQ(policy.Decide({"jwt:portal"}, kList, false).rights, nullptr);
  EXPECT_TRUE(policy.Decide({"jwt:portal"}, kList, false).needs_purpose);
  EXPECT_NE(policy.Decide({"jwt:portal"}, kList, true).rights, nullptr);
  EXPECT_FALSE(policy.Decide({"jwt:batch"}, kList, false).needs_purpose);
  EXPECT_NE(policy.Decide({"jwt:portal"}, kUpdate, false).rights, nullptr);
}

TEST(CallerPolicyTest, AnyNumberOfCallersIsDecidedRight) {
  const CallerPolicy policy({Rule("read", {"jwt:c7"}, {kList})});
  for (size_t i = 0; i < 3 * CallerPolicy::kRememberedDecisions; ++i) {
    policy.Decide({absl::StrCat("jwt:c", i)}, kList, false);
  }
  EXPECT_NE(policy.Decide({"jwt:c7"}, kList, false).rights, nullptr);
  EXPECT_EQ(policy.Decide({"jwt:c8"}, kList, false).rights, nullptr);
}

TEST(CallerPolicyTest, AServiceIsSeenByWhoMayCallAMethodOfIt) {
  const CallerPolicy policy({Rule("native", {"jwt:portal"}, {kNative}), Rule("all", {"*"}, {"*"})});
  EXPECT_TRUE(policy.MayUseService({"jwt:portal"}, kNativeService));
  EXPECT_FALSE(policy.MayUseService({"jwt:batch"}, kNativeService));
  EXPECT_FALSE(policy.MayUseService({"jwt:portal"}, "edugate.provider.openapply.v3.Other"));
}

}  // namespace
}  // namespace edugate::services
