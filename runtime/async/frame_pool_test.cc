#include "runtime/async/frame_pool.h"

#include <cstring>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace edugate::async {
namespace {

TEST(FramePoolTest, FramesOfOneSizeAreDistinctAndWritable) {
  for (const std::size_t size : {1u, 127u, 128u, 129u, 1000u, 3072u, 3073u, 100000u}) {
    std::vector<void*> frames;
    for (int round = 0; round < 2; ++round) {
      for (int i = 0; i < 100; ++i) {
        void* frame = AllocateFrame(size);
        std::memset(frame, i, size);
        frames.push_back(frame);
      }
      for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(*static_cast<unsigned char*>(frames[static_cast<std::size_t>(i)]), i);
        FreeFrame(frames[static_cast<std::size_t>(i)], size);
      }
      frames.clear();
    }
  }
}

TEST(FramePoolTest, AFrameMayBeFreedByAnotherThread) {
  std::vector<void*> frames;
  for (int i = 0; i < 200; ++i) frames.push_back(AllocateFrame(300));
  std::thread other([&frames] {
    for (void* frame : frames) FreeFrame(frame, 300);
    // What the other thread kept, it uses.
    void* again = AllocateFrame(300);
    std::memset(again, 1, 300);
    FreeFrame(again, 300);
  });
  other.join();
}

}  // namespace
}  // namespace edugate::async
