#include "runtime/async/clock.h"

#include "absl/time/clock.h"

namespace edugate::async {

namespace {

class MachineClock final : public Clock {
 public:
  MonotonicTime MonotonicNow() const override { return std::chrono::steady_clock::now(); }
  absl::Time WallNow() const override { return absl::Now(); }
};

}  // namespace

const Clock& SystemClock() {
  static const MachineClock* const clock = new MachineClock();
  return *clock;
}

}  // namespace edugate::async
