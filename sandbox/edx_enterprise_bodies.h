#ifndef EDUGATE_SANDBOX_EDX_ENTERPRISE_BODIES_H_
#define EDUGATE_SANDBOX_EDX_ENTERPRISE_BODIES_H_

#include <optional>
#include <string>
#include <vector>

#include "nlohmann/json_fwd.hpp"

// What edX Enterprise's services read out of request bodies, and what they say of wrong ones.
namespace edugate::sandbox::edx {

// The list of a field that must hold texts; nothing where it doesn't.
std::optional<std::vector<std::string>> Texts(const nlohmann::ordered_json& body, const char* name);

nlohmann::ordered_json FieldRequired(const char* name);

// The complaint about malformed addresses by their positions; null where there are none.
nlohmann::ordered_json EmailProblems(const char* name, const std::vector<std::string>& emails);

// The addresses in lower case, each once.
std::vector<std::string> Different(const std::vector<std::string>& emails);

}  // namespace edugate::sandbox::edx

#endif  // EDUGATE_SANDBOX_EDX_ENTERPRISE_BODIES_H_
