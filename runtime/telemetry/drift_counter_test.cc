#include "runtime/telemetry/drift_counter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "runtime/async/test_loop.h"

namespace edugate::telemetry {
namespace {

using testing::HasSubstr;

class DriftCounterTest : public ::testing::Test {
 protected:
  // How often, over all connections; 0 where never.
  int64_t CountOf(DriftKind kind, const std::string& message, const std::string& path) const {
    int64_t count = 0;
    for (const DriftRecord& each : drift_.List()) {
      if (each.kind == kind && each.message == message && each.path == path) count += each.count;
    }
    return count;
  }

  async::FakeClock clock_;
  DriftCounter drift_{clock_};
};

TEST_F(DriftCounterTest, CountsEachDifferenceByKindMessageAndPath) {
  codec::DriftSink& sink = drift_.ForConnection("openapply", "oa");
  sink.OnUnknownField("p.M", "a.b");
  sink.OnUnknownField("p.M", "a.b");
  sink.OnIllFitting("p.M", "a.b");
  sink.OnMissing("p.M", "c");
  sink.OnNewEnumValue("p.M", "d");
  EXPECT_EQ(CountOf(DriftKind::kUnknownField, "p.M", "a.b"), 2);
  EXPECT_EQ(CountOf(DriftKind::kIllFitting, "p.M", "a.b"), 1);
  EXPECT_EQ(CountOf(DriftKind::kMissing, "p.M", "c"), 1);
  EXPECT_EQ(CountOf(DriftKind::kNewEnumValue, "p.M", "d"), 1);
  EXPECT_EQ(CountOf(DriftKind::kMissing, "p.M", "a.b"), 0);
  EXPECT_THAT(drift_.Text(),
              HasSubstr("edugate_provider_drift_total{provider=\"openapply\",connection=\"oa\","
                        "kind=\"unknown_field\",message=\"p.M\",path=\"a.b\"} 2\n"));
}

TEST_F(DriftCounterTest, EachConnectionHasItsOwnAndTheListIsOrdered) {
  drift_.ForConnection("openapply", "oa2").OnMissing("p.M", "c");
  drift_.ForConnection("openapply", "oa").OnMissing("p.M", "c");
  drift_.ForConnection("openapply", "oa").OnUnknownField("p.M", "b");
  drift_.ForConnection("openapply", "oa").OnUnknownField("p.A", "z");
  std::vector<std::string> seen;
  for (const DriftRecord& each : drift_.List()) {
    seen.push_back(absl::StrCat(each.connection, " ", each.message, " ", each.path));
  }
  EXPECT_THAT(seen, testing::ElementsAre("oa p.A z", "oa p.M b", "oa p.M c", "oa2 p.M c"));
}

TEST_F(DriftCounterTest, AConnectionThatBecomesAnotherProvidersCountsForThatOne) {
  drift_.ForConnection("openapply", "one").OnMissing("p.M", "c");
  drift_.ForConnection("openapply", "one").OnMissing("p.M", "e");
  drift_.ForConnection("measureone", "one").OnMissing("p.M", "c");
  drift_.ForConnection("measureone", "one").OnMissing("p.M", "d");
  std::vector<std::string> seen;
  for (const DriftRecord& each : drift_.List()) {
    seen.push_back(absl::StrCat(each.path, " ", each.provider, " ", each.count));
  }
  EXPECT_THAT(seen, testing::ElementsAre("c measureone 1", "c openapply 1", "d measureone 1",
                                         "e openapply 1"));
  EXPECT_THAT(drift_.Text(), HasSubstr("{provider=\"measureone\",connection=\"one\","
                                       "kind=\"missing\",message=\"p.M\",path=\"d\"} 1\n"));
}

TEST_F(DriftCounterTest, SaysWhenADifferenceWasSeenFirstAndLast) {
  codec::DriftSink& sink = drift_.ForConnection("openapply", "oa");
  const absl::Time first = clock_.WallNow();
  sink.OnMissing("p.M", "c");
  clock_.Advance(absl::Hours(3));
  sink.OnMissing("p.M", "c");
  const std::vector<DriftRecord> records = drift_.List();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].first_seen, first);
  EXPECT_EQ(records[0].last_seen, first + absl::Hours(3));
}

TEST_F(DriftCounterTest, AProviderThatInventsNamesCanNotFillTheMemory) {
  codec::DriftSink& sink = drift_.ForConnection("openapply", "oa");
  for (size_t i = 0; i < DriftCounter::kMaxEntries + 50; ++i) {
    sink.OnUnknownField("p.M", absl::StrCat("f", i));
  }
  EXPECT_EQ(CountOf(DriftKind::kUnknownField, "*", "*"), 50);
  drift_.ForConnection("openapply", "oa2").OnUnknownField("p.M", "its own");
  EXPECT_EQ(CountOf(DriftKind::kUnknownField, "p.M", "its own"), 1);
}

}  // namespace
}  // namespace edugate::telemetry
