// Counts what happened lately.
#ifndef RUNTIME_RESILIENCE_ROLLING_COUNT_H_
#define RUNTIME_RESILIENCE_ROLLING_COUNT_H_

#include <array>
#include <chrono>
#include <cstdint>

#include "absl/time/time.h"
#include "runtime/async/clock.h"

namespace edugate::resilience {

// How often something happened in the last `span`, in constant memory and exact to a tenth of it.
// Not thread-safe. Times may step back a little, as those of several loops do.
class RollingCount {
 public:
  // `span` is at least ten nanoseconds.
  explicit RollingCount(absl::Duration span) : tenth_(absl::ToInt64Nanoseconds(span) / kTenths) {}

  void Add(async::MonotonicTime now) {
    const int64_t index = IndexOf(now);
    Slot& slot = slots_[index % slots_.size()];
    if (slot.index < index) slot = {.index = index};
    ++slot.count;
  }

  // What happened in the last nine to ten tenths of the span.
  int64_t AtMost(async::MonotonicTime now) const { return Sum(now, kTenths); }

  // What happened in the last ten to eleven tenths of it.
  int64_t AtLeast(async::MonotonicTime now) const { return Sum(now, kTenths + 1); }

  void Clear() { slots_ = {}; }

 private:
  static constexpr int64_t kTenths = 10;
  struct Slot {
    int64_t index = -1;
    int64_t count = 0;
  };

  int64_t IndexOf(async::MonotonicTime now) const {
    return now.time_since_epoch() / std::chrono::nanoseconds(tenth_);
  }

  int64_t Sum(async::MonotonicTime now, int64_t slots) const {
    const int64_t oldest = IndexOf(now) - slots + 1;
    int64_t sum = 0;
    for (const Slot& slot : slots_) {
      if (slot.index >= oldest) sum += slot.count;
    }
    return sum;
  }

  int64_t tenth_;
  std::array<Slot, kTenths + 1> slots_;
};

}  // namespace edugate::resilience

#endif  // RUNTIME_RESILIENCE_ROLLING_COUNT_H_
