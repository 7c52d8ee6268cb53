#include "runtime/config/mistakes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_split.h"

namespace edugate::config {
namespace {

using ::testing::EndsWith;
using ::testing::SizeIs;

TEST(MistakesTest, NoneIsOk) { EXPECT_TRUE(Mistakes("edugate.yaml").ToStatus().ok()); }

TEST(MistakesTest, NamesFileLineAndKeyInTheOrderOfTheFile) {
  Mistakes mistakes("edugate.yaml");
  mistakes.Add(12, "connections[1].auth", "needs a mapping");
  mistakes.Add(3, "server.listen", "needs text");
  mistakes.Add(0, "", "is empty");
  const absl::Status status = mistakes.ToStatus();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "edugate.yaml: is empty\n"
            "edugate.yaml:3: server.listen: needs text\n"
            "edugate.yaml:12: connections[1].auth: needs a mapping");
}

TEST(MistakesTest, ListsTwentyAndCountsTheRest) {
  Mistakes mistakes("edugate.yaml");
  for (int line = 1; line <= 25; ++line) mistakes.Add(line, "key", "is wrong");
  const std::string message(mistakes.ToStatus().message());
  const std::vector<std::string> lines = absl::StrSplit(message, '\n');
  EXPECT_THAT(lines, SizeIs(21));
  EXPECT_THAT(message, EndsWith("edugate.yaml: and 5 more"));
}

}  // namespace
}  // namespace edugate::config
