#include "services/list_request.h"

#include "edugate/v1/enrollment_service.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"

namespace edugate::services {
namespace {

using google::protobuf::util::MessageDifferencer;
using ::testing::HasSubstr;

adapters::ListTraits Traits() {
  return {.filters = {{"provider_status", {"="}, adapters::FilterType::kString, ""},
                      {"year", {"=", ">"}, adapters::FilterType::kInt, ""}}};
}

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
  auto mask = ReadMask::Parse({}, v1::Enrollment::descriptor());
  ASSERT_TRUE(mask.ok());
  mask->Apply(record);
  EXPECT_TRUE(MessageDifferencer::Equals(record, Record()));
}

TEST(ReadMaskTest, AStarKeepsAll) {
  v1::Enrollment record = Record();
  auto mask = ReadMask::Parse(Mask({"name", "*"}), v1::Enrollment::descriptor());
  ASSERT_TRUE(mask.ok());
  mask->Apply(record);
  EXPECT_TRUE(MessageDifferencer::Equals(record, Record()));
}

TEST(ReadMaskTest, KeepsWhatItNamesAndNothingElse) {
  v1::Enrollment record = Record();
  auto mask = ReadMask::Parse(Mask({"provider_status", "learner.provider_id"}),
                              v1::Enrollment::descriptor());
  ASSERT_TRUE(mask.ok());
  mask->Apply(record);
  v1::Enrollment expected;
  expected.set_provider_status("Pending");
  expected.mutable_learner()->set_provider_id("11");
  EXPECT_TRUE(MessageDifferencer::Equals(record, expected)) << record.ShortDebugString();
}

TEST(ReadMaskTest, RefusesAPathThatTheRecordDoesNotHave) {
  for (const char* path : {"colour", "learner.colour", "name.length", "", "learner.", ".name",
                           "learner..provider_id"}) {
    const auto mask = ReadMask::Parse(Mask({"name", path}), v1::Enrollment::descriptor());
    EXPECT_EQ(errors::ReasonOf(mask.status()), v1::ERROR_REASON_ARGUMENT_INVALID) << path;
  }
}

TEST(PrepareListTest, FillsViewFilterAndMask) {
  v1::ListEnrollmentsRequest request;
  request.set_view(v1::VIEW_FULL);
  request.set_filter("provider_status = \"Pending\" AND year = 2027");
  request.mutable_read_mask()->add_paths("name");
  adapters::PageQuery query;
  ReadMask mask;
  ASSERT_TRUE(PrepareList<v1::Enrollment>(request, Traits(), query, mask).ok());
  EXPECT_EQ(query.view, v1::VIEW_FULL);
  ASSERT_NE(query.filter.Find("year"), nullptr);
  EXPECT_EQ(query.filter.Find("year")->value, "2027");
  v1::Enrollment record = Record();
  mask.Apply(record);
  EXPECT_EQ(record.provider_status(), "");
  EXPECT_NE(record.name(), "");
}

TEST(PrepareListTest, TheViewIsBasicWhereNothingIsSaid) {
  adapters::PageQuery query;
  ReadMask mask;
  ASSERT_TRUE(
      PrepareList<v1::Enrollment>(v1::ListEnrollmentsRequest(), Traits(), query, mask).ok());
  EXPECT_EQ(query.view, v1::VIEW_BASIC);
}

TEST(PrepareListTest, RefusesWhatTheProviderCanNotApply) {
  struct Case {
    const char* filter;
    const char* says;
  };
  for (const Case& each : {Case{"colour = red", "colour"}, Case{"year != 2027", "year"},
                           Case{"year = soon", "year"}, Case{"year = 2026 AND year = 2027", "year"},
                           Case{"provider_status = Pending OR year = 2027", "OR"},
                           Case{"NOT year = 2027", "NOT"}, Case{"pending", ""}}) {
    v1::ListEnrollmentsRequest request;
    request.set_filter(each.filter);
    adapters::PageQuery query;
    ReadMask mask;
    const absl::Status status = PrepareList<v1::Enrollment>(request, Traits(), query, mask);
    EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_FILTER_UNSUPPORTED) << each.filter;
    EXPECT_THAT(std::string(status.message()), HasSubstr(each.says)) << each.filter;
  }
}

TEST(PrepareListTest, RefusesAnOrder) {
  v1::ListEnrollmentsRequest request;
  request.set_order_by("name desc");
  adapters::PageQuery query;
  ReadMask mask;
  const absl::Status status = PrepareList<v1::Enrollment>(request, Traits(), query, mask);
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_ARGUMENT_INVALID);
}

}  // namespace
}  // namespace edugate::services
