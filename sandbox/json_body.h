#ifndef EDUGATE_SANDBOX_JSON_BODY_H_
#define EDUGATE_SANDBOX_JSON_BODY_H_

#include "nlohmann/json_fwd.hpp"
#include "sandbox/provider.h"

namespace edugate::sandbox {

// A request's body as JSON; a discarded value where it is none.
nlohmann::ordered_json JsonBody(const Request& request);

}  // namespace edugate::sandbox

#endif  // EDUGATE_SANDBOX_JSON_BODY_H_
