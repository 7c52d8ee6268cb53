#include "runtime/telemetry/json_fields.h"

#include <gtest/gtest.h>

#include <limits>

namespace edugate::telemetry {
namespace {

TEST(JsonFieldsTest, WritesEachKindOfValue) {
  JsonFields fields;
  EXPECT_EQ(fields.Object(), "{}");
  fields.Text("a", "x").Integer("b", -7).Bool("c", true).Texts("d", {"y", "z"}).Json("e", "[1]");
  EXPECT_EQ(fields.Object(), R"({"a":"x","b":-7,"c":true,"d":["y","z"],"e":[1]})");
  EXPECT_EQ(JsonFields().Texts("none", {}).text(), R"("none":[])");
}

TEST(JsonFieldsTest, TextThatNeedsItIsEscaped) {
  EXPECT_EQ(JsonFields().Text("a", "\"\\\n\x01").text(), R"("a":"\"\\\n\u0001")");
  EXPECT_EQ(JsonFields().Text("a", "Zo\xc3\xab").text(), "\"a\":\"Zo\xc3\xab\"");
  EXPECT_EQ(JsonFields().Text("a", "\xff").text(), "\"a\":\"\xef\xbf\xbd\"");
  EXPECT_EQ(JsonFields().Texts("a", {"x\ty"}).text(), R"("a":["x\ty"])");
}

TEST(JsonFieldsTest, DecimalsHaveThreeDigitsAfterThePoint) {
  EXPECT_EQ(JsonFields().Decimal("a", 0).text(), R"("a":0.000)");
  EXPECT_EQ(JsonFields().Decimal("a", 12.3456).text(), R"("a":12.346)");
  EXPECT_EQ(JsonFields().Decimal("a", -0.05).text(), R"("a":-0.050)");
  EXPECT_EQ(JsonFields().Decimal("a", 1e13).text(), R"("a":null)");
  EXPECT_EQ(JsonFields().Decimal("a", std::numeric_limits<double>::quiet_NaN()).text(),
            R"("a":null)");
}

}  // namespace
}  // namespace edugate::telemetry
