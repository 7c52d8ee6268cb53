#include "runtime/identity/token_memory.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace edugate::identity {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

std::shared_ptr<const std::string> Caller(std::string name) {
  return std::make_shared<const std::string>(std::move(name));
}

TEST(TokenMemoryTest, KnowsATokenUntilItsTime) {
  TokenMemory memory(10);
  memory.Remember(DigestOf("token"), Caller("portal"), kNow + absl::Seconds(60));
  ASSERT_NE(memory.Find(DigestOf("token"), kNow), nullptr);
  EXPECT_EQ(*memory.Find(DigestOf("token"), kNow), "portal");
  EXPECT_EQ(memory.Find(DigestOf("another"), kNow), nullptr);
  EXPECT_EQ(memory.Find(DigestOf("token"), kNow + absl::Seconds(60)), nullptr);
}

TEST(TokenMemoryTest, KeepsWhatIsUsedAndStaysSmall) {
  TokenMemory memory(10);
  memory.Remember(DigestOf("used"), Caller("portal"), absl::InfiniteFuture());
  memory.Remember(DigestOf("unused"), Caller("batch"), absl::InfiniteFuture());
  for (int i = 0; i < 1000; ++i) {
    memory.Remember(DigestOf(absl::StrCat(i)), Caller("x"), absl::InfiniteFuture());
    ASSERT_NE(memory.Find(DigestOf("used"), kNow), nullptr) << i;
  }
  EXPECT_EQ(memory.Find(DigestOf("unused"), kNow), nullptr);
  int known = 0;
  for (int i = 0; i < 1000; ++i) known += memory.Find(DigestOf(absl::StrCat(i)), kNow) != nullptr;
  EXPECT_LE(known, 20);
}

TEST(TokenMemoryTest, ForgetsAllWhenTold) {
  TokenMemory memory(10);
  memory.Remember(DigestOf("token"), Caller("portal"), absl::InfiniteFuture());
  memory.Clear();
  EXPECT_EQ(memory.Find(DigestOf("token"), kNow), nullptr);
}

}  // namespace
}  // namespace edugate::identity
