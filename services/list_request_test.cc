#include "services/list_request.h"

#include "edugate/v1/enrollment_service.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace edugate::services {
namespace {

using ::testing::HasSubstr;

adapters::ListTraits Traits() {
  return {.filters = {{"provider_status", {"="}, adapters::FilterType::kString, ""},
                      {"year", {"=", ">"}, adapters::FilterType::kInt, ""}}};
}

TEST(PrepareListTest, FillsViewAndFilter) {
  v1::ListEnrollmentsRequest request;
  request.set_view(v1::VIEW_FULL);
  request.set_filter("provider_status = \"Pending\" AND year = 2027");
  adapters::PageQuery query;
  ASSERT_TRUE(PrepareList<v1::Enrollment>(request, Traits(), query).ok());
  EXPECT_EQ(query.view, v1::VIEW_FULL);
  ASSERT_NE(query.filter.Find("year"), nullptr);
  EXPECT_EQ(query.filter.Find("year")->value, "2027");
}

TEST(PrepareListTest, TheViewIsBasicWhereNothingIsSaid) {
  adapters::PageQuery query;
  ASSERT_TRUE(PrepareList<v1::Enrollment>(v1::ListEnrollmentsRequest(), Traits(), query).ok());
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
    const absl::Status status = PrepareList<v1::Enrollment>(request, Traits(), query);
    EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_FILTER_UNSUPPORTED) << each.filter;
    EXPECT_THAT(std::string(status.message()), HasSubstr(each.says)) << each.filter;
  }
}

TEST(PrepareListTest, RefusesAMaskOfAFieldThatTheRecordDoesNotHave) {
  v1::ListEnrollmentsRequest request;
  request.mutable_read_mask()->add_paths("colour");
  adapters::PageQuery query;
  const absl::Status status = PrepareList<v1::Enrollment>(request, Traits(), query);
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_ARGUMENT_INVALID);
}

TEST(PrepareListTest, RefusesAnOrder) {
  v1::ListEnrollmentsRequest request;
  request.set_order_by("name desc");
  adapters::PageQuery query;
  const absl::Status status = PrepareList<v1::Enrollment>(request, Traits(), query);
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_ARGUMENT_INVALID);
}

}  // namespace
}  // namespace edugate::services
