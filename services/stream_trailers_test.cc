#include "services/stream_trailers.h"

#include "gtest/gtest.h"
#include "runtime/errors/errors.h"

namespace edugate::services {
namespace {

size_t SizeOf(const std::vector<StreamTrailer>& trailers) {
  size_t size = 0;
  for (const StreamTrailer& each : trailers) {
    size += each.key.size() + each.value.size() + kTrailerOverhead;
  }
  return size;
}

TEST(TrailersThatFitTest, KeepsAllOfFewInTheirOrder) {
  const auto kept = TrailersThatFit(errors::SlowConsumer(), {{"a", "1"}, {"b", "2"}, {"b", "3"}});
  ASSERT_EQ(kept.size(), 3u);
  EXPECT_EQ(kept[0].value, "1");
  EXPECT_EQ(kept[1].key, "b");
  EXPECT_EQ(kept[2].value, "3");
}

TEST(TrailersThatFitTest, LeavesRoomForTheStatus) {
  absl::Status large = errors::SlowConsumer();
  large = errors::WithMetadata(large, "unreachable", std::string(2500, 'u'));
  std::vector<StreamTrailer> many;
  for (int i = 0; i < 200; ++i) many.push_back({"edugate-unreachable", std::string(60, 'c')});
  const size_t beside_small = SizeOf(TrailersThatFit(errors::SlowConsumer(), many));
  const size_t beside_large = SizeOf(TrailersThatFit(large, many));
  EXPECT_GT(beside_large, 2000u);
  EXPECT_LT(beside_small, kMaxTrailerBytes);
  EXPECT_LT(beside_large + errors::ToRpcStatus(large).ByteSizeLong() * 4 / 3, kMaxTrailerBytes);
  EXPECT_GT(beside_small, beside_large);
}

TEST(TrailersThatFitTest, OneThatIsTooLargeLeavesItsPlaceToOthers) {
  const auto kept =
      TrailersThatFit(errors::SlowConsumer(), {{"edugate-next-page-token", std::string(8000, 't')},
                                               {"edugate-unreachable", "connections/a"}});
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].value, "connections/a");
}

}  // namespace
}  // namespace edugate::services
