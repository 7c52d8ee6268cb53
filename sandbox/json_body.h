#ifndef EDUGATE_SANDBOX_JSON_BODY_H_
#define EDUGATE_SANDBOX_JSON_BODY_H_

#include <string>

#include "nlohmann/json_fwd.hpp"
#include "sandbox/provider.h"

namespace edugate::sandbox {

// A request's body as JSON; a discarded value where it is none.
nlohmann::ordered_json JsonBody(const Request& request);

// The text of an object's member, or "" where there is none.
std::string TextAt(const nlohmann::ordered_json& json, const char* name);

}  // namespace edugate::sandbox

#endif  // EDUGATE_SANDBOX_JSON_BODY_H_
