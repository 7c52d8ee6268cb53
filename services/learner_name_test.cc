#include "services/learner_name.h"

#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "runtime/errors/errors.h"

namespace edugate::services {
namespace {

using Kind = LearnerName::Kind;

TEST(LearnerNameTest, AnIdOfOneConnectionIsTakenAsItStands) {
  for (const char* id : {"460", "a:b", "@", "a@", "897615&x=1"}) {
    auto name = ParseLearnerName(id);
    ASSERT_TRUE(name.ok()) << id;
    EXPECT_EQ(*name, (LearnerName{Kind::kProviderId, "", id}));
  }
}

TEST(LearnerNameTest, AnAddressIsAnEmailEverywhere) {
  const LearnerName expected{Kind::kEmail, "", "al@example.com"};
  EXPECT_EQ(*ParseLearnerName("al@example.com"), expected);
  EXPECT_EQ(*ParseLearnerNameAcross("al@example.com"), expected);
}

TEST(LearnerNameTest, ABarDividesIssuerAndIdAlsoWhereTheIssuerHasColons) {
  const LearnerName expected{Kind::kExternalId, "urn:lincoln:sis", "460|7@x"};
  EXPECT_EQ(*ParseLearnerName("urn:lincoln:sis|460|7@x"), expected);
  EXPECT_EQ(*ParseLearnerNameAcross("urn:lincoln:sis|460|7@x"), expected);
  for (const char* half : {"|460", "urn:lincoln:sis|", "|"}) {
    EXPECT_EQ(errors::ReasonOf(ParseLearnerName(half).status()), v1::ERROR_REASON_ARGUMENT_INVALID);
    EXPECT_EQ(errors::ReasonOf(ParseLearnerNameAcross(half).status()),
              v1::ERROR_REASON_ARGUMENT_INVALID);
  }
}

TEST(LearnerNameTest, AcrossConnectionsAnIdSaysWhoseItIs) {
  EXPECT_EQ(*ParseLearnerNameAcross("east:11:a"), (LearnerName{Kind::kProviderId, "east", "11:a"}));
  for (const char* text : {"11", "east:", ":11", "@", ""}) {
    EXPECT_EQ(errors::ReasonOf(ParseLearnerNameAcross(text).status()),
              v1::ERROR_REASON_ARGUMENT_INVALID)
        << text;
  }
}

TEST(LearnerNameTest, AConnectionIsAskedAsItCanBe) {
  const adapters::Connection connection{.id = "east", .learner_id_issuer = "urn:sis"};
  const adapters::ListTraits all{
      .by_learner = true, .by_learner_email = true, .by_learner_external_id = true};
  struct Case {
    LearnerName name;
    std::string adapters::EnrollmentQuery::* field;
  };
  for (const Case& each :
       {Case{{Kind::kProviderId, "", "1"}, &adapters::EnrollmentQuery::learner},
        Case{{Kind::kProviderId, "east", "1"}, &adapters::EnrollmentQuery::learner},
        Case{{Kind::kEmail, "", "1"}, &adapters::EnrollmentQuery::learner_email},
        Case{{Kind::kExternalId, "urn:sis", "1"},
             &adapters::EnrollmentQuery::learner_external_id}}) {
    adapters::EnrollmentQuery query;
    ASSERT_TRUE(AskForLearner(each.name, connection, all, query).ok());
    EXPECT_EQ(query.*each.field, "1");
    EXPECT_EQ(query.learner + query.learner_email + query.learner_external_id, "1");
    EXPECT_EQ(errors::ReasonOf(AskForLearner(each.name, connection, {}, query)),
              v1::ERROR_REASON_FILTER_UNSUPPORTED);
  }
}

TEST(LearnerNameTest, WhatCanNotBeAskedIsAFaultOfTheFieldThatAsks) {
  const adapters::Connection connection{.id = "east"};
  for (const Kind kind : {Kind::kProviderId, Kind::kEmail, Kind::kExternalId}) {
    adapters::EnrollmentQuery query;
    const absl::Status status = AskForLearner({kind, "", "al@example.com"}, connection, {}, query);
    const google::rpc::Status wire = errors::ToRpcStatus(status);
    google::rpc::BadRequest bad;
    for (const auto& detail : wire.details()) {
      if (detail.Is<google::rpc::BadRequest>()) detail.UnpackTo(&bad);
    }
    ASSERT_EQ(bad.field_violations_size(), 1);
    EXPECT_EQ(bad.field_violations(0).field(), "learner");
    EXPECT_EQ(wire.message().rfind("learner: ", 0), 0u) << wire.message();
    EXPECT_EQ(wire.code(), static_cast<int>(absl::StatusCode::kInvalidArgument));
    EXPECT_EQ(wire.SerializeAsString().find("al@example.com"), std::string::npos);
  }
}

TEST(LearnerNameTest, AnIdOfSomebodyElsesIsNotAskedFor) {
  const adapters::Connection connection{.id = "east", .learner_id_issuer = "urn:sis"};
  const adapters::ListTraits all{
      .by_learner = true, .by_learner_email = true, .by_learner_external_id = true};
  for (const LearnerName& name : {LearnerName{Kind::kProviderId, "west", "1"},
                                  LearnerName{Kind::kExternalId, "urn:other", "1"}}) {
    adapters::EnrollmentQuery query;
    EXPECT_EQ(errors::ReasonOf(AskForLearner(name, connection, all, query)),
              v1::ERROR_REASON_FILTER_UNSUPPORTED);
  }
}

}  // namespace
}  // namespace edugate::services
