#include "runtime/digest/sha256.h"

#include "gtest/gtest.h"

namespace edugate::digest {
namespace {

TEST(Sha256Test, AnswersTheStandardsExamples) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256Test, TellsBytesApart) {
  EXPECT_EQ(Sha256("a"), Sha256("a"));
  EXPECT_NE(Sha256("a"), Sha256(absl::string_view("a\0", 2)));
}

}  // namespace
}  // namespace edugate::digest
