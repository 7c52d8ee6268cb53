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
  ports.list_enrollments = [](async::CallContext&, const EnrollmentQuery&,
                              google::protobuf::RepeatedPtrField<v1::Enrollment>& into)
      -> async::Task<absl::StatusOr<std::string>> {
    into.Add();
    v1::Enrollment& record = *into.Add();
    record.set_status(v1::ENROLLMENT_STATUS_UNKNOWN);
    record.set_provider_status("77");
    co_return std::string("2");
  };
  ports.get_course = [](async::CallContext&,
                        const GetQuery&) -> async::Task<absl::StatusOr<v1::Course>> {
    v1::Course course;
    course.set_level(v1::COURSE_LEVEL_OTHER);
    course.set_provider_level("Masterful");
    co_return course;
  };
  ports.get_enrollment = [](async::CallContext&, const GetQuery&,
                            v1::Enrollment& into) -> async::Task<absl::Status> {
    into.set_status(v1::ENROLLMENT_STATUS_UNKNOWN);
    into.set_provider_status("88");
    co_return absl::OkStatus();
  };
  const Ports counting = CountingNewWords(ports, drift);
  EXPECT_FALSE(counting.get_program);
  async::TestLoop loop;
  async::CallContext call(loop, async::kNever);
  google::protobuf::RepeatedPtrField<v1::Enrollment> records;
  // Has been looked through before.
  records.Add()->set_status(v1::ENROLLMENT_STATUS_UNKNOWN);
  records[0].set_provider_status("66");
  auto next_cursor =
      loop.RunToCompletion(counting.list_enrollments(call, EnrollmentQuery(), records));
  ASSERT_TRUE(next_cursor.ok());
  EXPECT_EQ(*next_cursor, "2");
  EXPECT_EQ(records.size(), 3);
  EXPECT_THAT(drift.seen, ElementsAre("edugate.v1.Enrollment status"));
  v1::Enrollment record;
  ASSERT_TRUE(loop.RunToCompletion(counting.get_enrollment(call, GetQuery(), record)).ok());
  ASSERT_TRUE(loop.RunToCompletion(counting.get_course(call, GetQuery())).ok());
  EXPECT_THAT(drift.seen, ElementsAre("edugate.v1.Enrollment status",
                                      "edugate.v1.Enrollment status", "edugate.v1.Course level"));
}

}  // namespace
}  // namespace edugate::adapters
