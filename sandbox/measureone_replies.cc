#include "sandbox/measureone_replies.h"

#include <string>

#include "nlohmann/json.hpp"

namespace edugate::sandbox::m1 {

using Json = nlohmann::ordered_json;

Reply Answer(const Json& body, int status) { return JsonReply(status, body.dump()); }

Reply ErrorReply(int status, absl::string_view code, absl::string_view message) {
  Json body;
  body["error_code"] = std::string(code);
  body["http_code"] = status;
  body["request_id"] = "req_CRT8vDjmSiAynRPIK29CN38d3Pe";
  body["error_message"] = std::string(message);
  return JsonReply(status, body.dump());
}

Reply ErrorOfV3(absl::Time now, int status, absl::string_view code, absl::string_view message,
                const Json& more) {
  Json body;
  body["timestamp"] = absl::ToUnixMillis(now);
  body["error_code"] = std::string(code);
  body["error_message"] = std::string(message);
  if (more.is_object()) body.update(more);
  return Answer(body, status);
}

Reply ErrorOfV3(absl::Time now, int status, absl::string_view code, absl::string_view message) {
  return ErrorOfV3(now, status, code, message, Json());
}

}  // namespace edugate::sandbox::m1
