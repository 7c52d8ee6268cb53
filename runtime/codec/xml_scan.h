// What must hold of an XML document before it is built.
#ifndef EDUGATE_RUNTIME_CODEC_XML_SCAN_H_
#define EDUGATE_RUNTIME_CODEC_XML_SCAN_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace edugate::codec {

// The bounds of an XML document.
struct XmlBounds {
  // Levels of elements, the root being 1.
  int max_depth = 64;
  // Elements, attributes, comments and CDATA sections together.
  size_t max_nodes = 200'000;
};

// Passes once over a document and refuses (kInternal, naming the problem) what DecodeXml refuses,
// in constant memory. That start and end tags match is left to the parser.
absl::Status ScanXml(absl::string_view document, const XmlBounds& bounds);

}  // namespace edugate::codec

#endif  // EDUGATE_RUNTIME_CODEC_XML_SCAN_H_
