// Reads a JSON body's tokens into a message, by its schema.
#ifndef EDUGATE_RUNTIME_CODEC_JSON_MESSAGE_READER_H_
#define EDUGATE_RUNTIME_CODEC_JSON_MESSAGE_READER_H_

#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "runtime/codec/json_decoder.h"
#include "runtime/codec/json_tokens.h"
#include "runtime/codec/schema.h"

namespace edugate::codec {

// Reads a whole body into `*out`, which is empty: as the message itself or, where `field` isn't
// null, as this field of it. `tokens` are the body's, from the first one. The rules and the errors
// are DecodeJson's.
absl::Status ReadJsonMessage(const std::string& body, JsonTokens tokens,
                             const DecodeOptions& options, const FieldPlan* field,
                             google::protobuf::Message* out);

}  // namespace edugate::codec

#endif  // EDUGATE_RUNTIME_CODEC_JSON_MESSAGE_READER_H_
