// A reply's bytes into its message, by the reply's own Content-Type.
#ifndef EDUGATE_RUNTIME_CODEC_DECODER_H_
#define EDUGATE_RUNTIME_CODEC_DECODER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "runtime/codec/json_decoder.h"

namespace edugate::codec {

// How a body is written.
enum class BodyFormat {
  // Neither of the two: HTML, CSV, ZIP, plain text or nothing.
  kOther,
  // application/json, text/json or any +json.
  kJson,
  // application/xml, text/xml or any +xml but XHTML and SVG.
  kXml,
};

// The format of a body, from its Content-Type (RFC 9110, section 8.3; parameters are ignored).
// Without a Content-Type the first bytes decide: { or [ is JSON, < is XML unless it opens an HTML
// page.
BodyFormat FormatOf(absl::string_view content_type, absl::string_view body);

// Decodes `body` into `*out`, which it clears first, by DecodeJson or DecodeXml. Errors are
// kInternal: those two functions', an empty body, or a media type that is neither JSON nor XML,
// which the message names.
absl::Status Decode(absl::string_view content_type, std::string body, const DecodeOptions& options,
                    google::protobuf::Message* out);

}  // namespace edugate::codec

#endif  // EDUGATE_RUNTIME_CODEC_DECODER_H_
