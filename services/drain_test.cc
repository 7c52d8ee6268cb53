#include "services/drain.h"

#include "gtest/gtest.h"
#include "runtime/async/test_loop.h"

namespace edugate::services {
namespace {

TEST(DrainTest, EndsTheWaitsThatThereAreAndThoseThatCome) {
  async::TestLoop loop;
  Drain drain;
  async::CallContext call(loop, async::kNever);
  async::CallContext waiting = call.Child(async::kNever);
  const Drain::Wait wait(&drain, waiting);
  EXPECT_FALSE(wait.ended());
  drain.Begin();
  loop.RunUntilIdle();
  EXPECT_TRUE(wait.ended());
  EXPECT_TRUE(waiting.cancelled());
  EXPECT_FALSE(call.cancelled());

  async::CallContext late = call.Child(async::kNever);
  const Drain::Wait late_wait(&drain, late);
  loop.RunUntilIdle();
  EXPECT_TRUE(late.cancelled());
}

TEST(DrainTest, AWaitThatIsOverIsLeftAlone) {
  async::TestLoop loop;
  Drain drain;
  async::CallContext waiting(loop, async::kNever);
  {
    const Drain::Wait over(&drain, waiting);
  }
  {
    const Drain::Wait ends_meanwhile(&drain, waiting);
    drain.Begin();
  }
  loop.RunUntilIdle();
  EXPECT_FALSE(waiting.cancelled());
}

TEST(DrainTest, WithoutADrainNothingEnds) {
  async::TestLoop loop;
  async::CallContext waiting(loop, async::kNever);
  const Drain::Wait wait(nullptr, waiting);
  EXPECT_FALSE(wait.ended());
}

}  // namespace
}  // namespace edugate::services
