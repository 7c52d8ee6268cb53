#include "adapters/numbered_page.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

NumberedPage Page(absl::string_view cursor, int32_t size_hint = 0) {
  auto page = NumberedPage::FromCursor(cursor, /*first=*/1, size_hint, /*max_size=*/200);
  EXPECT_TRUE(page.ok()) << page.status();
  return page.value_or(NumberedPage());
}

TEST(NumberedPageTest, WithoutACursorTheFirstPageHasTheSizeThatSuitsTheCaller) {
  const std::pair<int32_t, int32_t> sizes[] = {{0, 200},   {-1, 200},  {1, 1},     {50, 50},
                                               {200, 200}, {201, 200}, {1000, 200}};
  for (const auto& [hint, size] : sizes) {
    EXPECT_EQ(Page("", hint).number, 1);
    EXPECT_EQ(Page("", hint).size, size) << hint;
  }
  EXPECT_EQ(NumberedPage::FromCursor("", 0, 0, 100)->number, 0);
}

TEST(NumberedPageTest, ACursorKeepsItsSizeWhateverTheCallerHints) {
  const std::string cursor = Page("", 50).Next().ToCursor();
  EXPECT_EQ(Page(cursor, 7).number, 2);
  EXPECT_EQ(Page(cursor, 7).size, 50);
  EXPECT_EQ(Page(Page(cursor).Next().ToCursor()).number, 3);
}

TEST(NumberedPageTest, ACursorThatIsNoneIsRefused) {
  for (const char* cursor :
       {"1", "x", "/", "1/", "/50", "a/50", "2/b", "0/50", "-1/50", "2/0", "2/-1", "2/201",
        "99999999999/50", "2147483647/50", "2/99999999999", "?page=2", "2.5/50"}) {
    const auto page = NumberedPage::FromCursor(cursor, 1, 50, 200);
    EXPECT_EQ(errors::ReasonOf(page.status()), v1::ERROR_REASON_PAGE_TOKEN_INVALID) << cursor;
    EXPECT_EQ(page.status().code(), absl::StatusCode::kInvalidArgument) << cursor;
  }
}

TEST(NumberedPageTest, APageThatHoldsWhatTheOneBeforeHeldIsARepetition) {
  const std::vector<std::string> held = {"138", "141", "150"};
  const NumberedPage next = Page(Page("").Next(held).ToCursor());
  EXPECT_TRUE(next.Repeats(held));
  EXPECT_FALSE(next.Repeats({"151", "152", "153"}));
  EXPECT_FALSE(next.Repeats({"138", "141"}));
  EXPECT_FALSE(next.Repeats({"141", "145", "150"}));
  EXPECT_FALSE(next.Repeats({}));
}

TEST(NumberedPageTest, ACursorIsShortHoweverLongTheIdsAre) {
  const std::vector<std::string> held = {"9223372036854775806", "9223372036854775807"};
  const std::string cursor = Page("998/200").Next(held).ToCursor();
  EXPECT_LE(cursor.size(), 15u) << cursor;
  EXPECT_TRUE(Page(cursor).Repeats(held));
}

TEST(NumberedPageTest, NothingIsARepetitionOnTheFirstPageOrOfRecordsWithoutIds) {
  EXPECT_FALSE(Page("").Repeats({"1", "2"}));
  EXPECT_FALSE(Page(Page("").Next({"", ""}).ToCursor()).Repeats({"", ""}));
  EXPECT_FALSE(Page(Page("").Next({}).ToCursor()).Repeats({}));
}

TEST(NumberedPageTest, OnlyWherePagesAreLongerIsOneRecordARepetition) {
  EXPECT_FALSE(Page(Page("", 1).Next({"138"}).ToCursor()).Repeats({"138"}));
  EXPECT_TRUE(Page(Page("", 50).Next({"138"}).ToCursor()).Repeats({"138"}));
}

TEST(PageNumberInTest, TheQueryOfALinkAloneCounts) {
  EXPECT_EQ(PageNumberIn("https://api.example/v2/catalogs?page=3"), 3);
  EXPECT_EQ(PageNumberIn("?format=json&page=12#page=4"), 12);
  EXPECT_EQ(PageNumberIn("//evil.example\\@x/?page=2&page=9"), 2);
  EXPECT_EQ(PageNumberIn("?page=-1"), -1);
  for (const char* none : {"", "?", "page=3", "/page=3", "/x#?page=3", "?page", "?page=", "?page=x",
                           "?page=99999999999", "?pages=3", "?Page=3"}) {
    EXPECT_EQ(PageNumberIn(none), std::nullopt) << none;
  }
}

}  // namespace
}  // namespace edugate::adapters
