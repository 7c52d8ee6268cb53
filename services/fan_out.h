// How a call that goes to several connections spends its time and its calls.
#ifndef SERVICES_FAN_OUT_H_
#define SERVICES_FAN_OUT_H_

#include <cstddef>

#include "runtime/async/call_context.h"

namespace edugate::services {

struct FanOut {
  // The part of what is left until the call's deadline that one connection may take, between 0 and
  // 1: a connection that hangs holds the others up for no longer.
  double deadline_share = 0.5;
  // How many connections are asked at once.
  size_t max_parallel = 8;

  // When a connection that is asked now has to have answered.
  async::MonotonicTime DeadlineOf(const async::CallContext& call) const {
    return async::After(call.loop().Now(), call.remaining() * deadline_share);
  }
};

}  // namespace edugate::services

#endif  // SERVICES_FAN_OUT_H_
