// XML bytes into any message, by its descriptor.
#ifndef EDUGATE_RUNTIME_CODEC_XML_DECODER_H_
#define EDUGATE_RUNTIME_CODEC_XML_DECODER_H_

#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "runtime/codec/json_decoder.h"

namespace edugate::codec {

// Decodes `body`, an XML document in the shape that Django REST framework's XMLRenderer writes,
// into `*out`, which it clears first: a root element of any name, an element for each name of an
// object, <list-item> for each element of a list, True and False, everything else as text.
//
// The rules are those of DecodeJson, and besides:
//
// An empty element stands for null, "", [] and {}: a field with presence stays unset, a list is
// empty. An empty <list-item> is "" in a list of texts and an empty message in a list of messages.
//
// White space around a number, a boolean, an enum's word or a time is not part of it, and an
// element of white space alone is an empty one; text keeps its own.
//
// An attribute becomes an unknown field called element@attribute, and text beside elements one
// called #text, or element#text where the element is a list or a map. What is kept as an unknown
// field is kept as JSON; as XML has no types, its scalars are text.
//
// Refused before the document is built: DOCTYPE and every other declaration, entities beyond the
// five predefined and the numeric, processing instructions, characters that XML doesn't allow,
// invalid UTF-8, an encoding other than UTF-8 (ASCII text may declare another), more than one root,
// and what exceeds the bounds of `options`. Errors are as DecodeJson's.
absl::Status DecodeXml(std::string body, const DecodeOptions& options,
                       google::protobuf::Message* out);

}  // namespace edugate::codec

#endif  // EDUGATE_RUNTIME_CODEC_XML_DECODER_H_
