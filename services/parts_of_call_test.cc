#include "services/parts_of_call.h"

#include <memory>

#include "gtest/gtest.h"
#include "runtime/async/test_loop.h"

namespace edugate::services {
namespace {

class TestFooting final : public ServiceFooting {
 public:
  explicit TestFooting(int parallel) { parts_.fan_out.max_parallel = parallel; }
};

TEST(PartsOfCallTest, ACallKeepsThePartsThatItBeganWith) {
  async::TestLoop loop;
  CurrentFooting current;
  current.Set(std::make_shared<TestFooting>(1));
  const std::weak_ptr<const ServiceFooting> first = current.Get();
  const PartsOfCall parts(current);
  {
    async::CallContext call(loop, async::kNever);
    EXPECT_EQ(parts(call).fan_out.max_parallel, 1u);
    current.Set(std::make_shared<TestFooting>(2));
    EXPECT_EQ(parts(call).fan_out.max_parallel, 1u);
    async::CallContext next(loop, async::kNever);
    EXPECT_EQ(parts(next).fan_out.max_parallel, 2u);
    EXPECT_FALSE(first.expired());
  }
  EXPECT_TRUE(first.expired()) << "the last call has let go of it";
}

TEST(PartsOfCallTest, FixedPartsAreEveryCalls) {
  async::TestLoop loop;
  ServiceParts fixed;
  fixed.fan_out.max_parallel = 7;
  const PartsOfCall parts(fixed);
  async::CallContext call(loop, async::kNever);
  EXPECT_EQ(parts(call).fan_out.max_parallel, 7u);
  EXPECT_EQ(call.footing(), nullptr);
}

}  // namespace
}  // namespace edugate::services
