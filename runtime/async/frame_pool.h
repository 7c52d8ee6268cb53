// Memory for coroutine frames.
#ifndef EDUGATE_RUNTIME_ASYNC_FRAME_POOL_H_
#define EDUGATE_RUNTIME_ASYNC_FRAME_POOL_H_

#include <cstddef>

namespace edugate::async {

// Allocates a coroutine frame of `size` bytes from the calling thread's free list, or from the
// heap. A call makes and drops a dozen frames of the same few sizes on one thread, which the list
// serves without the allocator.
void* AllocateFrame(std::size_t size);

// Returns a frame of AllocateFrame(size), from any thread, to the calling thread's free list
// (bounded) or to the heap.
void FreeFrame(void* frame, std::size_t size);

}  // namespace edugate::async

#endif  // EDUGATE_RUNTIME_ASYNC_FRAME_POOL_H_
