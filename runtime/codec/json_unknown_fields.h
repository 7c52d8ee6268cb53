// What of a JSON body goes into no typed field: the messages keep it as UnknownFields, and the
// DriftSink hears of it.
#ifndef EDUGATE_RUNTIME_CODEC_JSON_UNKNOWN_FIELDS_H_
#define EDUGATE_RUNTIME_CODEC_JSON_UNKNOWN_FIELDS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "edugate/rest/v1/options.pb.h"
#include "google/protobuf/message.h"
#include "runtime/codec/drift.h"
#include "runtime/codec/json_body.h"
#include "runtime/codec/json_decoder.h"
#include "runtime/codec/json_tokens.h"
#include "runtime/codec/scalar.h"
#include "runtime/codec/schema.h"
#include "runtime/codec/value_path.h"

namespace edugate::codec {

// The nearest enclosing message that keeps unknown fields.
class UnknownFieldHolder {
 public:
  UnknownFieldHolder(google::protobuf::Message* message,
                     const google::protobuf::FieldDescriptor* field, const ValuePath* at)
      : message_(message), reflection_(message->GetReflection()), field_(field), at_(at) {}

  // Where the message stands; entries' paths start here.
  const ValuePath* at() const { return at_; }

  // The entries so far, marked ones included. Counted here: asking by reflection costs more than
  // reading a field.
  int size() const { return size_; }

  rest::v1::UnknownField* Add();

  // Marks the entries of a value that is now kept whole. Positions stay as they are until Sweep.
  void Forget(int begin, int end);

  // Removes the marked entries, when the message is complete.
  void Sweep() {
    if (forgotten_) RemoveForgotten();
  }

 private:
  void RemoveForgotten();

  google::protobuf::Message* const message_;
  const google::protobuf::Reflection* const reflection_;
  const google::protobuf::FieldDescriptor* const field_;
  const ValuePath* const at_;
  int size_ = 0;
  bool forgotten_ = false;
};

// The message that is being read.
struct Scope {
  // How many entries its holder has so far.
  int EntryCount() const { return holder != nullptr ? holder->size() : 0; }

  google::protobuf::Message* message;
  const google::protobuf::Reflection* reflection;
  const Schema* schema;
  const ValuePath* at;
  UnknownFieldHolder* holder;  // null where no enclosing message keeps unknown fields
};

// What an object has held so far of one field or under one name.
struct Seen {
  const char* start;
  // The entries that the value left among the unknown fields.
  int entries_begin;
  int entries_end;
  int spelling;
  // The number of the object that this is about: see JsonMessageReader::seen_.
  uint32_t object;
  bool null;
};

// Keeps, of one body, the values that have no field. Where these return false, the body says why it
// is refused. `start` is a value's first character; `depth` is that of the object or list in which
// the value stands.
class JsonUnknownFields {
 public:
  // `body`, whose text is `body_bytes` long, must outlive this; so must options.drift.
  JsonUnknownFields(const DecodeOptions& options, size_t body_bytes, JsonBody& body);

  // Keeps what stands under a name that the schema doesn't know, or that it knows and has read.
  bool KeepUnknown(const char* start, const Scope& scope, const ValuePath& path, int depth);

  // Keeps a value that doesn't fit its field.
  bool KeepIllFitting(const char* start, const Scope& scope, const ValuePath& path, int depth,
                      Fit fit = Fit::kIllFitting);

  // Keeps, as an unknown field, what stood under a name before the name came again.
  bool KeepEarlier(const Seen& earlier, const Scope& scope, const ValuePath& path, int depth);

  // Keeps a value that its field didn't take.
  bool Settle(Fit fit, const JsonValue& value, const Scope& scope, const ValuePath& path,
              int depth) {
    if (fit == Fit::kFits) return true;
    if (fit == Fit::kFailed) return false;
    return KeepIllFitting(value.token.data(), scope, path, depth, fit);
  }

 private:
  bool Keep(const char* start, const Scope& scope, const ValuePath& path, int depth,
            bool ill_fitting);
  bool AddEntry(absl::string_view json, const Scope& scope, const ValuePath& path,
                bool ill_fitting);
  void TellUnknown(const Scope& scope, const ValuePath& path);

  JsonBody& body_;
  DriftSink* const drift_;
  // What unknown fields may still take.
  size_t bytes_left_;
};

}  // namespace edugate::codec

#endif  // EDUGATE_RUNTIME_CODEC_JSON_UNKNOWN_FIELDS_H_
