// How late the event loops are: what a call waits for before anything of it runs.
#ifndef APP_LOOP_WATCH_H_
#define APP_LOOP_WATCH_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "runtime/async/call_context.h"
#include "runtime/async/loop_pool.h"
#include "runtime/async/task.h"

namespace prometheus {
struct MetricFamily;
}  // namespace prometheus

namespace edugate::app {

// Lets a timer run on each loop, four times a second, and measures how much too late it comes:
// edugate_loop_lag_seconds{loop}, a histogram.
class LoopWatch {
 public:
  // Starts. The loops outlive the watch; it is destroyed when they run no more.
  explicit LoopWatch(async::LoopPool& loops);
  ~LoopWatch();

  // Before the loops are shut down.
  void Stop();

  // The last lag of each loop.
  std::vector<absl::Duration> Last() const;

  std::vector<prometheus::MetricFamily> Collect() const;

 private:
  struct State;
  struct Loop;

  static async::Task<void> Watch(Loop& loop);

  const std::unique_ptr<State> state_;
};

}  // namespace edugate::app

#endif  // APP_LOOP_WATCH_H_
