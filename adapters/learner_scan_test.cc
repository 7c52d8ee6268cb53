#include "adapters/learner_scan.h"

#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/arena.h"
#include "gtest/gtest.h"
#include "runtime/async/test_loop.h"

namespace edugate::adapters {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::Enrollment Record(const char* id, const char* email, const char* type = "",
                      const char* external_id = "") {
  v1::Enrollment record;
  record.set_provider_id(id);
  if (*email != 0) record.mutable_learner()->set_email(email);
  if (*type != 0) {
    v1::Identifier& identifier = *record.mutable_learner()->add_identifiers();
    identifier.set_type(type);
    identifier.set_value(external_id);
  }
  return record;
}

class LearnerScanTest : public ::testing::Test {
 protected:
  LearnerScanTest() {
    const PagePort<EnrollmentQuery, v1::Enrollment> everybody =
        [this](async::CallContext&, const EnrollmentQuery& query,
               google::protobuf::RepeatedPtrField<v1::Enrollment>& into) {
          return Answer(query, into);
        };
    list_ = ScanningForLearner(everybody, {.email = true, .external_id_type = "sis"});
  }

  async::Task<absl::StatusOr<std::string>> Answer(
      EnrollmentQuery query, google::protobuf::RepeatedPtrField<v1::Enrollment>& into) {
    asked_.push_back(query);
    into.Add(records_.begin(), records_.end());
    co_return std::string("2");
  }

  std::vector<std::string> Ids(const EnrollmentQuery& query) {
    async::CallContext call(loop_, async::kNever);
    google::protobuf::Arena arena;
    google::protobuf::RepeatedPtrField<v1::Enrollment> records(&arena);
    auto next_cursor = loop_.RunToCompletion(list_(call, query, records));
    EXPECT_TRUE(next_cursor.ok()) << next_cursor.status();
    EXPECT_EQ(*next_cursor, "2");
    std::vector<std::string> ids;
    for (const v1::Enrollment& each : records) ids.push_back(each.provider_id());
    return ids;
  }

  async::TestLoop loop_;
  PagePort<EnrollmentQuery, v1::Enrollment> list_;
  std::vector<v1::Enrollment> records_;
  std::vector<EnrollmentQuery> asked_;
};

TEST_F(LearnerScanTest, KeepsWhatIsOfTheAddressWhateverItsCase) {
  records_ = {Record("1", "Al@Example.com"), Record("2", "bo@example.com"), Record("3", ""),
              Record("4", "al@example.com")};
  EnrollmentQuery query;
  query.learner_email = "al@example.COM";
  query.cursor = "1";
  query.size_hint = 1;
  EXPECT_THAT(Ids(query), ElementsAre("1", "4"));
  EXPECT_EQ(asked_[0].cursor, "1");
  EXPECT_EQ(asked_[0].size_hint, 0);
  EXPECT_EQ(asked_[0].learner_email, "");
}

TEST_F(LearnerScanTest, KeepsWhatHasTheExternalIdOfThatTypeExactly) {
  records_ = {Record("1", "", "sis", "A7"), Record("2", "", "other", "A7"),
              Record("3", "", "sis", "a7"), Record("4", "A7")};
  EnrollmentQuery query;
  query.learner_external_id = "A7";
  EXPECT_THAT(Ids(query), ElementsAre("1"));
}

TEST_F(LearnerScanTest, APageWithNothingOfTheLearnersLeadsOn) {
  records_ = {Record("1", "bo@example.com")};
  EnrollmentQuery query;
  query.learner_email = "al@example.com";
  EXPECT_THAT(Ids(query), IsEmpty());
}

TEST_F(LearnerScanTest, OtherQueriesPassAsTheyAre) {
  records_ = {Record("1", "bo@example.com")};
  EnrollmentQuery query;
  query.learner = "7";
  query.size_hint = 3;
  EXPECT_THAT(Ids(query), ElementsAre("1"));
  EXPECT_EQ(asked_[0].learner, "7");
  EXPECT_EQ(asked_[0].size_hint, 3);
}

}  // namespace
}  // namespace edugate::adapters
