#include "runtime/async/frame_pool.h"

#include <array>
#include <cstdint>
#include <new>

namespace edugate::async {

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kPooled = false;
#elif defined(__has_feature)
// A sanitizer must see each frame come and go to find a use after its end.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
constexpr bool kPooled = false;
#else
constexpr bool kPooled = true;
#endif
#else
constexpr bool kPooled = true;
#endif

constexpr std::size_t kGranularity = 128;
constexpr std::size_t kClasses = 24;    // Up to 3 KB; the few larger frames go to the heap.
constexpr uint32_t kKeptPerClass = 64;  // At most 2.3 MB a thread if every class is full.

struct FreeFrameNode {
  FreeFrameNode* next;
};

struct FreeList {
  FreeFrameNode* first = nullptr;
  uint32_t count = 0;
};

struct Pool {
  std::array<FreeList, kClasses> lists;
  bool registered = false;
  bool closed = false;  // The thread is ending: nothing may be kept any more.
};

// Trivially destructible, so that it stays usable while other thread_local objects are destroyed.
constinit thread_local Pool pool;

struct EmptyPoolAtThreadEnd {
  ~EmptyPoolAtThreadEnd() {
    pool.closed = true;
    for (FreeList& list : pool.lists) {
      while (list.first != nullptr) {
        FreeFrameNode* node = list.first;
        list.first = node->next;
        ::operator delete(node);
      }
    }
  }
};

void RegisterThread() {
  thread_local EmptyPoolAtThreadEnd empty;
  static_cast<void>(&empty);
  pool.registered = true;
}

std::size_t ClassOf(std::size_t size) { return (size - 1) / kGranularity; }

}  // namespace

void* AllocateFrame(std::size_t size) {
  const std::size_t size_class = ClassOf(size);
  if (!kPooled || size_class >= kClasses) return ::operator new(size);
  FreeList& list = pool.lists[size_class];
  if (list.first == nullptr) return ::operator new((size_class + 1) * kGranularity);
  FreeFrameNode* node = list.first;
  list.first = node->next;
  --list.count;
  return node;
}

void FreeFrame(void* frame, std::size_t size) {
  const std::size_t size_class = ClassOf(size);
  if (!kPooled || size_class >= kClasses || pool.closed ||
      pool.lists[size_class].count >= kKeptPerClass) {
    ::operator delete(frame);
    return;
  }
  if (!pool.registered) RegisterThread();
  FreeList& list = pool.lists[size_class];
  list.first = new (frame) FreeFrameNode{list.first};
  ++list.count;
}

}  // namespace edugate::async
