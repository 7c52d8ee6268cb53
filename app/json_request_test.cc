#include "app/json_request.h"

#include "edugate/v1/connection.pb.h"
#include "edugate/v1/enrollment_service.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace edugate::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

nlohmann::json Expanded(const std::string& json, const google::protobuf::Descriptor* type) {
  const auto text = ExpandEnumNames(json, type);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.ok() ? nlohmann::json::parse(*text) : nlohmann::json();
}

TEST(ExpandEnumNamesTest, ShortNamesBecomeFullOnesInAnyCase) {
  for (const char* word : {"FULL", "full", "Full", "VIEW_FULL"}) {
    EXPECT_EQ(Expanded(std::string("{\"view\":\"") + word + "\"}",
                       v1::GetEnrollmentRequest::descriptor())["view"],
              "VIEW_FULL")
        << word;
  }
}

TEST(ExpandEnumNamesTest, ReachesNestedMessages) {
  const auto json = Expanded(R"({"enrollment":{"status":"declined"},"view":"basic"})",
                             v1::UpdateEnrollmentRequest::descriptor());
  EXPECT_EQ(json["enrollment"]["status"], "ENROLLMENT_STATUS_DECLINED");
  EXPECT_EQ(json["view"], "VIEW_BASIC");
}

TEST(ExpandEnumNamesTest, FieldsMayBeSpelledBothWays) {
  const auto* type = v1::Connection::descriptor();
  EXPECT_EQ(Expanded(R"({"lastCheck":{"state":"working"}})", type)["lastCheck"]["state"],
            "CONNECTION_STATE_WORKING");
  EXPECT_EQ(Expanded(R"({"last_check":{"state":"working"}})", type)["last_check"]["state"],
            "CONNECTION_STATE_WORKING");
}

TEST(ExpandEnumNamesTest, LeavesTheRestAlone) {
  const std::string request =
      R"({"parent":"full","view":"colour","pageSize":3,"colour":"full","readMask":"name"})";
  EXPECT_EQ(Expanded(request, v1::ListEnrollmentsRequest::descriptor()),
            nlohmann::json::parse(request));
  EXPECT_EQ(Expanded(R"({"view":2})", v1::GetEnrollmentRequest::descriptor())["view"], 2);
  EXPECT_EQ(
      Expanded(R"({"enrollment":null})", v1::UpdateEnrollmentRequest::descriptor())["enrollment"],
      nullptr);
}

TEST(ExpandEnumNamesTest, KeepsLargeNumbers) {
  EXPECT_EQ(*ExpandEnumNames(R"({"pageSize":9007199254740993})",
                             v1::ListEnrollmentsRequest::descriptor()),
            R"({"pageSize":9007199254740993})");
}

TEST(ExpandEnumNamesTest, RefusesANameThatStandsTwiceInAnObject) {
  const auto* type = v1::UpdateEnrollmentRequest::descriptor();
  const auto twice =
      ExpandEnumNames(R"({"view":"FULL","enrollment":{"a":1},"view":"BASIC"})", type);
  EXPECT_EQ(twice.status(), absl::InvalidArgumentError("the request has view twice in one object"));
  const auto inside = ExpandEnumNames(R"({"enrollment":{"active":true,"active":true}})", type);
  EXPECT_EQ(inside.status(),
            absl::InvalidArgumentError("the request has active twice in one object"));
  EXPECT_TRUE(ExpandEnumNames(R"([{"a":1},{"a":1},{"b":{"a":1},"a":1}])", type).ok());
}

TEST(ExpandEnumNamesTest, TakesEachElementOfAListForAClientStream) {
  const auto* type = v1::ListEnrollmentsRequest::descriptor();
  const auto both = ExpandEnumNamesOfEach(R"([{"view":"FULL"},{"pageSize":1}])", type);
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_THAT(*both, ElementsAre(R"({"view":"VIEW_FULL"})", R"({"pageSize":1})"));
  EXPECT_THAT(*ExpandEnumNamesOfEach(R"({"view":"FULL"})", type),
              ElementsAre(R"({"view":"VIEW_FULL"})"));
  EXPECT_THAT(*ExpandEnumNamesOfEach("[]", type), IsEmpty());
  EXPECT_EQ(ExpandEnumNamesOfEach(R"([{"view":"FULL","view":"BASIC"}])", type).status(),
            absl::InvalidArgumentError("the request has view twice in one object"));
  EXPECT_FALSE(ExpandEnumNamesOfEach(std::string(100'000, '['), type).ok());
}

TEST(ExpandEnumNamesTest, RefusesWhatIsNoJson) {
  for (const char* text : {"", "{", "{'a':1}", "parent=x", "{}{}"}) {
    EXPECT_EQ(ExpandEnumNames(text, v1::GetEnrollmentRequest::descriptor()).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(ExpandEnumNamesTest, ARequestNestedTooDeeplyIsRefusedHoweverDeepItIs) {
  const auto* any = v1::GetEnrollmentRequest::descriptor();
  EXPECT_EQ(ExpandEnumNames(std::string(200'000, '['), any).status().code(),
            absl::StatusCode::kInvalidArgument);
  // Brackets in a text are no nesting.
  EXPECT_TRUE(ExpandEnumNames("{\"name\":\"\\\"" + std::string(500, '[') + "\"}", any).ok());
}

}  // namespace
}  // namespace edugate::app
