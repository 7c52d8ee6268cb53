// JSON as Django REST framework's XMLRenderer writes it.
#ifndef EDUGATE_RUNTIME_CODEC_TESTDATA_DRF_XML_H_
#define EDUGATE_RUNTIME_CODEC_TESTDATA_DRF_XML_H_

#include <string>

#include "absl/strings/str_replace.h"
#include "nlohmann/json.hpp"

namespace edugate::codec::testing {

inline void AppendDrfXml(const nlohmann::ordered_json& value, std::string* xml) {
  if (value.is_object()) {
    for (const auto& [name, member] : value.items()) {
      *xml += "<" + name + ">";
      AppendDrfXml(member, xml);
      *xml += "</" + name + ">";
    }
  } else if (value.is_array()) {
    for (const auto& element : value) {
      *xml += "<list-item>";
      AppendDrfXml(element, xml);
      *xml += "</list-item>";
    }
  } else if (value.is_string()) {
    *xml += absl::StrReplaceAll(value.get<std::string>(),
                                {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}});
  } else if (value.is_boolean()) {
    *xml += value.get<bool>() ? "True" : "False";
  } else if (!value.is_null()) {
    *xml += value.dump();
  }
}

inline std::string DrfXml(const std::string& json) {
  std::string xml = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<root>";
  AppendDrfXml(nlohmann::ordered_json::parse(json), &xml);
  return xml + "</root>";
}

}  // namespace edugate::codec::testing

#endif  // EDUGATE_RUNTIME_CODEC_TESTDATA_DRF_XML_H_
