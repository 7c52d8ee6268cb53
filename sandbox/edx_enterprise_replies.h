#ifndef EDUGATE_SANDBOX_EDX_ENTERPRISE_REPLIES_H_
#define EDUGATE_SANDBOX_EDX_ENTERPRISE_REPLIES_H_

#include <string>

#include "nlohmann/json_fwd.hpp"
#include "sandbox/provider.h"

// The forms in which edX Enterprise's services and the gateway before them answer.
namespace edugate::sandbox::edx {

Reply Answer(int status, const nlohmann::ordered_json& body);
Reply Detail(int status, const std::string& text);
// The services' errors that are a text and nothing else.
Reply BareText(int status, const std::string& text);
// What the gateway says itself.
Reply Message(int status, const std::string& text);
Reply Html(int status, const std::string& text);
// A reply without body; JSON's renderer then names no type.
Reply Empty(int status);
Reply Throttled();

}  // namespace edugate::sandbox::edx

#endif  // EDUGATE_SANDBOX_EDX_ENTERPRISE_REPLIES_H_
