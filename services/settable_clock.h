// A clock that tests set.
#ifndef SERVICES_SETTABLE_CLOCK_H_
#define SERVICES_SETTABLE_CLOCK_H_

#include "absl/time/time.h"
#include "runtime/async/clock.h"

namespace edugate::services {

class SettableClock final : public async::Clock {
 public:
  async::MonotonicTime MonotonicNow() const override { return now_; }
  absl::Time WallNow() const override { return absl::UnixEpoch(); }
  void Advance(absl::Duration by) { now_ = async::After(now_, by); }

 private:
  async::MonotonicTime now_{};
};

}  // namespace edugate::services

#endif  // SERVICES_SETTABLE_CLOCK_H_
