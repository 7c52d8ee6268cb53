#include "adapters/utf8.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace edugate::adapters {
namespace {

TEST(Utf8Test, WellFormedTextIsTaken) {
  for (const std::string& text : std::vector<std::string>{
           "", "plain", std::string(1, '\0'), "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80",
           "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF",
           "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x8E\x93z"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
}

TEST(Utf8Test, IllFormedTextIsRefused) {
  for (const std::string& text : std::vector<std::string>{
           "\x80", "\xBF", "a\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xC3(", "\xE0\x9F\xBF",
           "\xE2\x82", "\xE2(\xAC", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF",
           "\xF0\x9F\x8E", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF",
           "\xC3\xA9\xC3"}) {
    EXPECT_FALSE(IsUtf8(text)) << text;
  }
}

}  // namespace
}  // namespace edugate::adapters
