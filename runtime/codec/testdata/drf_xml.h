// JSON as Django REST framework's XMLRenderer writes it.
#ifndef EDUGATE_RUNTIME_CODEC_TESTDATA_DRF_XML_H_
#define EDUGATE_RUNTIME_CODEC_TESTDATA_DRF_XML_H_

#include <string>

namespace edugate::codec::testing {

// The XML document of a JSON text, which must be valid and have names that XML allows.
std::string DrfXml(const std::string& json);

}  // namespace edugate::codec::testing

#endif  // EDUGATE_RUNTIME_CODEC_TESTDATA_DRF_XML_H_
