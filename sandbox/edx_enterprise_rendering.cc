#include "sandbox/edx_enterprise_rendering.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "nlohmann/json.hpp"
#include "sandbox/edx_enterprise_replies.h"

namespace edugate::sandbox::edx {
namespace {

using Json = nlohmann::ordered_json;

void RenderInto(const Json& value, std::string& out) {
  if (value.is_object()) {
    for (const auto& [key, child] : value.items()) {
      absl::StrAppend(&out, "<", key, ">");
      RenderInto(child, out);
      absl::StrAppend(&out, "</", key, ">");
    }
  } else if (value.is_array()) {
    for (const Json& child : value) {
      out += "<list-item>";
      RenderInto(child, out);
      out += "</list-item>";
    }
  } else if (value.is_boolean()) {
    out += value.get<bool>() ? "True" : "False";
  } else if (value.is_string()) {
    out += absl::StrReplaceAll(value.get_ref<const std::string&>(),
                               {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}});
  } else if (!value.is_null()) {
    out += value.dump();
  }
}

}  // namespace

Reply Rendered(const Request& request, Reply reply, Rendering rendering) {
  const std::string accept = request.Header("accept");
  const bool json = accept.empty() || absl::StrContains(accept, "application/json") ||
                    absl::StrContains(accept, "*/*");
  if (rendering == Rendering::kJsonOnly || json ||
      !absl::StartsWith(reply.content_type, "application/json")) {
    return reply;
  }
  if (!absl::StrContains(accept, "application/xml")) {
    return Detail(406, "Could not satisfy the request Accept header.");
  }
  reply.body = RenderXml(Json::parse(reply.body));
  reply.content_type = "application/xml; charset=utf-8";
  return reply;
}

std::string RenderXml(const nlohmann::ordered_json& body) {
  std::string xml = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<root>";
  RenderInto(body, xml);
  xml += "</root>";
  return xml;
}

}  // namespace edugate::sandbox::edx
