#include "services/paging.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <random>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "google/protobuf/arena.h"
#include "gtest/gtest.h"
#include "runtime/async/test_loop.h"

namespace edugate::services {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Records that are numbers, written out.
using Records = google::protobuf::RepeatedPtrField<std::string>;
using NumberPort = adapters::PagePort<adapters::PageQuery, std::string>;

std::vector<int> NumbersOf(const Records& records) {
  std::vector<int> numbers;
  for (const std::string& record : records) {
    EXPECT_TRUE(absl::SimpleAtoi(record, &numbers.emplace_back())) << record;
  }
  return numbers;
}

// A page as it was put together.
struct Page {
  std::vector<int> records;
  std::optional<PageState> next;
};

constexpr int kPlentyOfPages = 1000;

// A provider whose pages are what a test says. The first page's cursor is "".
class FakeProvider {
 public:
  void Add(const std::string& cursor, std::vector<int> records, const std::string& next) {
    pages_[cursor] = {std::move(records), next};
  }

  void Fail(const std::string& cursor, absl::Status status) { failures_[cursor] = status; }

  // Pages with so many records each, numbered on from 0.
  static FakeProvider OfLengths(const std::vector<int>& lengths) {
    FakeProvider provider;
    int record = 0;
    for (size_t page = 0; page < lengths.size(); ++page) {
      std::vector<int> records(lengths[page]);
      for (int& each : records) each = record++;
      const bool last = page + 1 == lengths.size();
      provider.Add(page == 0 ? "" : absl::StrCat(page), std::move(records),
                   last ? "" : absl::StrCat(page + 1));
    }
    return provider;
  }

  NumberPort Port() {
    return [this](async::CallContext&, const adapters::PageQuery& query, Records& into) {
      return Answer(query, into);
    };
  }

  const std::vector<std::string>& asked() const { return asked_; }
  const std::vector<int>& hints() const { return hints_; }

 private:
  // A failure leaves half a page behind.
  async::Task<absl::StatusOr<std::string>> Answer(const adapters::PageQuery& query, Records& into) {
    asked_.push_back(query.cursor);
    hints_.push_back(query.size_hint);
    const auto& [records, next] = pages_.at(query.cursor);
    const auto failure = failures_.find(query.cursor);
    const size_t given = failure != failures_.end() ? records.size() / 2 : records.size();
    for (size_t i = 0; i < given; ++i) *into.Add() = absl::StrCat(records[i]);
    if (failure != failures_.end()) co_return failure->second;
    co_return next;
  }

  std::map<std::string, std::pair<std::vector<int>, std::string>> pages_;
  std::map<std::string, absl::Status> failures_;
  std::vector<std::string> asked_;
  std::vector<int> hints_;
};

class PagingTest : public ::testing::Test {
 protected:
  // On an arena, as the replies of calls are; what the reply holds already stays as it is.
  absl::StatusOr<Page> Assemble(FakeProvider& provider, int32_t page_size, PageState state = {},
                                int max_pages = kPlentyOfPages) {
    google::protobuf::Arena arena;
    Records records(&arena);
    *records.Add() = "-1";
    const NumberPort port = provider.Port();
    auto next = loop_.RunToCompletion(AssemblePage(
        call_, port, adapters::PageQuery{}, std::move(state), page_size, max_pages, records));
    std::vector<int> numbers = NumbersOf(records);
    EXPECT_EQ(numbers.front(), -1);
    numbers.erase(numbers.begin());
    if (!next.ok()) {
      EXPECT_THAT(numbers, IsEmpty());
      return next.status();
    }
    return Page{std::move(numbers), *std::move(next)};
  }

  async::TestLoop loop_;
  async::CallContext call_{loop_, async::kNever};
};

TEST_F(PagingTest, PutsAPageTogetherFromShorterOnes) {
  FakeProvider provider = FakeProvider::OfLengths({3, 3, 3});
  auto page = Assemble(provider, 5);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(page->records, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(page->next, (PageState{"1", 2}));
  EXPECT_THAT(provider.asked(), ElementsAre("", "1"));
}

TEST_F(PagingTest, GoesOnInTheMiddleOfAProvidersPage) {
  FakeProvider provider = FakeProvider::OfLengths({3, 3, 3});
  auto page = Assemble(provider, 5, {"1", 2});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(page->records, ElementsAre(5, 6, 7, 8));
  EXPECT_EQ(page->next, std::nullopt);
}

TEST_F(PagingTest, CutsALongerPage) {
  FakeProvider provider = FakeProvider::OfLengths({10});
  auto page = Assemble(provider, 4);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(page->records, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(page->next, (PageState{"", 4}));
}

TEST_F(PagingTest, AFullPageAtAProvidersBoundaryAsksForNoMore) {
  FakeProvider provider = FakeProvider::OfLengths({3, 3});
  auto page = Assemble(provider, 3);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(page->records, ElementsAre(0, 1, 2));
  EXPECT_EQ(page->next, (PageState{"1", 0}));
  EXPECT_THAT(provider.asked(), ElementsAre(""));
}

TEST_F(PagingTest, TheLastFullPageHasNoToken) {
  FakeProvider provider = FakeProvider::OfLengths({3, 3});
  auto page = Assemble(provider, 6);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->records.size(), 6u);
  EXPECT_EQ(page->next, std::nullopt);
}

TEST_F(PagingTest, AnEmptyProviderPageWithASuccessorIsNotTheEnd) {
  FakeProvider provider = FakeProvider::OfLengths({2, 0, 0, 2});
  auto page = Assemble(provider, 10);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(page->records, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(page->next, std::nullopt);
}

TEST_F(PagingTest, AnEmptyListIsAPageWithoutToken) {
  FakeProvider provider = FakeProvider::OfLengths({0});
  auto page = Assemble(provider, 10);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(page->records, IsEmpty());
  EXPECT_EQ(page->next, std::nullopt);
}

TEST_F(PagingTest, TellsTheProviderHowManyAreWanted) {
  FakeProvider provider = FakeProvider::OfLengths({3, 3});
  ASSERT_TRUE(Assemble(provider, 5).ok());
  EXPECT_THAT(provider.hints(), ElementsAre(5, 5));
}

TEST_F(PagingTest, AProviderPageThatHasBecomeShorterGivesNothingTwice) {
  FakeProvider provider = FakeProvider::OfLengths({2, 2});
  auto page = Assemble(provider, 2, {"", 3});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(page->records, ElementsAre(2, 3));
}

// A provider whose pages are as large as is asked for, at most eight of its twenty records. Only
// the cursors that it gives out say how large their pages are.
NumberPort PortOfPagesAsAskedFor() {
  struct Reply {
    static async::Task<absl::StatusOr<std::string>> Give(const adapters::PageQuery& query,
                                                         Records& into) {
      constexpr int kTotal = 20;
      constexpr int kLargest = 8;
      int begin = 0;
      int size = query.size_hint <= 0 ? kLargest : std::min(query.size_hint, kLargest);
      if (!query.cursor.empty()) {
        const std::vector<std::string> parts = absl::StrSplit(query.cursor, '/');
        EXPECT_TRUE(absl::SimpleAtoi(parts[0], &begin) && absl::SimpleAtoi(parts[1], &size));
      }
      const int end = std::min(kTotal, begin + size);
      for (int i = begin; i < end; ++i) *into.Add() = absl::StrCat(i);
      co_return end < kTotal ? absl::StrCat(end, "/", size) : std::string();
    }
  };
  return [](async::CallContext&, const adapters::PageQuery& query, Records& into) {
    return Reply::Give(query, into);
  };
}

TEST_F(PagingTest, APlaceInALargeFirstPageIsGoneOnFromInSmallerPages) {
  const NumberPort port = PortOfPagesAsAskedFor();
  for (const int place : {1, 3, 6, 8}) {
    for (const int page_size : {1, 2, 7, 50}) {
      std::vector<int> numbers;
      std::optional<PageState> state = PageState{"", static_cast<uint32_t>(place)};
      while (state.has_value()) {
        Records records;
        auto next = loop_.RunToCompletion(AssemblePage(call_, port, adapters::PageQuery{}, *state,
                                                       page_size, kPlentyOfPages, records));
        ASSERT_TRUE(next.ok()) << next.status();
        for (const int each : NumbersOf(records)) numbers.push_back(each);
        state = *next;
      }
      std::vector<int> rest(20 - place);
      std::iota(rest.begin(), rest.end(), place);
      EXPECT_EQ(numbers, rest) << place << " " << page_size;
    }
  }
}

TEST_F(PagingTest, EndsEarlyWithATokenAfterSoManyProviderPages) {
  FakeProvider provider = FakeProvider::OfLengths(std::vector<int>(50, 1));
  auto page = Assemble(provider, 40, {}, 20);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->records.size(), 20u);
  EXPECT_EQ(page->next, (PageState{"20", 0}));
  EXPECT_EQ(provider.asked().size(), 20u);
}

TEST_F(PagingTest, ALeadBackToTheSamePageIsALoop) {
  FakeProvider provider;
  provider.Add("", {0, 1}, "a");
  provider.Add("a", {2, 3}, "a");
  auto page = Assemble(provider, 10);
  EXPECT_EQ(errors::ReasonOf(page.status()), v1::ERROR_REASON_PAGINATION_LOOP);
  EXPECT_EQ(provider.asked().size(), 2u);
}

TEST_F(PagingTest, ACircleOfThreePagesIsALoop) {
  FakeProvider provider;
  provider.Add("", {0}, "a");
  provider.Add("a", {1}, "b");
  provider.Add("b", {2}, "c");
  provider.Add("c", {3}, "a");
  auto page = Assemble(provider, 10);
  EXPECT_EQ(page.status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(errors::ReasonOf(page.status()), v1::ERROR_REASON_PAGINATION_LOOP);
}

// Otherwise every page would lead the caller to the same page again.
TEST_F(PagingTest, ALoopAtTheEndOfAFullPageIsNoToken) {
  FakeProvider provider;
  provider.Add("", {0, 1}, "a");
  provider.Add("a", {2, 3}, "a");
  auto page = Assemble(provider, 2, {"a", 0});
  EXPECT_EQ(errors::ReasonOf(page.status()), v1::ERROR_REASON_PAGINATION_LOOP);
}

TEST_F(PagingTest, AFailureOnALaterPageIsAFailureOfTheWhole) {
  FakeProvider provider = FakeProvider::OfLengths({2, 2, 2});
  provider.Fail("1", errors::ProviderResponseInvalid("cut", {}));
  auto page = Assemble(provider, 6);
  EXPECT_EQ(errors::ReasonOf(page.status()), v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID);
}

TEST_F(PagingTest, APageBeforeAFailureIsGivenWithATokenThatMeetsIt) {
  FakeProvider provider = FakeProvider::OfLengths({2, 2, 2});
  provider.Fail("1", errors::ProviderResponseInvalid("cut", {}));
  auto page = Assemble(provider, 2);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->next, (PageState{"1", 0}));
}

TEST_F(PagingTest, AnyWalkOfAnyProviderGivesEveryRecordOnceInPagesOfTheSizeAskedFor) {
  std::mt19937 random(20260101);
  const auto upto = [&](int most) { return std::uniform_int_distribution<int>(0, most)(random); };
  for (int round = 0; round < 500; ++round) {
    std::vector<int> lengths(1 + upto(12));
    int total = 0;
    for (int& length : lengths) total += length = upto(3) == 0 ? 0 : upto(7);
    const int max_pages = 1 + upto(20);
    FakeProvider provider = FakeProvider::OfLengths(lengths);
    SCOPED_TRACE(absl::StrCat("round ", round, ", ", lengths.size(), " provider pages"));

    std::vector<int> got;
    PageState state;
    for (;;) {
      const int page_size = 1 + upto(9);
      const size_t asked_before = provider.asked().size();
      auto page = Assemble(provider, page_size, state, max_pages);
      ASSERT_TRUE(page.ok()) << page.status();
      const bool cut_short =
          provider.asked().size() - asked_before == static_cast<size_t>(max_pages);
      if (page->next.has_value() && !cut_short) {
        ASSERT_EQ(page->records.size(), static_cast<size_t>(page_size));
      }
      ASSERT_LE(page->records.size(), static_cast<size_t>(page_size));
      got.insert(got.end(), page->records.begin(), page->records.end());
      if (!page->next.has_value()) break;
      state = *page->next;
    }
    ASSERT_EQ(got.size(), static_cast<size_t>(total));
    for (int i = 0; i < total; ++i) ASSERT_EQ(got[i], i);
  }
}

// Keeps what is written; refuses after `limit` items.
class KeepingWriter final : public StreamWriter<std::string> {
 public:
  explicit KeepingWriter(size_t limit = 1000000) : limit_(limit) {}

  async::Task<absl::Status> Write(std::string item) override {
    if (items.size() >= limit_) co_return errors::Cancelled({});
    EXPECT_TRUE(absl::SimpleAtoi(item, &items.emplace_back())) << item;
    co_return absl::OkStatus();
  }

  std::vector<int> items;

 private:
  const size_t limit_;
};

class StreamPagesTest : public PagingTest {
 protected:
  absl::Status Stream(FakeProvider& provider, KeepingWriter& writer, PageState state = {}) {
    const NumberPort port = provider.Port();
    return loop_.RunToCompletion(
        StreamPages<adapters::PageQuery, std::string>(call_, port, {}, std::move(state), writer));
  }
};

TEST_F(StreamPagesTest, WritesEveryRecordOfEveryPage) {
  FakeProvider provider = FakeProvider::OfLengths({2, 0, 3});
  KeepingWriter writer;
  EXPECT_TRUE(Stream(provider, writer).ok());
  EXPECT_THAT(writer.items, ElementsAre(0, 1, 2, 3, 4));
}

TEST_F(StreamPagesTest, GoesOnFromAState) {
  FakeProvider provider = FakeProvider::OfLengths({2, 2, 3});
  KeepingWriter writer;
  EXPECT_TRUE(Stream(provider, writer, {"1", 1}).ok());
  EXPECT_THAT(writer.items, ElementsAre(3, 4, 5, 6));
}

TEST_F(StreamPagesTest, GoesOnInALargeFirstPageWithSmallerPages) {
  const NumberPort port = PortOfPagesAsAskedFor();
  KeepingWriter writer;
  EXPECT_TRUE(loop_
                  .RunToCompletion(StreamPages<adapters::PageQuery, std::string>(
                      call_, port, {.size_hint = 2}, {"", 6}, writer))
                  .ok());
  std::vector<int> rest(14);
  std::iota(rest.begin(), rest.end(), 6);
  EXPECT_EQ(writer.items, rest);
}

TEST_F(StreamPagesTest, EndsWithTheWritersError) {
  FakeProvider provider = FakeProvider::OfLengths({2, 2, 3});
  KeepingWriter writer(3);
  EXPECT_TRUE(absl::IsCancelled(Stream(provider, writer)));
  EXPECT_THAT(provider.asked(), ElementsAre("", "1"));
}

TEST_F(StreamPagesTest, ReadsNoPageBeforeTheOneBeforeIsWritten) {
  FakeProvider provider = FakeProvider::OfLengths({2, 2});
  KeepingWriter writer(2);
  EXPECT_TRUE(absl::IsCancelled(Stream(provider, writer)));
  EXPECT_EQ(writer.items.size(), 2u);
}

TEST_F(StreamPagesTest, ALoopEndsTheStream) {
  FakeProvider provider;
  provider.Add("", {0}, "a");
  provider.Add("a", {1}, "b");
  provider.Add("b", {2}, "a");
  KeepingWriter writer;
  const absl::Status status = Stream(provider, writer);
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_PAGINATION_LOOP);
  EXPECT_THAT(writer.items, ElementsAre(0, 1, 2));
}

TEST_F(StreamPagesTest, AFailureOnALaterPageEndsTheStreamWithIt) {
  FakeProvider provider = FakeProvider::OfLengths({2, 2});
  provider.Fail("1", errors::StoreUnavailable("x"));
  KeepingWriter writer;
  EXPECT_EQ(errors::ReasonOf(Stream(provider, writer)), v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_THAT(writer.items, ElementsAre(0, 1));
}

TEST(PageSizeTest, HasADefaultAndABound) {
  EXPECT_EQ(*PageSizeOf(0), kDefaultPageSize);
  EXPECT_EQ(*PageSizeOf(1), 1);
  EXPECT_EQ(*PageSizeOf(kMaxPageSize), kMaxPageSize);
  EXPECT_EQ(*PageSizeOf(kMaxPageSize + 1), kMaxPageSize);
}

TEST(PageSizeTest, RefusesANegativeOne) {
  EXPECT_EQ(errors::ReasonOf(PageSizeOf(-1).status()), v1::ERROR_REASON_ARGUMENT_INVALID);
}

TEST(CursorTrailTest, ACircleIsNoticedHoweverLongItIs) {
  for (const size_t length : {size_t{1}, size_t{3}, CursorTrail::kRemembered, size_t{5000}}) {
    CursorTrail trail;
    size_t steps = 0;
    while (trail.Visit(absl::StrCat(steps % length)) && steps < 100'000) ++steps;
    EXPECT_GE(steps, length);
    EXPECT_LE(steps, length <= CursorTrail::kRemembered / 2 ? length : 8 * length) << length;
  }
}

TEST(CursorTrailTest, ALongWalkWithoutACircleIsNone) {
  CursorTrail trail;
  for (int i = 0; i < 50'000; ++i) ASSERT_TRUE(trail.Visit(absl::StrCat(i)));
}

}  // namespace
}  // namespace edugate::services
