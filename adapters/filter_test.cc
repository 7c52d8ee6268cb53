#include "adapters/filter.h"

#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The comparisons as text: [field op value], a quoted value in quotes.
std::string Show(const Filter& filter) {
  return absl::StrJoin(filter.comparisons, " ", [](std::string* out, const Comparison& each) {
    const absl::string_view quote = each.quoted ? "\"" : "";
    absl::StrAppend(out, "[", each.field, " ", each.op, " ", quote, each.value, quote, "]");
  });
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

Comparison ValueOf(std::string value) {
  return {.field = "f", .op = "=", .value = std::move(value)};
}

TEST(ParseFilterTest, ConjunctionsOfComparisonsAreRead) {
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},
      {" \t\n", ""},
      {"year = 2027", "[year = 2027]"},
      {"year=2027", "[year = 2027]"},
      {"  year  =  2027  ", "[year = 2027]"},
      {"provider_status = \"Not Sent\"", "[provider_status = \"Not Sent\"]"},
      {"provider_status = 'Not Sent'", "[provider_status = \"Not Sent\"]"},
      {"provider_status = \"Pending\" AND year = 2027",
       "[provider_status = \"Pending\"] [year = 2027]"},
      {"a != 1 AND b < 2 AND c <= 3 AND d > 4 AND e >= 5 AND f : 6",
       "[a != 1] [b < 2] [c <= 3] [d > 4] [e >= 5] [f : 6]"},
      {"a!=1 AND b<2 AND c<=3 AND d>4 AND e>=5 AND f:6",
       "[a != 1] [b < 2] [c <= 3] [d > 4] [e >= 5] [f : 6]"},
      {"session.year = 2027", "[session.year = 2027]"},
      {"a.b.c:d", "[a.b.c : d]"},
      {"(year = 2027)", "[year = 2027]"},
      {"( a = 1 AND b = 2 )", "[a = 1] [b = 2]"},
      {"((a = 1))", "[a = 1]"},
      {"(a = 1) AND (b = 2 AND (c = 3))", "[a = 1] [b = 2] [c = 3]"},
      {"(a=1)AND(b=2)", "[a = 1] [b = 2]"},
      {"day >= 2027-01-31", "[day >= 2027-01-31]"},
      {"create_time < 2027-01-31T08:00:00.5+01:00", "[create_time < 2027-01-31T08:00:00.5+01:00]"},
      {"key = course-v1:edX+DemoX+2T", "[key = course-v1:edX+DemoX+2T]"},
      {"n = -5", "[n = -5]"},
      {"ok = true", "[ok = true]"},
      {"a = \"\"", "[a = \"\"]"},
      {R"(a = "say \"hi\" \\ \* it\'s")", R"([a = "say "hi" \ * it's"])"},
      {R"(a = 'say "hi"')", R"([a = "say "hi""])"},
      {"a = \"AND\" AND b = \"(\"", "[a = \"AND\"] [b = \"(\"]"},
      {"a = \"Zo\xC3\xAB\" AND b = Zo\xC3\xAB", "[a = \"Zo\xC3\xAB\"] [b = Zo\xC3\xAB]"},
      {"ANDY = and AND or = not", "[ANDY = and] [or = not]"},
      {"a = \"x\"AND b = 2", "[a = \"x\"] [b = 2]"},
  };
  for (const auto& [text, want] : cases) {
    SCOPED_TRACE(text);
    const auto filter = ParseFilter(text);
    ASSERT_TRUE(filter.ok()) << filter.status();
    EXPECT_EQ(Show(*filter), want);
  }
}

TEST(ParseFilterTest, WhatIsNotSupportedIsRefusedWithItsPlace) {
  const std::pair<std::string, std::string> cases[] = {
      {"a = 1 OR b = 2", "OR is not supported at character 7"},
      {"NOT a = 1", "NOT is not supported at character 1"},
      {"a = 1 AND NOT b = 2", "NOT is not supported at character 11"},
      {"-a = 1", "negation is not supported at character 1"},
      {"a = 1 and b = 2", "expected AND at character 7"},
      {"a = 1 b = 2", "expected AND at character 7"},
      {"a = 1, b = 2", "has to be quoted at character 6"},
      {"Pending", "expected an operator after 'Pending' at character 8"},
      {"\"Pending\"", "expected a field name at character 1"},
      {"year", "expected an operator after 'year' at character 5"},
      {"year =", "expected a value at character 7"},
      {"year = AND b = 1", "expected a value at character 8"},
      {"= 1", "expected a field name at character 1"},
      {"AND", "expected a field name at character 1"},
      {"a = 1 AND", "expected a field name at character 10"},
      {"a. = 1", "expected a field name at character 3"},
      {".a = 1", "expected a field name at character 1"},
      {"1a = 1", "expected a field name at character 1"},
      {"a == 1", "has to be quoted at character 4"},
      {"a <> 1", "has to be quoted at character 4"},
      {"a ~ 1", "expected an operator after 'a' at character 3"},
      {"a ! 1", "expected an operator after 'a' at character 3"},
      {"f(a) = 1", "functions are not supported at character 1"},
      {"a = f(b)", "has to be quoted at character 6"},
      {"a : (b OR c)", "lists of values are not supported at character 5"},
      {"a : *", "* as a wildcard is not supported"},
      {"a = *.edu", "* as a wildcard is not supported"},
      {"a = \"x*\"", "* as a wildcard is not supported"},
      {"a = \"x", "a quote is not closed at character 5"},
      {"a = \"x\\\"", "a quote is not closed at character 5"},
      {"a = \"x\\n\"", "an escape is one of \\\\ \\\" \\' \\* at character 7"},
      {"a = \"x\\", "an escape is one of"},
      {"a = x\\y", "has to be quoted at character 6"},
      {"a = x\"y\"", "has to be quoted at character 6"},
      {"(a = 1", "'(' without ')' at character 1"},
      {"a = 1)", "unexpected ')' at character 6"},
      {"()", "expected a field name at character 2"},
      {"(a = 1)(b = 2)", "expected AND at character 8"},
      {"\xC3\xA9 = 1", "expected a field name at character 1"},
      {"a = \xC3\xA9 OR b = 1", "OR is not supported at character 7"},
      {std::string("a = x\0y", 7), "has to be quoted at character 6"},
      {"a = \"\xFF\"", "not UTF-8"},
  };
  for (const auto& [text, want] : cases) {
    SCOPED_TRACE(text);
    const auto filter = ParseFilter(text);
    ASSERT_FALSE(filter.ok()) << Show(*filter);
    EXPECT_EQ(filter.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(errors::ReasonOf(filter.status()), v1::ERROR_REASON_FILTER_UNSUPPORTED);
    EXPECT_THAT(Message(filter.status()), HasSubstr(want));
    EXPECT_THAT(Message(filter.status()), HasSubstr("supported: field = value AND"));
  }
}

TEST(ParseFilterTest, SizeIsBounded) {
  const std::string longest = absl::StrCat("a = ", std::string(kMaxFilterBytes - 4, 'x'));
  EXPECT_TRUE(ParseFilter(longest).ok());
  EXPECT_THAT(Message(ParseFilter(longest + "x").status()), HasSubstr("longer than 4096 bytes"));

  const std::vector<std::string> most(kMaxComparisons, "a = 1");
  EXPECT_TRUE(ParseFilter(absl::StrJoin(most, " AND ")).ok());
  EXPECT_THAT(Message(ParseFilter(absl::StrJoin(most, " AND ") + " AND b = 2").status()),
              HasSubstr("more than 32 comparisons"));

  const std::string open(kMaxFilterDepth, '(');
  const std::string close(kMaxFilterDepth, ')');
  EXPECT_TRUE(ParseFilter(open + "a = 1" + close).ok());
  EXPECT_THAT(Message(ParseFilter("(" + open + "a = 1" + close + ")").status()),
              HasSubstr("too many parentheses at character 9"));
  EXPECT_FALSE(ParseFilter(std::string(kMaxFilterBytes, '(')).ok());
}

TEST(ParseFilterTest, AnErrorRepeatsNoValue) {
  for (const char* text : {"name = Jane \"Doe\"", "email = jane@example.org OR a = 1", "a = \"Jane",
                           "name = \"Jane\" \"Doe\"", "name = Jane(Doe)"}) {
    const auto filter = ParseFilter(text);
    ASSERT_FALSE(filter.ok()) << text;
    EXPECT_THAT(Message(filter.status()), Not(HasSubstr("Jane"))) << text;
    EXPECT_THAT(Message(filter.status()), Not(HasSubstr("jane"))) << text;
  }
}

TEST(ParseFilterTest, AnyTextIsReadOrRefused) {
  const std::vector<std::string> pieces = {
      "a",  "AND", "OR", "NOT", "(", ")",  "=",        "!=",   "<",   ">=", ":",  "\"", "'",
      "\\", "*",   ".",  "-",   " ", "27", "\xC3\xA9", "\xC3", "b_1", ",",  "\n", "~",  "true"};
  std::mt19937 random(7);
  int read = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    const size_t length = random() % 9;
    for (size_t i = 0; i < length; ++i) text += pieces[random() % pieces.size()];
    const auto filter = ParseFilter(text);
    if (!filter.ok()) {
      ASSERT_EQ(errors::ReasonOf(filter.status()), v1::ERROR_REASON_FILTER_UNSUPPORTED) << text;
      continue;
    }
    ++read;
    for (const Comparison& each : filter->comparisons) {
      ASSERT_FALSE(each.field.empty()) << text;
      ASSERT_FALSE(each.op.empty()) << text;
      ASSERT_TRUE(each.quoted || !each.value.empty()) << text;
    }
  }
  EXPECT_GT(read, 0);
}

const std::vector<FilterField>& Fields() {
  static const auto& fields = *new std::vector<FilterField>{
      {"provider_status", {"=", "!="}, FilterType::kString, "the school's own label"},
      {"year", {"="}, FilterType::kInt, "the school year"},
      {"decision_date", {"=", "<", ">="}, FilterType::kDate, ""},
      {"create_time", {"<", ">="}, FilterType::kTime, ""},
      {"primary", {"="}, FilterType::kBool, ""},
  };
  return fields;
}

absl::Status Check(absl::string_view text, const std::vector<FilterField>& fields = Fields()) {
  const auto filter = ParseFilter(text);
  return filter.ok() ? CheckFilter(*filter, fields) : filter.status();
}

TEST(CheckFilterTest, WhatTheProviderCanApplyPasses) {
  for (const char* text :
       {"", "provider_status = \"Not Sent\" AND year = 2027", "year = \"2027\"", "year = -1",
        "decision_date = 2027-01-31", "decision_date >= 2027-01-01 AND decision_date < 2027-02-01",
        "decision_date = \"2028-02-29\"", "create_time >= 2027-01-31T00:00:00Z",
        "create_time < \"2027-01-31T00:00:00.123+05:30\"", "primary = true", "primary = false",
        "provider_status = \"\"", "provider_status = a AND provider_status != b"}) {
    EXPECT_EQ(Check(text), absl::OkStatus()) << text;
  }
  EXPECT_EQ(Check("", {}), absl::OkStatus());
}

TEST(CheckFilterTest, TheFirstComparisonThatCannotBeAppliedIsNamed) {
  const std::pair<std::string, std::string> cases[] = {
      {"fee > 100", "'fee' can't be filtered by, at character 1"},
      {"year = 2027 AND fee > 100 AND x = 1", "'fee' can't be filtered by, at character 17"},
      {"Year = 2027", "'Year' can't be filtered by"},
      {"provider_status.x = 1", "'provider_status.x' can't be filtered by"},
      {"year > 2027", "'year' can't be compared by >, only by =, at character 1"},
      {"year : 2027", "'year' can't be compared by :, only by ="},
      {"provider_status < a", "'provider_status' can't be compared by <, only by =, !="},
      {"year = x", "the value of 'year' has to be an integer, at character 1"},
      {"decision_date = 2027-02-29", "the value of 'decision_date' has to be a date, YYYY-MM-DD"},
      {"create_time < 2027-01-31", "the value of 'create_time' has to be an RFC 3339 time"},
      {"primary = yes", "the value of 'primary' has to be true or false"},
      {"year = 2027 AND year = 2028", "'year' is compared by = more than once, at character 17"},
      {"year = 2027 AND year = 2027", "'year' is compared by = more than once"},
      {"decision_date < 2027-01-01 AND decision_date < 2028-01-01",
       "'decision_date' is compared by < more than once"},
  };
  for (const auto& [text, want] : cases) {
    SCOPED_TRACE(text);
    const absl::Status status = Check(text);
    EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_FILTER_UNSUPPORTED);
    EXPECT_THAT(Message(status), HasSubstr(want));
    EXPECT_THAT(Message(status),
                HasSubstr("supported: provider_status (string: =, !=), year (int: =)"));
  }
}

TEST(CheckFilterTest, AListWithoutFilterFieldsRefusesEveryFilter) {
  EXPECT_THAT(Message(Check("year = 2027", {})), HasSubstr("supported: no fields"));
}

TEST(CheckFilterTest, AnErrorRepeatsNoValueAndNoLongFieldName) {
  EXPECT_THAT(Message(Check("year = \"Jane Doe\"")), Not(HasSubstr("Jane")));
  const std::string name(2000, 'x');
  EXPECT_LT(Check(absl::StrCat(name, " = 1")).message().size(), 400u);
}

TEST(FilterTest, AComparisonIsFoundByFieldAndOperator) {
  const auto filter = ParseFilter("day >= 2027-01-01 AND day < 2027-02-01 AND year = 2027");
  ASSERT_TRUE(filter.ok());
  ASSERT_NE(filter->Find("year"), nullptr);
  EXPECT_EQ(filter->Find("year")->value, "2027");
  ASSERT_NE(filter->Find("day", "<"), nullptr);
  EXPECT_EQ(filter->Find("day", "<")->value, "2027-02-01");
  EXPECT_EQ(filter->Find("day"), nullptr);
  EXPECT_EQ(filter->Find("month"), nullptr);
}

TEST(FilterValueTest, IntegersAreReadExactly) {
  EXPECT_EQ(IntValue(ValueOf("2027")), 2027);
  EXPECT_EQ(IntValue(ValueOf("-9223372036854775808")), INT64_MIN);
  EXPECT_EQ(IntValue(ValueOf("007")), 7);
  for (const char* text :
       {"", "-", "+1", " 1", "1 ", "1.0", "1e3", "--1", "9223372036854775808", "x"}) {
    EXPECT_EQ(IntValue(ValueOf(text)), std::nullopt) << text;
  }
}

TEST(FilterValueTest, DatesAreDaysOfTheCalendar) {
  EXPECT_EQ(DateValue(ValueOf("2028-02-29")), absl::CivilDay(2028, 2, 29));
  EXPECT_EQ(DateValue(ValueOf("0001-01-01")), absl::CivilDay(1, 1, 1));
  for (const char* text : {"", "2027-02-29", "2027-13-01", "2027-00-01", "2027-01-00", "2027-01-32",
                           "0000-01-01", "2027-1-31", "27-01-31", "2027/01/31",
                           "2027-01-31T00:00:00Z", " 2027-01-31", "+027-01-31"}) {
    EXPECT_EQ(DateValue(ValueOf(text)), std::nullopt) << text;
  }
}

TEST(FilterValueTest, TimesAreRfc3339) {
  EXPECT_EQ(TimeValue(ValueOf("1970-01-01T00:00:01Z")), absl::FromUnixSeconds(1));
  EXPECT_EQ(TimeValue(ValueOf("1970-01-01T01:00:00.25+01:00")), absl::FromUnixMillis(250));
  for (const char* text : {"", "2027-01-31", "2027-01-31T00:00:00", "2027-01-31 00:00:00Z",
                           "2027-02-30T00:00:00Z", "2027-01-31T25:00:00Z", "2027-01-31T00:00:00Z ",
                           "infinite-future", "2027-01-31T00:00:00Zx"}) {
    EXPECT_EQ(TimeValue(ValueOf(text)), std::nullopt) << text;
  }
}

TEST(FilterValueTest, BooleansAreTrueAndFalse) {
  EXPECT_EQ(BoolValue(ValueOf("true")), true);
  EXPECT_EQ(BoolValue(ValueOf("false")), false);
  for (const char* text : {"", "True", "1", "yes"})
    EXPECT_EQ(BoolValue(ValueOf(text)), std::nullopt) << text;
}

TEST(FilterTest, EveryTypeHasAName) {
  EXPECT_EQ(FilterTypeText(FilterType::kString), "string");
  EXPECT_EQ(FilterTypeText(FilterType::kInt), "int");
  EXPECT_EQ(FilterTypeText(FilterType::kDate), "date");
  EXPECT_EQ(FilterTypeText(FilterType::kTime), "time");
  EXPECT_EQ(FilterTypeText(FilterType::kBool), "bool");
}

}  // namespace
}  // namespace edugate::adapters
