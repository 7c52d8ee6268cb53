#include "runtime/async/clock.h"

#include <ctime>

#include "absl/time/time.h"

namespace edugate::async {

namespace {

class MachineClock final : public Clock {
 public:
  MonotonicTime MonotonicNow() const override { return std::chrono::steady_clock::now(); }
  // Not absl::Now(), which goes on from what it last saw and hears of a jump seconds later: what
  // has ended by the calendar must not be good for another moment.
  absl::Time WallNow() const override {
    timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return absl::TimeFromTimespec(now);
  }
};

}  // namespace

const Clock& SystemClock() {
  static const MachineClock* const clock = new MachineClock();
  return *clock;
}

}  // namespace edugate::async
