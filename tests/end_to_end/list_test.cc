// Lists: exact pages over providers that page otherwise, tokens, walks.

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/deployment.h"

namespace edugate::end_to_end {
namespace {

using ::testing::SizeIs;
using ::testing::UnorderedElementsAreArray;

// The sandbox's README counts them.
constexpr size_t kReenrollments = 315;

class ListTest : public ::testing::Test {
 protected:
  // What the provider gives a page, whatever is asked.
  void MaxPerPage(const std::string& provider, int records) {
    sandbox::ProviderSettings settings;
    settings.max_per_page = records;
    ASSERT_TRUE(deployment_.providers().SetSettings(provider, settings).ok());
  }

  static v1::ListEnrollmentsRequest ListOf(const std::string& parent, int page_size) {
    v1::ListEnrollmentsRequest request;
    request.set_parent(parent);
    request.set_page_size(page_size);
    return request;
  }

  Failure FailureOfList(const v1::ListEnrollmentsRequest& request) {
    const auto context = Context();
    v1::ListEnrollmentsResponse response;
    const grpc::Status status =
        deployment_.enrollments().ListEnrollments(context.get(), request, &response);
    return FailureOf(status, *context);
  }

  Deployment deployment_;
};

TEST_F(ListTest, APageOfFiveOverAProviderThatGivesThree) {
  MaxPerPage("openapply", 3);
  v1::ListEnrollmentsRequest request = ListOf("connections/oa", 5);
  request.set_filter("year = 2022");
  v1::ListEnrollmentsResponse first;
  ASSERT_TRUE(List(deployment_, request, &first).ok());
  EXPECT_EQ(first.enrollments_size(), 5);
  ASSERT_NE(first.next_page_token(), "");
  EXPECT_EQ(deployment_.providers().CountRequests("openapply", "GET"), 2);

  // The odd records (201 to 211) and the one above 2^53.
  request.set_page_token(first.next_page_token());
  request.set_page_size(100);
  v1::ListEnrollmentsResponse second;
  ASSERT_TRUE(List(deployment_, request, &second).ok());
  EXPECT_EQ(second.enrollments_size(), 7);
  EXPECT_EQ(second.next_page_token(), "");
  std::set<std::string> ids;
  for (const auto& each : first.enrollments()) ids.insert(each.provider_id());
  for (const auto& each : second.enrollments()) ids.insert(each.provider_id());
  EXPECT_THAT(ids, SizeIs(12));
}

TEST_F(ListTest, ATamperedTokenIsRefusedAndTheProviderIsNotAsked) {
  v1::ListEnrollmentsRequest request = ListOf("connections/oa", 5);
  v1::ListEnrollmentsResponse page;
  ASSERT_TRUE(List(deployment_, request, &page).ok());
  deployment_.providers().ClearRequests();
  const std::string token = page.next_page_token();
  std::vector<std::string> bad = {token.substr(1),
                                  token.substr(0, token.size() - 4),
                                  token + "A",
                                  "x",
                                  std::string(100000, 'A'),
                                  "../../etc"};
  for (size_t at = 0; at < token.size(); at += 7) {
    std::string changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    bad.push_back(changed);
  }
  for (const std::string& each : bad) {
    request.set_page_token(each);
    const Failure failure = FailureOfList(request);
    EXPECT_EQ(failure.code, grpc::StatusCode::INVALID_ARGUMENT) << each;
    EXPECT_EQ(failure.reason, "PAGE_TOKEN_INVALID") << each;
  }
  EXPECT_EQ(deployment_.providers().CountRequests(""), 0);
  request.set_page_token(token);
  EXPECT_TRUE(List(deployment_, request, &page).ok());
}

TEST_F(ListTest, ATokenIsBoundToItsConnectionFilterAndLearner) {
  v1::ListEnrollmentsRequest request = ListOf("connections/oa", 2);
  request.set_filter("year = 2023");
  v1::ListEnrollmentsResponse page;
  ASSERT_TRUE(List(deployment_, request, &page).ok());
  request.set_page_token(page.next_page_token());
  v1::ListEnrollmentsRequest other = request;
  other.set_filter("year = 2024");
  EXPECT_EQ(FailureOfList(other).reason, "PAGE_TOKEN_INVALID");
  other = request;
  other.set_parent("connections/tms");
  other.clear_filter();
  EXPECT_EQ(FailureOfList(other).reason, "PAGE_TOKEN_INVALID");
  other = request;
  other.set_learner("501");
  EXPECT_EQ(FailureOfList(other).reason, "PAGE_TOKEN_INVALID");
  EXPECT_TRUE(List(deployment_, request, &page).ok());
}

TEST_F(ListTest, AnotherReplicaWithTheSameKeyGoesOn) {
  v1::ListEnrollmentsRequest request = ListOf("connections/oa", 5);
  v1::ListEnrollmentsResponse page;
  ASSERT_TRUE(List(deployment_, request, &page).ok());
  request.set_page_token(page.next_page_token());
  Deployment replica;
  EXPECT_TRUE(List(replica, request, &page).ok());

  Deployment stranger({.adjust = [](v1::Config& config) {
    config.mutable_server()->mutable_page_token_key()->set_value(
        "another key for tests alone, also longer than 32 bytes");
  }});
  EXPECT_FALSE(List(stranger, request, &page).ok());
}

struct Walk {
  const char* provider;
  const char* parent;
  int per_page;
  int page_size;
};

class WalkTest : public ListTest, public ::testing::WithParamInterface<Walk> {};

TEST_P(WalkTest, MeetsEveryRecordOnceAndTheStreamTheSame) {
  MaxPerPage(GetParam().provider, GetParam().per_page);
  const auto walked =
      IdsOf(WalkPages(deployment_, ListOf(GetParam().parent, GetParam().page_size)));
  const std::set<std::string> distinct(walked.begin(), walked.end());
  EXPECT_EQ(distinct.size(), walked.size());
  EXPECT_GT(walked.size(), 200u);
  if (std::string(GetParam().provider) == "openapply") {
    EXPECT_EQ(walked.size(), kReenrollments);
  }

  v1::StreamEnrollmentsRequest stream;
  stream.set_parent(GetParam().parent);
  stream.set_page_size(GetParam().page_size);
  EXPECT_EQ(IdsOf(WalkStream(deployment_, stream)), walked);
}

INSTANTIATE_TEST_SUITE_P(Sizes, WalkTest,
                         ::testing::Values(Walk{"openapply", "connections/oa", 0, 0},
                                           Walk{"openapply", "connections/oa", 0, 1000},
                                           Walk{"openapply", "connections/oa", 50, 37},
                                           Walk{"openapply", "connections/oa", 7, 100},
                                           Walk{"openapply", "connections/oa", 64, 64},
                                           Walk{"class_enrollment", "connections/tms", 0, 0},
                                           Walk{"class_enrollment", "connections/tms", 13, 50},
                                           Walk{"class_enrollment", "connections/tms", 100, 33}));

TEST_F(ListTest, EveryPageButTheLastIsFull) {
  MaxPerPage("openapply", 9);
  v1::ListEnrollmentsRequest request = ListOf("connections/oa", 20);
  size_t records = 0;
  for (;;) {
    v1::ListEnrollmentsResponse page;
    ASSERT_TRUE(List(deployment_, request, &page).ok());
    records += page.enrollments_size();
    if (page.next_page_token().empty()) break;
    EXPECT_EQ(page.enrollments_size(), 20);
    request.set_page_token(page.next_page_token());
  }
  EXPECT_EQ(records, kReenrollments);
}

TEST_F(ListTest, AFailureOnALaterPageIsNoShortSuccess) {
  MaxPerPage("openapply", 3);
  deployment_.providers().AddFault({.provider = "openapply", .skip = 1, .status = 400});
  EXPECT_EQ(FailureOfList(ListOf("connections/oa", 5)).reason, "PROVIDER_REJECTED_REQUEST");

  deployment_.providers().AddFault({.provider = "openapply", .skip = 1, .status = 400});
  const auto context = Context();
  v1::StreamEnrollmentsRequest stream;
  stream.set_parent("connections/oa");
  const auto reader = deployment_.enrollments().StreamEnrollments(context.get(), stream);
  v1::Enrollment record;
  int read = 0;
  while (reader->Read(&record)) ++read;
  EXPECT_EQ(FailureOf(reader->Finish(), *context).reason, "PROVIDER_REJECTED_REQUEST");
  EXPECT_EQ(read, 3);
}

TEST_F(ListTest, FiltersReachTheProvider) {
  struct Case {
    const char* parent;
    const char* filter;
    std::vector<std::string> ids;
  };
  for (const Case& each : {
           Case{"connections/oa", "year = 2019", {"59", "138", "141"}},
           Case{"connections/oa", "year = 2019 AND provider_status = \"Pending\"", {"138", "141"}},
           Case{"connections/oa", "status = PENDING AND year = 2019", {"138", "141"}},
           Case{"connections/oa", "provider_status = \"Sí, continúa — 来年\"", {"206"}},
           Case{"connections/oa", "decision_date = 2014-03-13", {"59"}},
           Case{"connections/oa", "provider_status = \"a & b = c #\"", {}},
           Case{"connections/tms", "provider_status = 77", {"7700"}},
       }) {
    v1::ListEnrollmentsRequest request = ListOf(each.parent, 0);
    request.set_filter(each.filter);
    EXPECT_THAT(IdsOf(WalkPages(deployment_, request)), UnorderedElementsAreArray(each.ids))
        << each.filter;
  }
}

TEST_F(ListTest, AFilterThatTheProviderCanNotApplyIsRefused) {
  for (const char* filter : {"grade_level = 9", "year > 2020", "year = soon", "pending",
                             "year = 2019 OR year = 2020", "learner.email = \"a@example.org\""}) {
    v1::ListEnrollmentsRequest request = ListOf("connections/oa", 5);
    request.set_filter(filter);
    const Failure failure = FailureOfList(request);
    EXPECT_EQ(failure.code, grpc::StatusCode::INVALID_ARGUMENT) << filter;
    EXPECT_EQ(failure.reason, "FILTER_UNSUPPORTED") << filter;
  }
  EXPECT_EQ(deployment_.providers().CountRequests(""), 0);
}

TEST_F(ListTest, ALearnersRecordsAlone) {
  v1::ListEnrollmentsRequest request = ListOf("connections/oa", 2);
  request.set_learner("501");
  const auto records = WalkPages(deployment_, request);
  EXPECT_EQ(records.size(), 5u);
  for (const auto& each : records) EXPECT_EQ(each.learner().provider_id(), "501");
  EXPECT_GT(deployment_.providers().CountRequests("openapply", "students/{student_id}"), 0);
}

TEST_F(ListTest, ALearnerWhomTheProviderDoesNotKnowIsNotFound) {
  v1::ListEnrollmentsRequest request = ListOf("connections/oa", 2);
  request.set_learner("999999");
  const Failure failure = FailureOfList(request);
  EXPECT_EQ(failure.code, grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(failure.reason, "RESOURCE_NOT_FOUND");
}

// A path segment that is not a plain id must reach the provider as one segment.
TEST_F(ListTest, ALearnersIdIsOneSegmentOfThePath) {
  for (const auto& [learner, target] :
       std::vector<std::pair<std::string, std::string>>{{"../../admin", "..%2F..%2Fadmin"},
                                                        {"1?as=2", "1%3Fas%3D2"},
                                                        {"%2e%2e", "%252e%252e"},
                                                        {"a+b:c", "a%2Bb%3Ac"},
                                                        {"é", "%C3%A9"}}) {
    deployment_.providers().ClearRequests();
    v1::ListEnrollmentsRequest request = ListOf("connections/oa", 2);
    request.set_learner(learner);
    EXPECT_NE(FailureOfList(request).code, grpc::StatusCode::OK);
    const auto seen = deployment_.providers().RecentRequests();
    if (seen.empty()) continue;  // refused before it was sent, which is as good
    ASSERT_EQ(seen.size(), 1u);
    const std::string begin = absl::StrCat("/api/v3/students/", target, "/reenrollments");
    EXPECT_EQ(seen[0].target.substr(0, begin.size()), begin);
  }
}

TEST_F(ListTest, AReadMaskLeavesTheRestOut) {
  v1::ListEnrollmentsRequest request = ListOf("connections/oa", 3);
  request.mutable_read_mask()->add_paths("name");
  request.mutable_read_mask()->add_paths("learner.provider_id");
  v1::ListEnrollmentsResponse page;
  ASSERT_TRUE(List(deployment_, request, &page).ok());
  for (const auto& each : page.enrollments()) {
    v1::Enrollment expected;
    expected.set_name(each.name());
    expected.mutable_learner()->set_provider_id(each.learner().provider_id());
    EXPECT_NE(each.name(), "");
    EXPECT_EQ(each.SerializeAsString(), expected.SerializeAsString());
  }
}

TEST_F(ListTest, ATokenOfTheLastOfAllOpeningKeysOpens) {
  const auto deploy = [](const std::string& sealing, const std::vector<std::string>& opening) {
    DeploymentOptions options;
    options.adjust = [&](v1::Config& config) {
      config.mutable_server()->mutable_page_token_key()->set_value(sealing);
      for (const std::string& key : opening) {
        config.mutable_server()->add_page_token_opening_keys()->set_value(key);
      }
    };
    return std::make_unique<Deployment>(options);
  };
  constexpr int kMostOpeningKeys = 8;  // as the configuration's reference says
  std::vector<std::string> keys;
  for (int i = 0; i < kMostOpeningKeys; ++i) keys.emplace_back(32, static_cast<char>('a' + i));
  v1::ListEnrollmentsResponse page;
  ASSERT_TRUE(List(*deploy(keys.back(), {}), ListOf("connections/oa", 2), &page).ok());
  v1::ListEnrollmentsRequest next = ListOf("connections/oa", 2);
  next.set_page_token(page.next_page_token());
  const grpc::Status listed = List(*deploy(std::string(32, 'x'), keys), next, &page);
  EXPECT_TRUE(listed.ok()) << listed.error_message();
}

}  // namespace
}  // namespace edugate::end_to_end
