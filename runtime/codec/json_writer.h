// Any message as a request body.
#ifndef EDUGATE_RUNTIME_CODEC_JSON_WRITER_H_
#define EDUGATE_RUNTIME_CODEC_JSON_WRITER_H_

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace edugate::codec {

// What a body holds beside the message's own fields.
struct WriteOptions {
  // Puts the contents of `unknown_fields` back where they stood, unless a value is there already.
  // For the lossless record; a request never holds them.
  bool include_unknown_fields = false;
  // Fields of the outermost message that stand elsewhere in the request (the path, the query).
  std::vector<const google::protobuf::FieldDescriptor*> omit;
};

// The message as JSON text (RFC 8259) on one line, names by json_name in the order of declaration.
//
// A field with presence is written when it is set, one without when it isn't its default, a list
// when it isn't empty. A field with the option write_null is always written: as null, "" or [].
// Fields with the option header are left out.
//
// Integers of 64 bits are numbers. Enums are names; a number that the enum doesn't list is a
// number. Bytes are base64. A json_text field is inserted as it is when it is JSON, and as a JSON
// string otherwise. Struct, Value, ListValue, Timestamp and the wrappers are written as the JSON
// that they stand for. Text that isn't UTF-8 is written with U+FFFD, a number that JSON doesn't
// know (NaN) as null.
std::string WriteJson(const google::protobuf::Message& message, const WriteOptions& options = {});

// One field's JSON value, as WriteJson writes it: for a request whose body is one field. null where
// it is unset.
std::string WriteJsonField(const google::protobuf::Message& message,
                           const google::protobuf::FieldDescriptor* field,
                           const WriteOptions& options = {});

// The message as application/x-www-form-urlencoded (WHATWG URL, section 5): a name=value pair for
// each scalar that WriteJson would write and for each element of a list; null is an empty value;
// nested messages are JSON text.
std::string WriteForm(const google::protobuf::Message& message, const WriteOptions& options = {});

}  // namespace edugate::codec

#endif  // EDUGATE_RUNTIME_CODEC_JSON_WRITER_H_
