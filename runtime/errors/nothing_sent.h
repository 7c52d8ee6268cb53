// A mark on a failure, for edugate itself: nothing of the call has reached its provider.
#ifndef RUNTIME_ERRORS_NOTHING_SENT_H_
#define RUNTIME_ERRORS_NOTHING_SENT_H_

#include "absl/status/status.h"

namespace edugate::errors {

// The failure with the mark, for one whose reason leaves it open. ToRpcStatus leaves the mark out.
absl::Status WithNothingSent(absl::Status status);

// Whether the failure has the mark.
bool IsNothingSent(const absl::Status& status);

}  // namespace edugate::errors

#endif  // RUNTIME_ERRORS_NOTHING_SENT_H_
