#include "runtime/rest/reply.h"

#include <utility>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "runtime/rest/testdata/rest_test.pb.h"

namespace edugate::rest {
namespace {

TEST(ReplyTest, ANewOneIsEmptyAndLiesOnAnArena) {
  Reply<testing::Book> reply;
  EXPECT_TRUE(reply.ok());
  EXPECT_EQ(reply->ByteSizeLong(), 0u);
  EXPECT_NE(reply->GetArena(), nullptr);
}

TEST(ReplyTest, AMovedOneHasItsMessageWhereItWas) {
  Reply<testing::Book> reply;
  reply->set_title("Moby-Dick; or, The Whale");
  const testing::Book* book = &*reply;
  const Reply<testing::Book> moved = std::move(reply);
  EXPECT_EQ(&*moved, book);
  EXPECT_EQ(moved->title(), "Moby-Dick; or, The Whale");
}

TEST(ReplyTest, AFailureTakesTheMessagesPlace) {
  Reply<testing::Book> reply;
  reply = absl::NotFoundError("no such book");
  EXPECT_FALSE(reply.ok());
  EXPECT_TRUE(absl::IsNotFound(reply.status()));
}

}  // namespace
}  // namespace edugate::rest
