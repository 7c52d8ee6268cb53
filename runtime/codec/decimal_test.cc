#include "runtime/codec/decimal.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace edugate::codec {
namespace {

using ::testing::Optional;

TEST(DecimalTest, KnowsJsonNumbers) {
  for (absl::string_view text : {"0", "-0", "12", "-12.50", "1e3", "1E+3", "0.5e-7", "1e400"}) {
    EXPECT_TRUE(IsJsonNumber(text)) << text;
  }
  for (absl::string_view text : {"", "-", "+1", "01", "-01", ".5", "5.", "1e", "1e+", "1.2.3",
                                 "0x1", "1 ", " 1", "NaN", "Infinity", "1,000", "--1"}) {
    EXPECT_FALSE(IsJsonNumber(text)) << text;
  }
}

TEST(DecimalTest, SmallIntegersAreThoseThatNeedNoSecondLook) {
  const std::pair<absl::string_view, int64_t> cases[] = {
      {"0", 0},
      {"-0", 0},
      {"7", 7},
      {"-12", -12},
      {"10", 10},
      {"999999999999999999", 999'999'999'999'999'999},
      {"-999999999999999999", -999'999'999'999'999'999},
  };
  for (const auto& [text, expected] : cases) {
    int64_t number = 1;
    EXPECT_TRUE(SmallInteger(text, &number)) << text;
    EXPECT_EQ(number, expected) << text;
    EXPECT_TRUE(IsJsonNumber(text)) << text;
    EXPECT_THAT(ExactInt64(text), Optional(expected));
  }
  for (absl::string_view text :
       {"", "-", "--1", "+1", "00", "01", "-01", "1.0", "1e1", "1000000000000000000",
        "0000000000000000001", " 1", "1 ", "a", "1a", "/", ":", "\xB1"}) {
    int64_t number = 1;
    EXPECT_FALSE(SmallInteger(text, &number)) << text;
  }
  EXPECT_THAT(ExactInt64("1000000000000000000"), Optional(1'000'000'000'000'000'000));
  EXPECT_THAT(ExactUint64("-0"), Optional(0));
  EXPECT_EQ(ExactUint64("-1"), std::nullopt);
}

TEST(DecimalTest, NormalizesWithoutLosingADigit) {
  const std::pair<absl::string_view, absl::string_view> kCases[] = {
      {"550.0", "550.0"},
      {"0", "0"},
      {"0.50", "0.50"},
      {"00.50", "0.50"},
      {"-0.50", "-0.50"},
      {"10", "10"},
      {"+2.50", "2.50"},
      {".5", "0.5"},
      {"5.", "5"},
      {"007.10", "7.10"},
      {"-0.00", "0.00"},
      {"-0", "0"},
      {"1e3", "1000"},
      {"1.5E+3", "1500"},
      {"15e-1", "1.5"},
      {"1.25e-3", "0.00125"},
      {"0e99", "0"},
      {"-1e2", "-100"},
      {"12345678901234567890.123456789012345678", "12345678901234567890.123456789012345678"},
      {"1e400", "1e400"},
      {"-01.50e-77", "-1.50e-77"},
      {"+00000000000000000000000000000000000000000000000000002e1", "20"},
  };
  for (const auto& [text, normal] : kCases) {
    EXPECT_THAT(NormalizeDecimal(text), Optional(std::string(normal))) << text;
  }
  for (absl::string_view text : {"", ".", "-", "e5", "1,000", "1 000", "$5", "12.5%", "1e", "NaN",
                                 " 1", "1e9999999999999999999999"}) {
    EXPECT_EQ(NormalizeDecimal(text), std::nullopt) << text;
  }
}

TEST(DecimalTest, IntegersAreExactOrNothing) {
  EXPECT_THAT(ExactInt64("12"), Optional(12));
  EXPECT_THAT(ExactInt64("12.0"), Optional(12));
  EXPECT_THAT(ExactInt64("1.2e1"), Optional(12));
  EXPECT_THAT(ExactInt64("1e3"), Optional(1000));
  EXPECT_THAT(ExactInt64("1200e-2"), Optional(12));
  EXPECT_THAT(ExactInt64("-0"), Optional(0));
  EXPECT_THAT(ExactInt64("9223372036854775807"), Optional(INT64_MAX));
  EXPECT_THAT(ExactInt64("-9223372036854775808"), Optional(INT64_MIN));
  EXPECT_THAT(ExactUint64("18446744073709551615"), Optional(UINT64_MAX));
  EXPECT_EQ(ExactInt64("12.5"), std::nullopt);
  EXPECT_EQ(ExactInt64("1e-1"), std::nullopt);
  EXPECT_EQ(ExactInt64("9223372036854775808"), std::nullopt);
  EXPECT_EQ(ExactInt64("-9223372036854775809"), std::nullopt);
  EXPECT_EQ(ExactUint64("18446744073709551616"), std::nullopt);
  EXPECT_EQ(ExactUint64("-1"), std::nullopt);
  EXPECT_EQ(ExactInt64("1e99999999999999999999"), std::nullopt);
  EXPECT_THAT(ExactInt64("0e99999999999999999999"), Optional(0));
  EXPECT_EQ(ExactInt64("007"), std::nullopt);
  EXPECT_EQ(ExactInt64(std::string(1 << 20, '7')), std::nullopt);
}

TEST(DecimalTest, MoneyIsExact) {
  struct Case {
    absl::string_view text;
    int64_t units;
    int32_t nanos;
    absl::string_view back;
  };
  const Case kCases[] = {
      {"550.0", 550, 0, "550"},
      {"-0.5", 0, -500'000'000, "-0.5"},
      {"-12.345678901", -12, -345'678'901, "-12.345678901"},
      {"0.000000001", 0, 1, "0.000000001"},
      {"1.10000000000000", 1, 100'000'000, "1.1"},
      {"9223372036854775807.999999999", INT64_MAX, 999'999'999, "9223372036854775807.999999999"},
      {"1e2", 100, 0, "100"},
  };
  for (const Case& c : kCases) {
    const auto money = DecimalToMoney(c.text, "USD");
    ASSERT_TRUE(money.ok()) << c.text;
    EXPECT_EQ(money->units(), c.units) << c.text;
    EXPECT_EQ(money->nanos(), c.nanos) << c.text;
    EXPECT_EQ(money->currency_code(), "USD");
    EXPECT_EQ(MoneyToDecimal(*money), c.back);
  }
  for (absl::string_view text :
       {"", "abc", "0.0000000001", "9223372036854775808", "1e400", "1e-400"}) {
    EXPECT_EQ(DecimalToMoney(text, "USD").status().code(), absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(DecimalTest, CentsGoBothWays) {
  for (int64_t cents : {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{-599'900}, int64_t{199},
                        INT64_MAX, INT64_MIN}) {
    EXPECT_THAT(MoneyToCents(CentsToMoney(cents, "USD")), Optional(cents));
  }
  EXPECT_EQ(CentsToMoney(-150, "USD").units(), -1);
  EXPECT_EQ(CentsToMoney(-150, "USD").nanos(), -500'000'000);
  EXPECT_EQ(MoneyToCents(*DecimalToMoney("0.001", "USD")), std::nullopt);
}

}  // namespace
}  // namespace edugate::codec
