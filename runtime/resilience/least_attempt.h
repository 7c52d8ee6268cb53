// The time that an attempt needs at least.
#ifndef RUNTIME_RESILIENCE_LEAST_ATTEMPT_H_
#define RUNTIME_RESILIENCE_LEAST_ATTEMPT_H_

#include "absl/time/time.h"

namespace edugate::resilience {

// No attempt is started with less of the call's time left than this, where nothing else is said.
inline constexpr absl::Duration kLeastAttempt = absl::Milliseconds(50);

}  // namespace edugate::resilience

#endif  // RUNTIME_RESILIENCE_LEAST_ATTEMPT_H_
