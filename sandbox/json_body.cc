#include "sandbox/json_body.h"

#include "nlohmann/json.hpp"

namespace edugate::sandbox {

nlohmann::ordered_json JsonBody(const Request& request) {
  return nlohmann::ordered_json::parse(request.body, nullptr, /*allow_exceptions=*/false);
}

}  // namespace edugate::sandbox
