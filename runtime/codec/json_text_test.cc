#include "runtime/codec/json_text.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/codec/value_path.h"

namespace edugate::codec {
namespace {

TEST(JsonTextTest, AcceptsExactlyTheGrammar) {
  for (absl::string_view text :
       {"null", "true", "false", "0", "-1.5e+3", "\"\"", "\"a\\u00e9\\n\"", "[]", "[ ]", "{}",
        "{ }", " [1 , 2]\n", "{\"a\":{\"b\":[null]}}", "\"\\ud800\""}) {
    EXPECT_TRUE(IsJsonText(text)) << text;
  }
  for (absl::string_view text :
       {"",     " ",       "nul",         "nulll",      "True",  "01",        "1.",
        "[1,]", "[,1]",    "[1 2]",       "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "{\"a\":}",
        "\"",   "\"\\x\"", "\"\\u12g4\"", "\"\n\"",     "[}",    "{]",        "[[]",
        "1 2",  "// x\n1", "'a'",         "NaN"}) {
    EXPECT_FALSE(IsJsonText(text)) << text;
  }
}

TEST(JsonTextTest, TakesEscapesOut) {
  const std::pair<absl::string_view, absl::string_view> fine[] = {
      {"", ""},
      {"plain", "plain"},
      {R"(\"\\\/\b\f\n\r\t)", "\"\\/\b\f\n\r\t"},
      {R"(a\\nb\nc)", "a\\nb\nc"},
      {R"(\u0041\u007f\u0080\u07ff\u0800\uffff)", "A\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF"},
      {R"(\ud800\udc00\uDBFF\uDFFF)", "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"},
      {R"(\u00e9é)", "éé"},
      {R"(\u0000)", absl::string_view("\0", 1)},
  };
  std::string text = "left over";
  for (const auto& [inside, expected] : fine) {
    EXPECT_TRUE(UnescapeJson(inside, &text)) << inside;
    EXPECT_EQ(text, expected) << inside;
  }
  for (absl::string_view wrong :
       {R"(\)", R"(a\)", R"(\x)", R"(\U0041)", R"(\u)", R"(\u12)", R"(\u123g)", R"(\u 123)",
        R"(\ud800)", R"(\ud800x)", R"(\ud800\n)", R"(\ud800\u0041)", R"(\ud800\ud800)",
        R"(\ud800\udc0)", R"(\udc00)", R"(\udc00\ud800)"}) {
    EXPECT_FALSE(UnescapeJson(wrong, &text)) << wrong;
  }
}

TEST(JsonTextTest, StopsAtItsBounds) {
  JsonFlaw flaw = JsonFlaw::kNone;
  const std::string deep(1'000'000, '[');
  JsonBudget budget{64, 1'000'000};
  EXPECT_EQ(ScanJsonValue(deep.data(), deep.data() + deep.size(), &budget, &flaw), nullptr);
  EXPECT_EQ(flaw, JsonFlaw::kTooDeep);
  const absl::string_view wide = "[1,2,3]";
  budget = {64, 3};
  EXPECT_EQ(ScanJsonValue(wide.data(), wide.data() + wide.size(), &budget, &flaw), nullptr);
  EXPECT_EQ(flaw, JsonFlaw::kTooManyValues);
  budget = {1, 4};
  EXPECT_EQ(ScanJsonValue(wide.data(), wide.data() + wide.size(), &budget, &flaw),
            wide.data() + wide.size());
  EXPECT_EQ(budget.nodes, 0);
}

TEST(JsonTextTest, PathsOfAnyNameCanBeTakenApart) {
  const std::vector<std::string> kNames = {"a", "a.b",        "x[0]", "",  "\"",
                                           "é", "with space", "a]",   "\\"};
  for (const std::string& first : kNames) {
    for (const std::string& second : kNames) {
      std::string path;
      AppendPathName(first, &path);
      AppendPathIndex(7, &path);
      AppendPathName(second, &path);
      const auto steps = SplitPath(path);
      ASSERT_TRUE(steps.has_value()) << path;
      ASSERT_EQ(steps->size(), 3u) << path;
      EXPECT_EQ((*steps)[0].name, first);
      EXPECT_EQ((*steps)[1].index, 7u);
      EXPECT_EQ((*steps)[2].name, second);
    }
  }
  for (absl::string_view path :
       {"", ".", ".a", "a.", "a..b", "a[", "a[]", "a[x]", "a[1", "a[\"b]", "a[1]b", "a[-1]"}) {
    EXPECT_FALSE(SplitPath(path).has_value()) << path;
  }
}

TEST(ValuePathTest, ErrorsAndMetricsShowNoDataUsedAsAName) {
  const ValuePath list = ValuePath::Field(nullptr, "labels");
  const ValuePath element = ValuePath::Element(&list, 3);
  for (absl::string_view key : {"jo@example.com", "12345678", "3f2a8e1c-9b1d-4a57", "Jo Doe", ""}) {
    const ValuePath value = ValuePath::Foreign(&element, key);
    EXPECT_EQ(PathText(&value, nullptr, PathStyle::kError), "labels[3].*") << key;
    EXPECT_EQ(PathText(&value, nullptr, PathStyle::kDrift), "labels[].*") << key;
  }
  const ValuePath value = ValuePath::Foreign(&element, "course_key");
  EXPECT_EQ(PathText(&value, nullptr, PathStyle::kDrift), "labels[].course_key");
  EXPECT_EQ(PathText(&value, &list, PathStyle::kExact), "[3].course_key");
  const ValuePath entry = ValuePath::Key(&list, "Jo_Doe");
  EXPECT_EQ(PathText(&entry, nullptr, PathStyle::kError), "labels.*");
  EXPECT_EQ(PathText(&entry, nullptr, PathStyle::kDrift), "labels.*");
  EXPECT_EQ(PathText(&entry, nullptr, PathStyle::kExact), "labels.Jo_Doe");
}

}  // namespace
}  // namespace edugate::codec
