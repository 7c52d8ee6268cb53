// Reads JSON values without a schema: google.protobuf.Struct, ListValue and Value.
#ifndef EDUGATE_RUNTIME_CODEC_JSON_UNTYPED_READER_H_
#define EDUGATE_RUNTIME_CODEC_JSON_UNTYPED_READER_H_

#include "google/protobuf/struct.pb.h"
#include "runtime/codec/json_body.h"
#include "runtime/codec/json_tokens.h"
#include "runtime/codec/json_unknown_fields.h"
#include "runtime/codec/scalar.h"
#include "runtime/codec/value_path.h"

namespace edugate::codec {

// Nothing below an untyped value is typed again. `scope` is the message in which the outermost of
// the values stands, `depth` that of the object or list in which the value read stands.
class JsonUntypedReader {
 public:
  // Both must outlive this.
  JsonUntypedReader(JsonBody& body, JsonUnknownFields& unknown_fields)
      : body_(body), unknown_fields_(unknown_fields) {}

  Fit ReadValue(const JsonValue& value, google::protobuf::Value* out, const Scope& scope,
                const ValuePath& path, int depth);

  // The bracket has been taken, here and below. False where the body is refused.
  bool ReadStruct(google::protobuf::Struct* out, const Scope& scope, const ValuePath& path,
                  int depth);

  bool ReadListValue(google::protobuf::ListValue* out, const Scope& scope, const ValuePath& path,
                     int depth);

 private:
  JsonBody& body_;
  JsonUnknownFields& unknown_fields_;
};

}  // namespace edugate::codec

#endif  // EDUGATE_RUNTIME_CODEC_JSON_UNTYPED_READER_H_
