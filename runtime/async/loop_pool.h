// LoopPool: the process's event loops, a thread each.
#ifndef EDUGATE_RUNTIME_ASYNC_LOOP_POOL_H_
#define EDUGATE_RUNTIME_ASYNC_LOOP_POOL_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "runtime/async/clock.h"
#include "runtime/async/event_loop.h"

namespace edugate::async {

// Runs a number of loops on threads named edugate-loop-0 and so on, which block all signals. What
// holds resources of the loops (an HTTP client) is built after the pool and destroyed after
// Shutdown() and before the pool.
class LoopPool {
 public:
  // Starts `count` loops (at least one). `clock` outlives the pool.
  explicit LoopPool(std::size_t count, const Clock& clock = SystemClock());
  LoopPool(const LoopPool&) = delete;
  LoopPool& operator=(const LoopPool&) = delete;

  // Shutdown(), if that has not been called.
  ~LoopPool();

  // The loops in turn. Thread-safe.
  EventLoop& Next();

  std::size_t size() const { return members_.size(); }
  EventLoop& loop(std::size_t index) { return members_[index]->loop; }

  // Ends each loop once its tasks and its posted work are done, or after `drain`; joins the
  // threads; destroys the tasks that are left. A second time it does nothing. Not from a loop's
  // thread.
  void Shutdown(absl::Duration drain = absl::Seconds(5));

 private:
  struct Member {
    explicit Member(const Clock& clock) : loop(clock) {}
    EventLoop loop;
    std::thread thread;
  };

  std::vector<std::unique_ptr<Member>> members_;
  std::atomic<std::size_t> next_{0};
  bool down_ = false;
};

}  // namespace edugate::async

#endif  // EDUGATE_RUNTIME_ASYNC_LOOP_POOL_H_
