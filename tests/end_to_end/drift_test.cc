// How replies differ from their declaration, as ListDrift tells it.

#include <set>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/deployment.h"

namespace edugate::end_to_end {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

class DriftTest : public ::testing::Test {
 protected:
  std::vector<v1::DriftEntry> Drift(const std::string& parent) {
    v1::ListDriftRequest request;
    request.set_parent(parent);
    request.set_page_size(2);
    std::vector<v1::DriftEntry> entries;
    do {
      v1::ListDriftResponse page;
      const grpc::Status status =
          deployment_.connections().ListDrift(Context().get(), request, &page);
      EXPECT_TRUE(status.ok()) << status.error_message();
      entries.insert(entries.end(), page.drift().begin(), page.drift().end());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return entries;
  }

  std::set<std::string> Seen(const std::string& parent) {
    std::set<std::string> seen;
    for (const v1::DriftEntry& each : Drift(parent)) {
      EXPECT_TRUE(seen.insert(absl::StrCat(v1::DriftKind_Name(each.kind()), " ", each.message(),
                                           " ", each.path()))
                      .second);
      EXPECT_GT(each.count(), 0);
      EXPECT_GT(each.first_seen_time().seconds(), 0);
      EXPECT_GE(each.last_seen_time().seconds(), each.first_seen_time().seconds());
    }
    return seen;
  }

  Deployment deployment_;
};

TEST_F(DriftTest, NothingWasSeenYet) { EXPECT_THAT(Drift("connections/-"), IsEmpty()); }

TEST_F(DriftTest, UnknownFieldsAndNewWordsAreListedByNameAndNeverByValue) {
  v1::ListEnrollmentsRequest request;
  request.set_parent("connections/oa");
  ASSERT_FALSE(WalkPages(deployment_, request).empty());
  request.set_parent("connections/tms");
  ASSERT_FALSE(WalkPages(deployment_, request).empty());

  const std::set<std::string> school = Seen("connections/oa");
  EXPECT_THAT(school, Contains("DRIFT_KIND_NEW_ENUM_VALUE edugate.v1.Enrollment status"));
  EXPECT_THAT(school, Contains("DRIFT_KIND_UNKNOWN_FIELD "
                               "edugate.provider.openapply.v3.Reenrollment sibling_discount"));
  const std::set<std::string> classes = Seen("connections/tms");
  EXPECT_THAT(classes, Contains("DRIFT_KIND_NEW_ENUM_VALUE edugate.v1.Enrollment status"));
  EXPECT_EQ(Drift("connections/-").size(), school.size() + classes.size());
  for (const v1::DriftEntry& each : Drift("connections/-")) {
    EXPECT_THAT(each.message(), MatchesRegex("edugate[a-z0-9_.]*[A-Za-z]+"));
    EXPECT_THAT(each.path(), MatchesRegex("[][a-zA-Z0-9_.*]*"));
  }
}

}  // namespace
}  // namespace edugate::end_to_end
