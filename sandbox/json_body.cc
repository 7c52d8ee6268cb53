#include "sandbox/json_body.h"

#include "nlohmann/json.hpp"

namespace edugate::sandbox {

using Json = nlohmann::ordered_json;

Json JsonBody(const Request& request) {
  return Json::parse(request.body, nullptr, /*allow_exceptions=*/false);
}

std::string TextAt(const Json& json, const char* name) {
  if (!json.is_object()) return "";
  const auto found = json.find(name);
  if (found == json.end() || !found->is_string()) return "";
  return found->get<std::string>();
}

}  // namespace edugate::sandbox
