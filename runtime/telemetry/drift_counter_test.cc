#include "runtime/telemetry/drift_counter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace edugate::telemetry {
namespace {

using testing::HasSubstr;

TEST(DriftCounterTest, CountsEachDifferenceByKindMessageAndPath) {
  DriftCounter drift;
  drift.OnUnknownField("p.M", "a.b");
  drift.OnUnknownField("p.M", "a.b");
  drift.OnIllFitting("p.M", "a.b");
  drift.OnMissing("p.M", "c");
  drift.OnNewEnumValue("p.M", "d");
  EXPECT_EQ(drift.Count("unknown_field", "p.M", "a.b"), 2);
  EXPECT_EQ(drift.Count("ill_fitting", "p.M", "a.b"), 1);
  EXPECT_EQ(drift.Count("missing", "p.M", "c"), 1);
  EXPECT_EQ(drift.Count("new_enum_value", "p.M", "d"), 1);
  EXPECT_EQ(drift.Count("missing", "p.M", "a.b"), 0);
  EXPECT_THAT(
      drift.Text(),
      HasSubstr(
          "edugate_provider_drift_total{kind=\"unknown_field\",message=\"p.M\",path=\"a.b\"} 2\n"));
}

TEST(DriftCounterTest, AProviderThatInventsNamesCanNotFillTheMemory) {
  DriftCounter drift;
  for (size_t i = 0; i < DriftCounter::kMaxEntries + 50; ++i) {
    drift.OnUnknownField("p.M", absl::StrCat("f", i));
  }
  EXPECT_EQ(drift.Count("unknown_field", "*", "*"), 50);
}

}  // namespace
}  // namespace edugate::telemetry
