#ifndef EDUGATE_SANDBOX_CONTROL_H_
#define EDUGATE_SANDBOX_CONTROL_H_

#include "sandbox/provider.h"
#include "sandbox/sandbox.h"

namespace edugate::sandbox {

// Answers a request to the control API. `request.target` is what follows "/_sandbox". A mistake in
// the body is a 400 that names the key.
Reply Control(Sandbox& sandbox, const Request& request);

}  // namespace edugate::sandbox

#endif  // EDUGATE_SANDBOX_CONTROL_H_
