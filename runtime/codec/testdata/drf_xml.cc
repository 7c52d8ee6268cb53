#include "runtime/codec/testdata/drf_xml.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "nlohmann/json.hpp"

namespace edugate::codec::testing {

namespace {

void AppendElements(const nlohmann::ordered_json& value, std::string* xml) {
  if (value.is_object()) {
    for (const auto& [name, member] : value.items()) {
      absl::StrAppend(xml, "<", name, ">");
      AppendElements(member, xml);
      absl::StrAppend(xml, "</", name, ">");
    }
  } else if (value.is_array()) {
    for (const auto& element : value) {
      absl::StrAppend(xml, "<list-item>");
      AppendElements(element, xml);
      absl::StrAppend(xml, "</list-item>");
    }
  } else if (value.is_string()) {
    xml->append(absl::StrReplaceAll(value.get<std::string>(),
                                    {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}}));
  } else if (value.is_boolean()) {
    xml->append(value.get<bool>() ? "True" : "False");
  } else if (!value.is_null()) {
    xml->append(value.dump());
  }
}

}  // namespace

std::string DrfXml(const std::string& json) {
  std::string xml = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<root>";
  AppendElements(nlohmann::ordered_json::parse(json), &xml);
  return xml + "</root>";
}

}  // namespace edugate::codec::testing
