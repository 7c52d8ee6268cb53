#include "adapters/new_words.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
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

async::Task<absl::Status> Copy(v1::Enrollment from, v1::Enrollment& into) {
  into = std::move(from);
  co_return absl::OkStatus();
}

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

// Sets each enum of the message, or of one inside it, to each of the values that say that the
// mapping had no counterpart, beside a provider's word, and looks whether a port that answers with
// the record has it counted.
void ExpectEveryEnumCounted(v1::Enrollment& record, google::protobuf::Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const auto& field = *message.GetDescriptor()->field(i);
    const auto* word =
        message.GetDescriptor()->FindFieldByName(absl::StrCat("provider_", field.name()));
    const bool inner = field.message_type() != nullptr && !field.is_repeated() &&
                       field.message_type()->file()->package() == "edugate.v1";
    if (inner) {
      ExpectEveryEnumCounted(record, *reflection.MutableMessage(&message, &field));
      reflection.ClearField(&message, &field);
    }
    if (field.enum_type() == nullptr || word == nullptr) continue;
    reflection.SetString(&message, word, "Spätlese");
    for (int v = 0; v < field.enum_type()->value_count(); ++v) {
      const auto& value = *field.enum_type()->value(v);
      reflection.SetEnum(&message, &field, &value);
      Ports ports;
      ports.get_enrollment = [&record](async::CallContext&, const GetQuery&,
                                       v1::Enrollment& into) -> async::Task<absl::Status> {
        return Copy(record, into);
      };
      SeenDrift drift;
      const Ports counting = CountingNewWords(ports, drift);
      async::TestLoop loop;
      async::CallContext call(loop, async::kNever);
      v1::Enrollment into;
      ASSERT_TRUE(loop.RunToCompletion(counting.get_enrollment(call, GetQuery(), into)).ok());
      const bool catches_all =
          absl::EndsWith(value.name(), "_UNKNOWN") || absl::EndsWith(value.name(), "_OTHER");
      EXPECT_EQ(drift.seen.size(), catches_all ? 1u : 0u) << value.full_name();
    }
    reflection.ClearField(&message, &field);
    reflection.ClearField(&message, word);
  }
}

TEST(NewWordsTest, EveryEnumOfAnEnrollmentIsLookedAt) {
  v1::Enrollment record;
  ExpectEveryEnumCounted(record, record);
}

}  // namespace
}  // namespace edugate::adapters
