#include "sandbox/edx_enterprise_replies.h"

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace edugate::sandbox::edx {

using Json = nlohmann::ordered_json;

Reply Answer(int status, const Json& body) { return JsonReply(status, body.dump()); }
Reply Detail(int status, const std::string& text) { return Answer(status, {{"detail", text}}); }
Reply BareText(int status, const std::string& text) { return Answer(status, Json(text)); }
Reply Message(int status, const std::string& text) { return Answer(status, {{"message", text}}); }

Reply Html(int status, const std::string& text) {
  Reply reply;
  reply.status = status;
  reply.content_type = "text/html";
  reply.body = absl::StrCat("<html><head><title>", text, "</title></head></html>");
  return reply;
}

Reply Empty(int status) {
  Reply reply;
  reply.status = status;
  return reply;
}

Reply Throttled() {
  return Detail(429, "Request was throttled. Expected available in 38 seconds.");
}

}  // namespace edugate::sandbox::edx
