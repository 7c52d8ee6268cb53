#include "runtime/async/call_flag.h"

#include <gtest/gtest.h>

#include <set>

namespace edugate::async {
namespace {

TEST(CallFlagTest, EveryFlagHasAWordOfItsOwn) {
  std::set<std::string> words;
  for (std::size_t i = 0; i < kCallFlags; ++i) {
    const absl::string_view word = CallFlagName(static_cast<CallFlag>(i));
    EXPECT_FALSE(word.empty()) << i;
    EXPECT_TRUE(words.insert(std::string(word)).second) << word;
  }
}

TEST(CallFlagTest, ASetNamesItsFlagsInTheOrderOfTheList) {
  CallFlags flags;
  EXPECT_EQ(flags.Text(), "");
  flags.Add(CallFlag::kRetriesExhausted);
  flags.Add(CallFlag::kConnectFailure);
  flags.Add(CallFlag::kConnectFailure);
  EXPECT_EQ(flags.Text(), "UF,URX");
  EXPECT_TRUE(flags.Has(CallFlag::kConnectFailure));
  EXPECT_FALSE(flags.Has(CallFlag::kDeadline));
  CallFlags others;
  others.Add(CallFlag::kRevalidated);
  flags.Add(others);
  EXPECT_EQ(flags.Text(), "UF,URX,CR");
}

}  // namespace
}  // namespace edugate::async
