// JSON bytes into any message, by its descriptor.
#ifndef EDUGATE_RUNTIME_CODEC_JSON_DECODER_H_
#define EDUGATE_RUNTIME_CODEC_JSON_DECODER_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "runtime/codec/drift.h"
#include "runtime/codec/schema.h"

namespace edugate::codec {

// Room that the JSON parser wants behind a body: a std::string with capacity() >= size() +
// kBodyPadding is read in place, another one is copied first.
inline constexpr size_t kBodyPadding = 64;

// What bounds a decoding, and whom it tells about drift. The defaults suit a provider's reply.
struct DecodeOptions {
  // The largest body, in bytes.
  size_t max_bytes = 8 << 20;
  // The deepest nesting of lists and objects, the outermost being 1. At most 512.
  int max_depth = 64;
  // The most values (objects, lists and scalars together) in a body, XML elements likewise.
  size_t max_nodes = 200'000;
  // The most memory that the messages of a body may take, in bytes, their texts not counted: an
  // empty object is two characters in the body and a few hundred bytes as a message.
  size_t max_message_bytes = 8 << 20;
  // True: a list that the vendor documents as always present must stand in the body's outermost
  // object, as a list or null; where `response_field` is a list, the body must be one. Of what
  // stands in such a list something must fit. Otherwise the body is something else
  // (`{"error": ...}`) and no empty list.
  bool promised_lists = false;
  // Hears of every difference between reply and schema. May be null. Must outlive the call.
  DriftSink* drift = nullptr;
  // The .proto name of the field of the message into which the whole body is decoded, for a body
  // that is a list or a bare value. Empty: the body is the message itself. Must outlive the call.
  absl::string_view response_field;
};

// Decodes `body`, one JSON text (RFC 8259, a UTF-8 byte order mark allowed), into `*out`, a message
// of a generated class, which it clears first.
//
// The rules:
//
// A name is a field's json_name, one of its aliases, or its name in the .proto.
//
// A number where text is declared gives the number's own characters. Text where a number is
// declared is taken when it is a JSON number that the type holds exactly (12.0 and 1.2e1 are the
// integer 12); true, "true" and "True" are one.
//
// null leaves a field unset, a list empty, a google.protobuf.Value null.
//
// A name that the schema doesn't know goes as JSON text into the nearest enclosing message that
// declares `repeated edugate.rest.v1.UnknownField unknown_fields`; so does a value that doesn't fit
// its field, which stays unset. Where no message declares it, only the DriftSink hears of it. A
// name that holds a dot, a bracket or a quote stands in an UnknownField's path in brackets, as a
// JSON string: student["a.b"].
//
// When a name stands twice in an object, the last one wins and the earlier is kept as an unknown
// field. Of several spellings of one field, the first that is not null wins and the others are kept
// as unknown fields. Of a oneof, the first wins and the others don't fit.
//
// An integer that a double can't hold exactly doesn't fit a double field or a
// google.protobuf.Value. Half of a surrogate pair (an escape that stands for no character) fits no
// text.
//
// Errors are kInternal: not one complete JSON text, invalid UTF-8, a bound exceeded, or an
// outermost value of the wrong sort. The message names the path (reenrollments[3].id) and the
// problem, never a value; a name that may be data, such as a map's key, is shown as `*`. `*out` is
// then unspecified.
absl::Status DecodeJson(std::string body, const DecodeOptions& options,
                        google::protobuf::Message* out);

}  // namespace edugate::codec

#endif  // EDUGATE_RUNTIME_CODEC_JSON_DECODER_H_
