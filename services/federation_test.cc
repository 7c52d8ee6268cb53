#include "services/federation.h"

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "adapters/numbered_page.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/sleep.h"
#include "services/enrollment_service.h"
#include "services/service_fixture.h"

namespace edugate::services {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAreArray;

using Page = WholePage<v1::Enrollment>;

absl::Status Unavailable(const std::string& connection) {
  return errors::FromProvider({.reason = v1::ERROR_REASON_PROVIDER_UNAVAILABLE,
                               .message = "the provider can't be reached",
                               .retry_after = absl::Milliseconds(1500)},
                              {.connection = connection});
}

absl::Status BadCredential(const std::string& connection) {
  return errors::FromProvider({.reason = v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID,
                               .message = "the provider refused the credential"},
                              {.connection = connection});
}

// How many calls of all providers run at once.
struct Gauge {
  int running = 0;
  int most = 0;
};

// A provider with `total` records, numbered from 0, in pages of its own size. The cursor is the
// number of the page's first record.
struct FakeProvider {
  std::string id;
  int total = 0;
  int page_size = 5;
  // Whether a page is no larger than the caller wants.
  bool takes_hint = false;
  // Answers after this long; never where it is infinite.
  absl::Duration delay = absl::ZeroDuration();
  // What the next calls give instead, a call each; OK: the records.
  std::vector<absl::Status> next;
  // What every call from this record on gives.
  int broken_from = std::numeric_limits<int>::max();
  absl::Status broken;
  std::string cursor_prefix;
  Gauge* gauge = nullptr;
  std::vector<std::string> asked;
  std::string learner;

  async::Task<absl::StatusOr<Page>> List(async::CallContext& call,
                                         const adapters::EnrollmentQuery& query) {
    asked.push_back(query.cursor);
    learner = query.learner;
    if (gauge != nullptr) gauge->most = std::max(gauge->most, ++gauge->running);
    absl::Status waited = co_await async::Sleep(call, delay);
    if (gauge != nullptr) --gauge->running;
    if (absl::IsCancelled(waited)) co_return errors::Cancelled({.connection = id});
    if (!waited.ok()) co_return errors::DeadlineExceeded({.connection = id});
    if (!next.empty()) {
      absl::Status status = next.front();
      next.erase(next.begin());
      if (!status.ok()) co_return status;
    }
    int begin = 0;
    if (!query.cursor.empty() &&
        !absl::SimpleAtoi(query.cursor.substr(cursor_prefix.size()), &begin)) {
      co_return errors::Internal("a cursor that is none of this provider's");
    }
    if (begin >= broken_from) co_return broken;
    Page page;
    const bool smaller = takes_hint && query.size_hint > 0;
    const int end =
        std::min(total, begin + (smaller ? std::min(query.size_hint, page_size) : page_size));
    for (int i = begin; i < end; ++i) {
      v1::Enrollment record;
      record.set_provider_id(absl::StrCat(id, "-", i));
      record.set_provider_status("Pending");
      page.records.push_back(std::move(record));
    }
    if (end < total) page.next_cursor = absl::StrCat(cursor_prefix, end);
    co_return page;
  }
};

class KeepingWriter final : public StreamWriter<v1::Enrollment> {
 public:
  async::Task<absl::Status> Write(v1::Enrollment item) override {
    if (ids.size() >= limit) co_return errors::SlowConsumer();
    ids.push_back(item.provider_id());
    if (on_write) on_write();
    co_return absl::OkStatus();
  }
  void AddTrailer(absl::string_view key, const std::string& value) override {
    trailers.emplace(std::string(key), value);
  }

  std::string NextPageToken() const {
    const auto found = trailers.find(kNextPageTokenTrailer);
    return found == trailers.end() ? "" : found->second;
  }

  size_t limit = 1000000;
  std::vector<std::string> ids;
  std::multimap<std::string, std::string> trailers;
  std::function<void()> on_write;
};

class FederationTest : public ServiceFixture {
 protected:
  FakeProvider& Add(FakeProvider provider, adapters::ListTraits traits = {}, int max_pages = 20) {
    providers_.push_back(std::make_unique<FakeProvider>(std::move(provider)));
    FakeProvider* fake = providers_.back().get();
    adapters::Connection connection{
        .id = fake->id, .provider = "openapply", .max_pages = max_pages};
    connection.ports.list_enrollments = Listing<adapters::EnrollmentQuery, v1::Enrollment>(
        [fake](async::CallContext& call, const adapters::EnrollmentQuery& query) {
          return fake->List(call, query);
        });
    connection.ports.list_enrollments_traits = std::move(traits);
    connections_.push_back(std::move(connection));
    Configure(connections_);
    return *fake;
  }

  static v1::ListEnrollmentsRequest Everywhere(int page_size = 0) {
    v1::ListEnrollmentsRequest request;
    request.set_parent("connections/-");
    request.set_page_size(page_size);
    return request;
  }

  std::unique_ptr<async::CallContext> CallFor(absl::Duration time) {
    auto call = std::make_unique<async::CallContext>(
        loop_, async::After(loop_.fake_clock().MonotonicNow(), time));
    call->set_method("EnrollmentService.ListEnrollments");
    return call;
  }

  absl::StatusOr<v1::ListEnrollmentsResponse> List(const v1::ListEnrollmentsRequest& request,
                                                   absl::Duration time = absl::Seconds(30)) {
    loop_.RunReady();
    const auto call = CallFor(time);
    ServiceParts with = parts();
    with.fan_out = fan_out_;
    EnrollmentHandlers handlers(with);
    return Answer(handlers, &EnrollmentHandlers::ListEnrollments, *call, request);
  }

  absl::Status Stream(KeepingWriter& writer, const std::string& token = "",
                      absl::Duration time = absl::Seconds(30),
                      const std::string& parent = "connections/-", int page_size = 0) {
    loop_.RunReady();
    const auto call = CallFor(time);
    v1::StreamEnrollmentsRequest request;
    request.set_parent(parent);
    request.set_page_token(token);
    request.set_page_size(page_size);
    ServiceParts with = parts();
    with.fan_out = fan_out_;
    EnrollmentHandlers handlers(with);
    return loop_.RunToCompletion(handlers.StreamEnrollments(*call, request, writer));
  }

  // The ids of all pages, in their order; the last page is left in `last_`.
  std::vector<std::string> WalkPages(int page_size) {
    v1::ListEnrollmentsRequest request = Everywhere(page_size);
    std::vector<std::string> ids;
    pages_ = 0;
    do {
      auto page = List(request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return ids;
      last_ = *page;
      ++pages_;
      for (const auto& each : last_.enrollments()) ids.push_back(each.provider_id());
      EXPECT_THAT(last_.enrollments(), SizeIs(Le(page_size)));
      request.set_page_token(last_.next_page_token());
    } while (!request.page_token().empty() && pages_ < 1000);
    EXPECT_LT(pages_, 1000);
    return ids;
  }

  std::vector<std::string> EveryId() const {
    std::vector<std::string> ids;
    for (const auto& provider : providers_) {
      for (int i = 0; i < provider->total; ++i) ids.push_back(absl::StrCat(provider->id, "-", i));
    }
    return ids;
  }

  static std::vector<std::string> Ids(const v1::ListEnrollmentsResponse& page) {
    std::vector<std::string> ids;
    for (const auto& each : page.enrollments()) ids.push_back(each.provider_id());
    return ids;
  }

  static std::map<std::string, std::string> Reasons(const v1::ListEnrollmentsResponse& page) {
    std::map<std::string, std::string> reasons;
    for (const auto& each : page.unreachable_details()) reasons[each.connection()] = each.reason();
    return reasons;
  }

  FanOut fan_out_;
  std::vector<std::unique_ptr<FakeProvider>> providers_;
  std::vector<adapters::Connection> connections_;
  v1::ListEnrollmentsResponse last_;
  int pages_ = 0;
};

TEST_F(FederationTest, APageHoldsAPartOfEachConnectionInTheOrderOfTheConfiguration) {
  Add({.id = "west", .total = 9});
  Add({.id = "east", .total = 9});
  connections_.push_back({.id = "lists-nothing", .provider = "measureone"});
  Configure(connections_);
  auto page = List(Everywhere(6));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(Ids(*page), ElementsAre("west-0", "west-1", "west-2", "east-0", "east-1", "east-2"));
  EXPECT_NE(page->next_page_token(), "");
  EXPECT_THAT(page->unreachable(), IsEmpty());
}

TEST_F(FederationTest, WhereOneHasLessTheOthersFillThePage) {
  Add({.id = "few", .total = 1});
  Add({.id = "none", .total = 0});
  Add({.id = "many", .total = 50});
  auto page = List(Everywhere(12));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->enrollments_size(), 12);
  EXPECT_EQ(page->enrollments(0).provider_id(), "few-0");
  EXPECT_EQ(page->enrollments(11).provider_id(), "many-10");
}

TEST_F(FederationTest, PagingYieldsEveryRecordOnceAndOnlyFullPagesBeforeTheLast) {
  std::mt19937 random(20260101);
  for (int round = 0; round < 60; ++round) {
    providers_.clear();
    connections_.clear();
    const int count = 1 + static_cast<int>(random() % 7);
    for (int i = 0; i < count; ++i) {
      Add({.id = absl::StrCat("c", i),
           .total = static_cast<int>(random() % 40),
           .page_size = 1 + static_cast<int>(random() % 12)},
          {}, 100);
    }
    const int page_size = 1 + static_cast<int>(random() % 25);
    const std::vector<std::string> ids = WalkPages(page_size);
    ASSERT_THAT(ids, UnorderedElementsAreArray(EveryId())) << "round " << round;
    const size_t full = (ids.size() + page_size - 1) / page_size;
    EXPECT_LE(static_cast<size_t>(pages_), std::max<size_t>(full, 1) + 1) << "round " << round;
    EXPECT_THAT(last_.unreachable(), IsEmpty());
  }
}

TEST_F(FederationTest, PagingYieldsEveryRecordOnceThroughPassingFailures) {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    providers_.clear();
    connections_.clear();
    const int count = 2 + static_cast<int>(random() % 5);
    for (int i = 0; i < count; ++i) {
      FakeProvider provider{.id = absl::StrCat("c", i),
                            .total = 5 + static_cast<int>(random() % 30),
                            .page_size = 1 + static_cast<int>(random() % 7)};
      // The first connection is always well, the others fail once somewhere.
      if (i > 0) {
        provider.next.assign(random() % 4, absl::OkStatus());
        provider.next.push_back(Unavailable(provider.id));
      }
      Add(std::move(provider), {}, 100);
    }
    ASSERT_THAT(WalkPages(1 + static_cast<int>(random() % 30)),
                UnorderedElementsAreArray(EveryId()))
        << "round " << round;
  }
}

TEST_F(FederationTest, AFailedConnectionIsNamedWithItsReasonOnEveryPageThatLacksIt) {
  Add({.id = "well", .total = 9});
  Add({.id = "dead", .total = 9, .broken_from = 0, .broken = Unavailable("dead")});
  auto first = List(Everywhere(4));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(first->unreachable(), ElementsAre("connections/dead"));
  ASSERT_EQ(first->unreachable_details_size(), 1);
  const v1::UnreachableDetail& detail = first->unreachable_details(0);
  EXPECT_EQ(detail.connection(), "connections/dead");
  EXPECT_EQ(detail.code(), google::rpc::UNAVAILABLE);
  EXPECT_EQ(detail.reason(), "PROVIDER_UNAVAILABLE");
  EXPECT_EQ(detail.message(), "the provider can't be reached");
  EXPECT_EQ(detail.retry_delay().seconds(), 1);
  EXPECT_EQ(detail.retry_delay().nanos(), 500'000'000);
  EXPECT_EQ(first->enrollments_size(), 4);

  // The others fill the second page, so that the failed one is not asked for it.
  v1::ListEnrollmentsRequest request = Everywhere(4);
  request.set_page_token(first->next_page_token());
  auto second = List(request);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->enrollments_size(), 4);
  EXPECT_EQ(Reasons(*second)["connections/dead"], "PROVIDER_UNAVAILABLE");
  EXPECT_EQ(second->unreachable_details(0).code(), google::rpc::UNAVAILABLE);
  EXPECT_THAT(providers_[1]->asked, SizeIs(1));
}

TEST_F(FederationTest, AConnectionThatFailsAgainWhenTheOthersAreReadEndsTheList) {
  Add({.id = "well", .total = 3});
  FakeProvider& dead = Add({.id = "dead", .total = 2, .broken_from = 0});
  dead.broken = Unavailable("dead");
  auto first = List(Everywhere(10));
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_NE(first->next_page_token(), "");
  v1::ListEnrollmentsRequest request = Everywhere(10);
  request.set_page_token(first->next_page_token());
  auto last = List(request);
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_THAT(last->enrollments(), IsEmpty());
  EXPECT_THAT(last->unreachable(), ElementsAre("connections/dead"));
  EXPECT_EQ(last->next_page_token(), "");

  // Later, the token of the page before leads to what was missing.
  dead.broken_from = 1000;
  auto later = List(request);
  ASSERT_TRUE(later.ok()) << later.status();
  EXPECT_THAT(Ids(*later), ElementsAre("dead-0", "dead-1"));
  EXPECT_THAT(later->unreachable(), IsEmpty());
  EXPECT_EQ(later->next_page_token(), "");
}

TEST_F(FederationTest, AHangingConnectionHoldsThePageUpForItsShareOfTheDeadline) {
  Add({.id = "well", .total = 3});
  Add({.id = "hanging", .total = 3, .delay = absl::InfiniteDuration()});
  Add({.id = "slow", .total = 3, .delay = absl::Seconds(2)});
  const absl::Time begun = loop_.fake_clock().WallNow();
  auto page = List(Everywhere(30), absl::Seconds(10));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(loop_.fake_clock().WallNow() - begun, absl::Seconds(5));
  EXPECT_THAT(page->enrollments(), SizeIs(6));
  EXPECT_EQ(Reasons(*page),
            (std::map<std::string, std::string>{{"connections/hanging", "DEADLINE_EXCEEDED"}}));
}

TEST_F(FederationTest, TheShareOfTheDeadlineCanBeSet) {
  fan_out_.deadline_share = 0.2;
  Add({.id = "well", .total = 3});
  Add({.id = "hanging", .total = 3, .delay = absl::InfiniteDuration()});
  const absl::Time begun = loop_.fake_clock().WallNow();
  ASSERT_TRUE(List(Everywhere(30), absl::Seconds(10)).ok());
  EXPECT_EQ(loop_.fake_clock().WallNow() - begun, absl::Seconds(2));
}

TEST_F(FederationTest, NoMoreConnectionsAreAskedAtOnceThanTheBound) {
  Gauge gauge;
  for (int i = 0; i < 20; ++i) {
    Add({.id = absl::StrCat("c", i), .total = 2, .delay = absl::Milliseconds(10), .gauge = &gauge});
  }
  auto page = List(Everywhere(100));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->enrollments_size(), 40);
  EXPECT_EQ(gauge.most, 8);
}

TEST_F(FederationTest, WhatWasReadBeforeAFailureIsKept) {
  Add({.id = "breaks",
       .total = 12,
       .page_size = 4,
       .broken_from = 8,
       .broken = Unavailable("breaks")});
  auto page = List(Everywhere(100));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(page->enrollments(), SizeIs(8));
  EXPECT_EQ(Reasons(*page)["connections/breaks"], "PROVIDER_UNAVAILABLE");
  providers_[0]->broken_from = 1000;
  v1::ListEnrollmentsRequest request = Everywhere(100);
  request.set_page_token(page->next_page_token());
  auto rest = List(request);
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_THAT(Ids(*rest), ElementsAre("breaks-8", "breaks-9", "breaks-10", "breaks-11"));
}

TEST_F(FederationTest, WhereAllFailTheCallFailsWithWhatMayPass) {
  Add({.id = "locked-out", .broken_from = 0, .broken = BadCredential("locked-out")});
  Add({.id = "dead", .broken_from = 0, .broken = Unavailable("dead")});
  const absl::Status status = List(Everywhere()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_PROVIDER_UNAVAILABLE);
  EXPECT_EQ(errors::MetadataOf(status)["unreachable"],
            "connections/locked-out PROVIDER_CREDENTIALS_INVALID, "
            "connections/dead PROVIDER_UNAVAILABLE");
  EXPECT_TRUE(errors::RetryAfterOf(status).has_value());
}

TEST_F(FederationTest, ALaterPageOnWhichThoseThatWereWellFailIsAnErrorAndCanBeAskedAgain) {
  FakeProvider& well = Add({.id = "well", .total = 20});
  auto first = List(Everywhere(5));
  ASSERT_TRUE(first.ok()) << first.status();
  v1::ListEnrollmentsRequest request = Everywhere(100);
  request.set_page_token(first->next_page_token());
  well.next = {Unavailable("well")};
  EXPECT_EQ(errors::ReasonOf(List(request).status()), v1::ERROR_REASON_PROVIDER_UNAVAILABLE);
  auto rest = List(request);
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_THAT(rest->enrollments(), SizeIs(15));
}

TEST_F(FederationTest, WhereNoConnectionHasTheMethodItIsUnimplemented) {
  Configure({{.id = "bare", .provider = "measureone"}});
  EXPECT_EQ(errors::ReasonOf(List(Everywhere()).status()),
            v1::ERROR_REASON_OPERATION_NOT_SUPPORTED);
}

TEST_F(FederationTest, AConnectionThatCanNotApplyTheFilterIsNamedAndNotAsked) {
  Add({.id = "filters", .total = 3},
      {.filters = {{"year", {"="}, adapters::FilterType::kInt, ""}}});
  Add({.id = "plain", .total = 3});
  v1::ListEnrollmentsRequest request = Everywhere(2);
  request.set_filter("year = 2027");
  auto page = List(request);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(Ids(*page), ElementsAre("filters-0", "filters-1"));
  EXPECT_EQ(Reasons(*page),
            (std::map<std::string, std::string>{{"connections/plain", "FILTER_UNSUPPORTED"}}));
  request.set_page_token(page->next_page_token());
  auto last = List(request);
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_THAT(Ids(*last), ElementsAre("filters-2"));
  EXPECT_EQ(last->unreachable_size(), 1);
  EXPECT_EQ(last->next_page_token(), "");
  EXPECT_THAT(providers_[1]->asked, IsEmpty());
}

TEST_F(FederationTest, AFilterThatNobodyCanApplyOrReadIsRefused) {
  Add({.id = "plain", .total = 3});
  for (const char* filter : {"year = 2027", "year =", "OR"}) {
    v1::ListEnrollmentsRequest request = Everywhere();
    request.set_filter(filter);
    EXPECT_EQ(errors::ReasonOf(List(request).status()), v1::ERROR_REASON_FILTER_UNSUPPORTED)
        << filter;
  }
  EXPECT_THAT(providers_[0]->asked, IsEmpty());
}

// As OpenApply does with a status that only class_enrollment has.
TEST_F(FederationTest, AConnectionThatRefusesTheFilterWhenAskedIsNamedAndNotAskedAgain) {
  Add({.id = "well", .total = 3});
  FakeProvider& picky = Add({.id = "picky", .total = 3, .broken_from = 0});
  picky.broken = errors::FilterUnsupported("there is no such status", "PENDING");
  const std::map<std::string, std::string> reasons = {{"connections/picky", "FILTER_UNSUPPORTED"}};
  auto whole = List(Everywhere(10));
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_THAT(Ids(*whole), ElementsAre("well-0", "well-1", "well-2"));
  EXPECT_EQ(Reasons(*whole), reasons);
  EXPECT_EQ(whole->next_page_token(), "");

  v1::ListEnrollmentsRequest request = Everywhere(2);
  auto first = List(request);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(Ids(*first), ElementsAre("well-0", "well-1"));
  EXPECT_EQ(Reasons(*first), reasons);
  picky.asked.clear();
  request.set_page_token(first->next_page_token());
  auto last = List(request);
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_THAT(Ids(*last), ElementsAre("well-2"));
  EXPECT_EQ(Reasons(*last), reasons);
  EXPECT_EQ(last->next_page_token(), "");
  EXPECT_THAT(picky.asked, IsEmpty());

  KeepingWriter writer;
  const absl::Status streamed = Stream(writer);
  EXPECT_EQ(errors::ReasonOf(streamed), v1::ERROR_REASON_FILTER_UNSUPPORTED);
  EXPECT_THAT(writer.ids, SizeIs(3));
  EXPECT_EQ(writer.NextPageToken(), "");
}

TEST_F(FederationTest, ALearnerIsAskedForWhereTheIdIsFrom) {
  Add({.id = "west", .total = 2}, {.by_learner = true});
  Add({.id = "east", .total = 2}, {.by_learner = true});
  v1::ListEnrollmentsRequest request = Everywhere();
  request.set_learner("east:11:a");
  auto page = List(request);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(Ids(*page), ElementsAre("east-0", "east-1"));
  EXPECT_EQ(providers_[1]->learner, "11:a");
  EXPECT_THAT(providers_[0]->asked, IsEmpty());
  EXPECT_EQ(Reasons(*page),
            (std::map<std::string, std::string>{{"connections/west", "FILTER_UNSUPPORTED"}}));
}

TEST_F(FederationTest, ALearnerWhoseIdCouldBeAnybodysIsRefused) {
  Add({.id = "west", .total = 2}, {.by_learner = true});
  struct Case {
    const char* learner;
    v1::ErrorReason reason;
  };
  for (const Case& each : {Case{"11", v1::ERROR_REASON_ARGUMENT_INVALID},
                           Case{"west:", v1::ERROR_REASON_ARGUMENT_INVALID},
                           Case{":11", v1::ERROR_REASON_ARGUMENT_INVALID},
                           Case{"@", v1::ERROR_REASON_ARGUMENT_INVALID},
                           Case{"north:11", v1::ERROR_REASON_CONNECTION_UNKNOWN},
                           Case{"al@example.com", v1::ERROR_REASON_FILTER_UNSUPPORTED}}) {
    v1::ListEnrollmentsRequest request = Everywhere();
    request.set_learner(each.learner);
    const absl::Status status = List(request).status();
    EXPECT_EQ(errors::ReasonOf(status), each.reason) << each.learner;
    EXPECT_EQ(status.ToString().find("al@example.com"), std::string::npos);
  }
  EXPECT_THAT(providers_[0]->asked, IsEmpty());
}

TEST_F(FederationTest, AConnectionThatIsNoLongerConfiguredIsNamed) {
  Add({.id = "stays", .total = 9});
  Add({.id = "goes", .total = 9});
  auto first = List(Everywhere(4));
  ASSERT_TRUE(first.ok()) << first.status();
  connections_.pop_back();
  Configure(connections_);
  v1::ListEnrollmentsRequest request = Everywhere(100);
  request.set_page_token(first->next_page_token());
  auto rest = List(request);
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_THAT(rest->enrollments(), SizeIs(7));
  EXPECT_EQ(Reasons(*rest),
            (std::map<std::string, std::string>{{"connections/goes", "CONNECTION_UNKNOWN"}}));
  EXPECT_EQ(rest->next_page_token(), "");
}

TEST_F(FederationTest, AConnectionThatIsConfiguredLaterDoesNotComeIntoTheMiddleOfAWalk) {
  Add({.id = "old", .total = 9});
  auto first = List(Everywhere(4));
  ASSERT_TRUE(first.ok()) << first.status();
  Add({.id = "young", .total = 9});
  v1::ListEnrollmentsRequest request = Everywhere(100);
  request.set_page_token(first->next_page_token());
  auto rest = List(request);
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_THAT(rest->enrollments(), SizeIs(5));
  EXPECT_THAT(providers_[1]->asked, IsEmpty());
}

TEST_F(FederationTest, ALoopOfOneProviderIsThatConnectionsFailure) {
  Add({.id = "well", .total = 3});
  connections_.push_back(connections_.front());
  connections_.back().id = "circle";
  connections_.back().ports.list_enrollments =
      Listing(Answering<adapters::EnrollmentQuery, Page>(Page{.next_cursor = "again"}, nullptr));
  Configure(connections_);
  auto page = List(Everywhere(10));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(page->enrollments(), SizeIs(3));
  EXPECT_EQ(Reasons(*page)["connections/circle"], "PAGINATION_LOOP");
}

TEST_F(FederationTest, AProviderOfManyEmptyPagesDoesNotHoldThePageUp) {
  Add({.id = "well", .total = 3});
  Add({.id = "sparse", .total = 30, .page_size = 1}, {}, 4);
  auto page = List(Everywhere(20));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(page->enrollments(), SizeIs(7));
  EXPECT_THAT(page->unreachable(), IsEmpty());
  EXPECT_NE(page->next_page_token(), "");
}

TEST_F(FederationTest, ACursorThatTheTokenCanNotHoldIsThatConnectionsFailure) {
  Add({.id = "well", .total = 9});
  Add({.id = "wordy", .total = 9, .cursor_prefix = std::string(5000, 'x')});
  auto page = List(Everywhere(4));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->enrollments_size(), 4);
  // Its page of five was not used up, so its cursor is the first one still.
  EXPECT_THAT(page->unreachable(), IsEmpty());
  v1::ListEnrollmentsRequest request = Everywhere(10);
  request.set_page_token(page->next_page_token());
  auto next = List(request);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(Reasons(*next)["connections/wordy"], "PROVIDER_RESPONSE_INVALID");
  EXPECT_EQ(next->enrollments_size(), 7);
}

TEST_F(FederationTest, ManyConnectionsFitIntoOneToken) {
  for (int i = 0; i < 100; ++i) Add({.id = absl::StrCat("school-", i), .total = 3, .page_size = 2});
  EXPECT_THAT(WalkPages(70), UnorderedElementsAreArray(EveryId()));
}

TEST_F(FederationTest, TheCallersEndEndsThePage) {
  Add({.id = "hanging", .delay = absl::InfiniteDuration()});
  EXPECT_EQ(List(Everywhere(), absl::ZeroDuration()).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST_F(FederationTest, AStreamYieldsEveryRecordOnceAndEachConnectionsInItsOrder) {
  Add({.id = "a", .total = 17, .page_size = 3});
  Add({.id = "b", .total = 0});
  Add({.id = "c", .total = 40, .page_size = 10, .delay = absl::Milliseconds(5)});
  KeepingWriter writer;
  const absl::Status status = Stream(writer);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(writer.ids, UnorderedElementsAreArray(EveryId()));
  EXPECT_THAT(writer.trailers, IsEmpty());
  for (const auto& provider : providers_) {
    std::vector<std::string> own;
    for (const std::string& id : writer.ids) {
      if (id.substr(0, 1) == provider->id) own.push_back(id);
    }
    for (int i = 0; i < provider->total; ++i) {
      ASSERT_EQ(own[i], absl::StrCat(provider->id, "-", i));
    }
  }
}

TEST_F(FederationTest, ASlowConnectionDoesNotHoldUpAStreamsOthers) {
  Add({.id = "slow", .total = 5, .delay = absl::Seconds(10)});
  Add({.id = "quick", .total = 5});
  KeepingWriter writer;
  ASSERT_TRUE(Stream(writer).ok());
  EXPECT_EQ(writer.ids.front(), "quick-0");
  EXPECT_EQ(writer.ids.back(), "slow-4");
}

TEST_F(FederationTest, AStreamReadsOnlyAPageAheadOfItsReader) {
  fan_out_.max_parallel = 2;
  for (const char* id : {"a", "b", "c"}) Add({.id = id, .total = 1000, .page_size = 2});
  KeepingWriter writer;
  size_t most = 0;
  writer.on_write = [&] {
    size_t pages = 0;
    for (const auto& provider : providers_) pages += provider->asked.size();
    // Of two records each; what is written counts as read.
    most = std::max(most, pages - (writer.ids.size() - 1) / 2);
  };
  ASSERT_TRUE(Stream(writer).ok());
  // The page being written, one queued, and one in each reader's hand.
  EXPECT_LE(most, 4u);
  EXPECT_THAT(writer.ids, SizeIs(3000));
}

TEST_F(FederationTest, AStreamWithAFailedConnectionEndsWithItsErrorAfterTheOthersRecords) {
  Add({.id = "well", .total = 7});
  FakeProvider& breaks = Add({.id = "breaks", .total = 12, .page_size = 4, .broken_from = 8});
  breaks.broken = Unavailable("breaks");
  KeepingWriter writer;
  const absl::Status status = Stream(writer);
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_PROVIDER_UNAVAILABLE);
  EXPECT_EQ(errors::MetadataOf(status)["unreachable"], "connections/breaks PROVIDER_UNAVAILABLE");
  EXPECT_THAT(writer.ids, SizeIs(15));
  EXPECT_EQ(writer.trailers.find(kUnreachableTrailer)->second,
            "connections/breaks PROVIDER_UNAVAILABLE");

  // The token goes on with what is missing, and with nothing else.
  breaks.broken_from = 1000;
  KeepingWriter rest;
  const absl::Status resumed = Stream(rest, writer.NextPageToken());
  EXPECT_TRUE(resumed.ok()) << resumed;
  EXPECT_THAT(rest.ids, ElementsAre("breaks-8", "breaks-9", "breaks-10", "breaks-11"));
}

TEST_F(FederationTest, AStreamThatItsReaderLeavesGoesOnAtTheVeryNextRecord) {
  Add({.id = "a", .total = 17, .page_size = 3});
  Add({.id = "b", .total = 23, .page_size = 7});
  for (size_t limit = 0; limit < 40; ++limit) {
    KeepingWriter first;
    first.limit = limit;
    EXPECT_EQ(errors::ReasonOf(Stream(first)), v1::ERROR_REASON_SLOW_CONSUMER);
    KeepingWriter second;
    const absl::Status status = Stream(second, first.NextPageToken());
    ASSERT_TRUE(status.ok()) << status;
    std::vector<std::string> ids = first.ids;
    ids.insert(ids.end(), second.ids.begin(), second.ids.end());
    ASSERT_THAT(ids, UnorderedElementsAreArray(EveryId())) << limit;
  }
}

TEST_F(FederationTest, AStreamOfOneConnectionAlsoSaysWhereToGoOn) {
  FakeProvider& only = Add({.id = "only", .total = 10, .page_size = 4});
  KeepingWriter stopped;
  stopped.limit = 6;
  EXPECT_FALSE(Stream(stopped, "", absl::Seconds(30), "connections/only").ok());
  only.next = {absl::OkStatus(), Unavailable("only")};
  KeepingWriter failed;
  EXPECT_FALSE(Stream(failed, stopped.NextPageToken(), absl::Seconds(30), "connections/only").ok());
  EXPECT_THAT(failed.ids, ElementsAre("only-6", "only-7"));
  KeepingWriter rest;
  EXPECT_TRUE(Stream(rest, failed.NextPageToken(), absl::Seconds(30), "connections/only").ok());
  EXPECT_THAT(rest.ids, ElementsAre("only-8", "only-9"));
  EXPECT_THAT(rest.trailers, IsEmpty());
}

TEST_F(FederationTest, AListGoesOnFromAStreamsToken) {
  Add({.id = "a", .total = 17, .page_size = 3});
  KeepingWriter first;
  first.limit = 10;
  EXPECT_FALSE(Stream(first).ok());
  v1::ListEnrollmentsRequest request = Everywhere(100);
  request.set_page_token(first.NextPageToken());
  auto rest = List(request);
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_THAT(rest->enrollments(), SizeIs(7));
  EXPECT_EQ(rest->enrollments(0).provider_id(), "a-10");
}

TEST_F(FederationTest, SmallerPagesGoOnFromAPlaceInALargeFirstPage) {
  Add({.id = "a", .total = 17, .page_size = 10, .takes_hint = true});
  Add({.id = "b", .total = 17, .page_size = 10, .takes_hint = true});
  for (size_t limit = 0; limit < 34; ++limit) {
    KeepingWriter first;
    first.limit = limit;
    EXPECT_FALSE(Stream(first).ok());
    std::vector<std::string> listed = first.ids;
    v1::ListEnrollmentsRequest request = Everywhere(3);
    request.set_page_token(first.NextPageToken());
    do {
      auto page = List(request);
      ASSERT_TRUE(page.ok()) << page.status();
      for (const std::string& id : Ids(*page)) listed.push_back(id);
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    EXPECT_THAT(listed, UnorderedElementsAreArray(EveryId())) << limit;

    KeepingWriter second;
    ASSERT_TRUE(Stream(second, first.NextPageToken(), absl::Seconds(30), "connections/-", 3).ok());
    std::vector<std::string> streamed = first.ids;
    streamed.insert(streamed.end(), second.ids.begin(), second.ids.end());
    EXPECT_THAT(streamed, UnorderedElementsAreArray(EveryId())) << limit;
  }
}

TEST_F(FederationTest, WhatAStreamSaysOfManyMissingConnectionsIsNotTooMuchForTheCaller) {
  for (int i = 0; i < 100; ++i) {
    FakeProvider down{.id = absl::StrCat("school-number-", i)};
    down.broken_from = 0;
    down.broken = Unavailable(down.id);
    Add(std::move(down));
  }
  KeepingWriter writer;
  const absl::Status status = Stream(writer);
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_PROVIDER_UNAVAILABLE);
  EXPECT_NE(writer.NextPageToken(), "");
  size_t size = errors::ToRpcStatus(status).ByteSizeLong() * 4 / 3;
  for (const auto& [key, value] : writer.trailers) {
    size += key.size() + value.size() + kTrailerOverhead;
  }
  EXPECT_LT(size, kMaxTrailerBytes);
}

TEST_F(FederationTest, AHangingConnectionEndsAStreamWithinItsShareAndIsNamed) {
  Add({.id = "well", .total = 7});
  Add({.id = "hanging", .delay = absl::InfiniteDuration()});
  KeepingWriter writer;
  const absl::Time begun = loop_.fake_clock().WallNow();
  const absl::Status status = Stream(writer, "", absl::Seconds(10));
  EXPECT_EQ(loop_.fake_clock().WallNow() - begun, absl::Seconds(5));
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_DEADLINE_EXCEEDED);
  EXPECT_THAT(writer.ids, SizeIs(7));
  EXPECT_NE(writer.NextPageToken(), "");
}

TEST_F(FederationTest, AStreamWhoseFilterSomeCanNotApplyDoesNotEndWithOk) {
  Add({.id = "plain", .total = 3});
  Add({.id = "filters", .total = 3},
      {.filters = {{"year", {"="}, adapters::FilterType::kInt, ""}}});
  const auto call = CallFor(absl::Seconds(30));
  v1::StreamEnrollmentsRequest request;
  request.set_parent("connections/-");
  request.set_filter("year = 2027");
  KeepingWriter writer;
  EnrollmentHandlers handlers(parts());
  const absl::Status status =
      loop_.RunToCompletion(handlers.StreamEnrollments(*call, request, writer));
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_FILTER_UNSUPPORTED);
  EXPECT_THAT(writer.ids, SizeIs(3));
  EXPECT_EQ(writer.NextPageToken(), "");
}

TEST(WalkCursorTest, PositionsSurviveTheirToken) {
  const std::vector<WalkPosition> positions = {
      {.connection = "a", .at = {"cursor", 7}},
      {.connection = "school-2",
       .at = {std::string("\0\xff", 2), 4'000'000'000},
       .failure =
           WalkPosition::Failure{absl::StatusCode::kUnavailable, v1::ERROR_REASON_CIRCUIT_OPEN}},
      {.connection = "c"}};
  auto read = DecodeWalk(EncodeWalk(positions));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, positions);
}

TEST(WalkCursorTest, APartOfACursorIsRefusedUnlessItIsWhole) {
  const std::string one = EncodeWalk({{.connection = "a", .at = {"cursor", 7}}});
  for (size_t size = 1; size < one.size(); ++size) {
    EXPECT_EQ(errors::ReasonOf(DecodeWalk(one.substr(0, size)).status()),
              v1::ERROR_REASON_PAGE_TOKEN_INVALID)
        << size;
  }
}

TEST(WalkCursorTest, TheLimitOfACursorKeepsAllOfThemWithinTheToken) {
  for (size_t connections : {1, 2, 7, 50, 130}) {
    const size_t id_bytes = connections * 10;
    const auto limit = CursorLimit(connections, id_bytes);
    ASSERT_TRUE(limit.has_value()) << connections;
    std::vector<WalkPosition> positions(
        connections, {.connection = "0123456789", .at = {std::string(*limit, 'x'), 0}});
    EXPECT_THAT(EncodeWalk(positions), SizeIs(Le(kMaxCursorBytes))) << connections;
  }
  EXPECT_FALSE(CursorLimit(1000, 10000).has_value());
}

TEST(WalkCursorTest, TheLeastLimitTakesTheCursorOfANumberedPage) {
  constexpr size_t kIdBytes = 10;
  size_t most = 1;
  while (CursorLimit(most + 1, (most + 1) * kIdBytes).has_value()) ++most;
  const adapters::NumberedPage page{.number = 998, .size = 100};
  const std::string cursor = page.Next({"123456789", "123456889"}).ToCursor();
  EXPECT_THAT("u1234567/" + cursor, SizeIs(Le(*CursorLimit(most, most * kIdBytes)))) << cursor;
}

TEST(MissingErrorTest, NamesNoMoreConnectionsThanFit) {
  std::vector<MissingConnection> missing;
  for (int i = 0; i < 200; ++i) {
    const std::string id = absl::StrCat("connection-with-a-long-name-", i);
    missing.push_back({id, Unavailable(id)});
  }
  const absl::Status status = MissingError(missing);
  EXPECT_THAT(errors::MetadataOf(status)["unreachable"], HasSubstr("180 more"));
  EXPECT_LE(errors::ToRpcStatus(status).ByteSizeLong(), errors::kMaxStatusBytes);
}

}  // namespace
}  // namespace edugate::services
