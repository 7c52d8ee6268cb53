#ifndef EDUGATE_SANDBOX_EDX_ENTERPRISE_RENDERING_H_
#define EDUGATE_SANDBOX_EDX_ENTERPRISE_RENDERING_H_

#include <string>

#include "nlohmann/json_fwd.hpp"
#include "sandbox/provider.h"

// The formats in which edX Enterprise's services answer.
namespace edugate::sandbox::edx {

enum class Rendering { kJsonOnly, kJsonOrXml };

// The reply in the format that was asked for, where the service has it. JSON comes first whatever
// the order of the types.
Reply Rendered(const Request& request, Reply reply, Rendering rendering);

// A reply as the catalog services' XML renderer (djangorestframework-xml) writes it.
std::string RenderXml(const nlohmann::ordered_json& body);

}  // namespace edugate::sandbox::edx

#endif  // EDUGATE_SANDBOX_EDX_ENTERPRISE_RENDERING_H_
