#include "services/read_mask.h"

#include <google/protobuf/util/message_differencer.h>

#include <string>
#include <utility>
#include <vector>

#include "edugate/v1/enrollment_service.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/errors/errors.h"

namespace edugate::services {
namespace {

using google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

google::protobuf::FieldMask Mask(std::vector<std::string> paths) {
  google::protobuf::FieldMask mask;
  for (std::string& path : paths) mask.add_paths(std::move(path));
  return mask;
}

v1::Enrollment Record() {
  v1::Enrollment record;
  record.set_name("connections/oa/enrollments/1");
  record.set_provider_status("Pending");
  record.mutable_learner()->set_provider_id("11");
  record.mutable_learner()->set_student_number("10");
  return record;
}

TEST(ReadMaskTest, AnEmptyOneKeepsAll) {
  v1::Enrollment record = Record();
  ApplyReadMask({}, record);
  EXPECT_TRUE(MessageDifferencer::Equals(record, Record()));
}

TEST(ReadMaskTest, AStarKeepsAll) {
  v1::Enrollment record = Record();
  ASSERT_TRUE(CheckReadMask(Mask({"name", "*"}), v1::Enrollment::descriptor()).ok());
  ApplyReadMask(Mask({"name", "*"}), record);
  EXPECT_TRUE(MessageDifferencer::Equals(record, Record()));
}

TEST(ReadMaskTest, KeepsWhatItNamesAndNothingElse) {
  v1::Enrollment record = Record();
  const auto mask = Mask({"provider_status", "learner.provider_id"});
  ASSERT_TRUE(CheckReadMask(mask, v1::Enrollment::descriptor()).ok());
  ApplyReadMask(mask, record);
  v1::Enrollment expected;
  expected.set_provider_status("Pending");
  expected.mutable_learner()->set_provider_id("11");
  EXPECT_TRUE(MessageDifferencer::Equals(record, expected)) << record.ShortDebugString();
}

TEST(ReadMaskTest, RefusesAPathThatTheRecordDoesNotHave) {
  for (const char* path : {"colour", "learner.colour", "name.length", "", "learner.", ".name",
                           "learner..provider_id"}) {
    const absl::Status mask = CheckReadMask(Mask({"name", path}), v1::Enrollment::descriptor());
    EXPECT_EQ(errors::ReasonOf(mask), v1::ERROR_REASON_ARGUMENT_INVALID) << path;
  }
}

TEST(ReadMaskTest, HiddenFieldsAreNamedWhereTheyWereAskedFor) {
  const auto named = [](std::vector<std::string> paths) {
    v1::Enrollment record = Record();
    record.add_redacted_fields("learner.email");
    record.add_redacted_fields("grade");
    ApplyReadMask(Mask(std::move(paths)), record);
    return std::vector<std::string>(record.redacted_fields().begin(),
                                    record.redacted_fields().end());
  };
  EXPECT_THAT(named({"learner"}), ElementsAre("learner.email"));
  EXPECT_THAT(named({"learner.email", "name"}), ElementsAre("learner.email"));
  EXPECT_THAT(named({"grade.letter"}), ElementsAre("grade"));
  EXPECT_THAT(named({"grade_level", "redacted_fields"}), IsEmpty());
  EXPECT_THAT(named({"*"}), ElementsAre("learner.email", "grade"));
}

TEST(ReadMaskTest, OfAReplyEachRecordIsMasked) {
  v1::ListEnrollmentsRequest request;
  request.mutable_read_mask()->add_paths("provider_status");
  v1::ListEnrollmentsResponse page;
  for (int i = 0; i < 2; ++i) *page.add_enrollments() = Record();
  page.set_next_page_token("t");
  ApplyReadMaskOf(request, page);
  v1::Enrollment expected;
  expected.set_provider_status("Pending");
  for (const v1::Enrollment& each : page.enrollments()) {
    EXPECT_TRUE(MessageDifferencer::Equals(each, expected)) << each.ShortDebugString();
  }
  EXPECT_EQ(page.next_page_token(), "t");
  v1::Enrollment item = Record();
  ApplyReadMaskOf(request, item);
  EXPECT_TRUE(MessageDifferencer::Equals(item, expected)) << item.ShortDebugString();
}

TEST(ReadMaskTest, ARequestWithoutOneAsksForAll) {
  v1::Enrollment record = Record();
  ApplyReadMaskOf(v1::GetEnrollmentRequest(), record);
  ApplyReadMaskOf(v1::ListEnrollmentsRequest(), record);
  EXPECT_TRUE(MessageDifferencer::Equals(record, Record()));
}

}  // namespace
}  // namespace edugate::services
