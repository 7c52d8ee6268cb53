#include "adapters/new_words.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/test_loop.h"

namespace edugate::adapters {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SeenDrift final : public codec::DriftSink {
 public:
  void OnUnknownField(absl::string_view, absl::string_view) override { ADD_FAILURE(); }
  void OnIllFitting(absl::string_view, absl::string_view) override { ADD_FAILURE(); }
  void OnMissing(absl::string_view, absl::string_view) override { ADD_FAILURE(); }
  void OnNewEnumValue(absl::string_view message, absl::string_view path) override {
    seen.push_back(absl::StrCat(message, " ", path));
  }

  std::vector<std::string> seen;
};

TEST(NewWordsTest, AnUnknownValueBesideTheProvidersWordIsNew) {
  SeenDrift drift;
  v1::Enrollment record;
  record.set_status(v1::ENROLLMENT_STATUS_UNKNOWN);
  record.set_provider_status("Maybe next year");
  NewWords(v1::Enrollment::descriptor()).Count(record, drift);
  EXPECT_THAT(drift.seen, ElementsAre("edugate.v1.Enrollment status"));
}

TEST(NewWordsTest, AKnownWordAndAWordThatMeansUnknownAreNotNew) {
  SeenDrift drift;
  v1::Enrollment record;
  record.set_status(v1::ENROLLMENT_STATUS_ENROLLED);
  record.set_provider_status("60");
  const NewWords words(v1::Enrollment::descriptor());
  words.Count(record, drift);
  record.set_status(v1::ENROLLMENT_STATUS_UNKNOWN);
  for (const char* word : {"", "0", "Unknown", "OTHER"}) {
    record.set_provider_status(word);
    words.Count(record, drift);
  }
  EXPECT_THAT(drift.seen, IsEmpty());
}

TEST(NewWordsTest, WordsDeepWithinARecordAreFound) {
  SeenDrift drift;
  v1::Transcript record;
  v1::TranscriptDigest& digest = *record.mutable_digest();
  digest.set_award_type(v1::AWARD_TYPE_OTHER);
  digest.set_provider_award_type("NANODEGREE");
  NewWords(v1::Transcript::descriptor()).Count(record, drift);
  EXPECT_THAT(drift.seen, ElementsAre("edugate.v1.TranscriptDigest award_type"));
}

TEST(NewWordsTest, PortsAreLookedThroughAndOthersStayEmpty) {
  SeenDrift drift;
  Ports ports;
  ports.list_enrollments =
      [](async::CallContext&,
         const EnrollmentQuery&) -> async::Task<absl::StatusOr<ProviderPage<v1::Enrollment>>> {
    ProviderPage<v1::Enrollment> page;
    page.records.resize(2);
    page.records[1].set_status(v1::ENROLLMENT_STATUS_UNKNOWN);
    page.records[1].set_provider_status("77");
    co_return page;
  };
  const Ports counting = CountingNewWords(ports, drift);
  EXPECT_FALSE(counting.get_enrollment);
  async::TestLoop loop;
  async::CallContext call(loop, async::kNever);
  auto page = loop.RunToCompletion(counting.list_enrollments(call, EnrollmentQuery()));
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->records.size(), 2u);
  EXPECT_THAT(drift.seen, ElementsAre("edugate.v1.Enrollment status"));
}

}  // namespace
}  // namespace edugate::adapters
