#include "runtime/codec/dates.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace edugate::codec {
namespace {

std::string Date(absl::string_view text) {
  const auto date = ParseDate(text);
  return date ? FormatDate(*date) : "nothing";
}

std::string Instant(absl::string_view text, MissingOffset missing = MissingOffset::kRefuse) {
  const auto instant = ParseInstant(text, missing);
  return instant ? FormatRfc3339(*instant) : "nothing";
}

TEST(DatesTest, DatesAreReadInBothOrders) {
  EXPECT_EQ(Date("2019-12-18"), "2019-12-18");
  EXPECT_EQ(Date("12/18/2019"), "2019-12-18");
  EXPECT_EQ(Date("4/3/2016"), "2016-04-03");
  EXPECT_EQ(Date("04/13/2016"), "2016-04-13");
  EXPECT_EQ(Date("2024-02-29"), "2024-02-29");
  EXPECT_EQ(Date("2000-02-29"), "2000-02-29");
  EXPECT_EQ(Date("0001-01-01"), "0001-01-01");
  EXPECT_EQ(Date("9999-12-31"), "9999-12-31");
}

TEST(DatesTest, WhatIsNoDateIsRefused) {
  for (absl::string_view text : {"",
                                 "2019",
                                 "2019-12",
                                 "2019-1-1",
                                 "2019-02-31",
                                 "2023-02-29",
                                 "1900-02-29",
                                 "2019-13-01",
                                 "2019-00-10",
                                 "2019-01-00",
                                 "0000-01-01",
                                 "10000-01-01",
                                 "13/01/2019",
                                 "02/30/2019",
                                 "1/2/19",
                                 "2019-12-18 ",
                                 " 2019-12-18",
                                 "2019-12-18T00:00:00Z",
                                 "2019/12/18",
                                 "-019-01-01",
                                 "2019-12-1x",
                                 "12/18/20190"}) {
    EXPECT_EQ(Date(text), "nothing") << text;
  }
}

TEST(DatesTest, InstantsAreReadAsProvidersWriteThem) {
  const std::pair<absl::string_view, absl::string_view> kCases[] = {
      {"2015-09-07T02:13:29.000Z", "2015-09-07T02:13:29Z"},
      {"2015-09-07T02:13:29Z", "2015-09-07T02:13:29Z"},
      {"2015-09-07t02:13:29z", "2015-09-07T02:13:29Z"},
      {"2016-06-21T17:51:52.000+08:00", "2016-06-21T09:51:52Z"},
      {"2021-01-01 00:00:00+00:00", "2021-01-01T00:00:00Z"},
      {"2021-01-01 00:00:00.123456+0000", "2021-01-01T00:00:00.123456Z"},
      {"2021-01-01T00:30:00+01", "2020-12-31T23:30:00Z"},
      {"2021-01-01T00:00:00-05:30", "2021-01-01T05:30:00Z"},
      {"2021-01-01T00:00:00.5Z", "2021-01-01T00:00:00.500Z"},
      {"2021-01-01T00:00:00.1234567891234Z", "2021-01-01T00:00:00.123456789Z"},
      {"2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999999999Z"},
      {"2017-01-01T08:59:60+09:00", "2016-12-31T23:59:59.999999999Z"},
      {"1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"},
      {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
      {"9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"},
  };
  for (const auto& [text, expected] : kCases) EXPECT_EQ(Instant(text), expected) << text;
}

TEST(DatesTest, WhatIsNoInstantIsRefused) {
  for (absl::string_view text : {"",
                                 "2015-09-07",
                                 "2015-09-07T02:13Z",
                                 "2015-09-07T02:13:29",
                                 "2015-09-07T24:00:00Z",
                                 "2015-09-07T02:60:00Z",
                                 "2015-09-07T02:13:61Z",
                                 "2015-09-07T12:00:60Z",
                                 "2015-02-31T00:00:00Z",
                                 "2015-09-07T02:13:29.Z",
                                 "2015-09-07T02:13:29,5Z",
                                 "2015-09-07  02:13:29Z",
                                 "2015-09-07T02:13:29ZZ",
                                 "2015-09-07T02:13:29+24:00",
                                 "2015-09-07T02:13:29+01:60",
                                 "2015-09-07T02:13:29+1",
                                 "2015-09-07T02:13:29 Z",
                                 "0001-01-01T00:00:00+00:01",
                                 "9999-12-31T23:59:59-00:01",
                                 "0000-12-31T23:59:59Z"}) {
    EXPECT_EQ(Instant(text), "nothing") << text;
  }
}

TEST(DatesTest, NoOtherCharacterPassesForOneOfAnInstant) {
  const std::string instant = "2015-09-07T02:13:29.125+01:30";
  ASSERT_EQ(Instant(instant), "2015-09-07T00:43:29.125Z");
  for (size_t i = 0; i < instant.size(); ++i) {
    const bool digit = absl::ascii_isdigit(instant[i]);
    for (int c = 0; c < 256; ++c) {
      std::string changed = instant;
      changed[i] = static_cast<char>(c);
      // T may be t or a blank, and + may be -.
      if (changed[i] == instant[i] || (digit && absl::ascii_isdigit(changed[i]))) continue;
      if ((i == 10 && (c == 't' || c == ' ')) || (instant[i] == '+' && c == '-')) continue;
      EXPECT_EQ(Instant(changed), "nothing") << i << " " << c;
    }
    // +01 is an offset, too.
    if (i != instant.size() - 3) EXPECT_EQ(Instant(instant.substr(0, i)), "nothing") << i;
  }
}

TEST(DatesTest, EachMonthBeginsTheDayAfterTheLastOneEnds) {
  const auto seconds = [](int year, int month, int day) {
    const auto instant =
        ParseInstant(absl::StrFormat("%04d-%02d-%02dT00:00:00Z", year, month, day));
    return instant ? instant->seconds() : INT64_MIN;
  };
  constexpr int64_t kDay = 86'400;
  int64_t next = -62'135'596'800;
  for (int year = 1; year <= 9999; ++year) {
    for (int month = 1; month <= 12; ++month) {
      ASSERT_EQ(seconds(year, month, 1), next) << year << "-" << month;
      int last = 31;
      while (seconds(year, month, last) == INT64_MIN) --last;
      next += last * kDay;
      ASSERT_EQ(seconds(year, month, last) + kDay, next) << year << "-" << month;
    }
  }
  EXPECT_EQ(next, 253'402'300'800);
}

TEST(DatesTest, AMissingOffsetIsUtcOnlyWhenAskedFor) {
  EXPECT_EQ(Instant("2015-09-07T02:13:29"), "nothing");
  EXPECT_EQ(Instant("2015-09-07T02:13:29", MissingOffset::kUtc), "2015-09-07T02:13:29Z");
  EXPECT_EQ(Instant("2015-09-07", MissingOffset::kUtc), "nothing");
}

TEST(DatesTest, EpochsCountSecondsOrMillis) {
  const auto epoch = [](absl::string_view text, EpochUnit unit) {
    const auto instant = ParseEpoch(text, unit);
    return instant ? FormatRfc3339(*instant) : "nothing";
  };
  EXPECT_EQ(epoch("1588183754", EpochUnit::kSeconds), "2020-04-29T18:09:14Z");
  EXPECT_EQ(epoch("1681191048000", EpochUnit::kMillis), "2023-04-11T05:30:48Z");
  EXPECT_EQ(epoch("1681191048001", EpochUnit::kMillis), "2023-04-11T05:30:48.001Z");
  EXPECT_EQ(epoch("-1", EpochUnit::kMillis), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(epoch("-1.5", EpochUnit::kSeconds), "1969-12-31T23:59:58.500Z");
  EXPECT_EQ(epoch("1588183754.25", EpochUnit::kSeconds), "2020-04-29T18:09:14.250Z");
  EXPECT_EQ(epoch("1.681191048e12", EpochUnit::kMillis), "2023-04-11T05:30:48Z");
  EXPECT_EQ(epoch("/Date(1333267200000)/", EpochUnit::kSeconds), "2012-04-01T08:00:00Z");
  EXPECT_EQ(epoch("/Date(1333267200000+0800)/", EpochUnit::kMillis), "2012-04-01T08:00:00Z");
  EXPECT_EQ(epoch("/Date(-1000)/", EpochUnit::kMillis), "1969-12-31T23:59:59Z");
  for (absl::string_view text :
       {"", "-", "abc", "1588183754s", "0x10", "99999999999999999999", "1e300", "1.", "/Date()/",
        "/Date(1)", "/Date(1x)/", "/Date(1+99999)/", "253402300800"}) {
    EXPECT_EQ(epoch(text, EpochUnit::kSeconds), "nothing") << text;
  }
  EXPECT_EQ(ParseEpoch(int64_t{INT64_MAX}, EpochUnit::kSeconds), std::nullopt);
  EXPECT_EQ(ParseEpoch(int64_t{INT64_MIN}, EpochUnit::kMillis), std::nullopt);
}

TEST(DatesTest, AKindSaysHowATextIsRead) {
  const auto sort = [](absl::string_view text, rest::v1::DateKind kind) {
    const auto parsed = ParseByKind(text, kind);
    if (!parsed) return "nothing";
    return std::holds_alternative<google::type::Date>(*parsed) ? "date" : "instant";
  };
  EXPECT_STREQ(sort("2014-03-13", rest::v1::DATE_KIND_DATE), "date");
  EXPECT_STREQ(sort("2014-03-13T00:00:00Z", rest::v1::DATE_KIND_DATE), "nothing");
  EXPECT_STREQ(sort("2014-03-13", rest::v1::DATE_KIND_DATE_OR_INSTANT), "date");
  EXPECT_STREQ(sort("2014-03-13T00:00:00", rest::v1::DATE_KIND_DATE_OR_INSTANT), "instant");
  EXPECT_STREQ(sort("2014-03-13", rest::v1::DATE_KIND_INSTANT), "nothing");
  EXPECT_STREQ(sort("1588183754", rest::v1::DATE_KIND_EPOCH_SECONDS), "instant");
  EXPECT_STREQ(sort("1588183754000", rest::v1::DATE_KIND_EPOCH_MILLIS), "instant");
  EXPECT_STREQ(sort("2014-03-13", rest::v1::DATE_KIND_UNSPECIFIED), "nothing");
}

TEST(DatesTest, EveryDayOfTheCalendarComesBack) {
  google::protobuf::Timestamp instant;
  constexpr int64_t kFirst = -62'135'596'800;
  constexpr int64_t kLast = 253'402'300'799;
  // Not a whole number of days, so that the times of day vary too.
  for (int64_t second = kFirst; second <= kLast; second += 86'399 * 7) {
    instant.set_seconds(second);
    const auto back = ParseInstant(FormatRfc3339(instant));
    ASSERT_TRUE(back.has_value()) << second;
    ASSERT_EQ(back->seconds(), second);
  }
}

TEST(DatesTest, WhatCannotBeFormattedIsEmpty) {
  google::protobuf::Timestamp instant;
  instant.set_seconds(253'402'300'800);
  EXPECT_EQ(FormatRfc3339(instant), "");
  instant.set_seconds(0);
  instant.set_nanos(-1);
  EXPECT_EQ(FormatRfc3339(instant), "");
  google::type::Date date;
  date.set_year(2019);
  EXPECT_EQ(FormatDate(date), "");
}

}  // namespace
}  // namespace edugate::codec
