// Time as a parameter: every class that reads the time is given a Clock.
#ifndef EDUGATE_RUNTIME_ASYNC_CLOCK_H_
#define EDUGATE_RUNTIME_ASYNC_CLOCK_H_

#include <chrono>

#include "absl/time/time.h"

namespace edugate::async {

// A point of the monotonic clock: for deadlines, timers and expiry. It has no calendar meaning.
using MonotonicTime = std::chrono::steady_clock::time_point;

// Stands for "never" wherever a MonotonicTime is a deadline.
inline constexpr MonotonicTime kNever = MonotonicTime::max();

// `from` plus `duration`, kNever instead of an overflow. A negative duration gives an earlier
// point.
inline MonotonicTime After(MonotonicTime from, absl::Duration duration) {
  const absl::Duration room = absl::FromChrono(kNever - from);
  if (duration >= room) return kNever;
  return from + absl::ToChronoNanoseconds(duration);
}

// The source of time. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // Never jumps. For intervals.
  virtual MonotonicTime MonotonicNow() const = 0;

  // The calendar's time, which may jump. For dates that are shown, signed or compared with a
  // provider's.
  virtual absl::Time WallNow() const = 0;
};

// The machine's clocks. Lives for ever.
const Clock& SystemClock();

}  // namespace edugate::async

#endif  // EDUGATE_RUNTIME_ASYNC_CLOCK_H_
