// How a decoder tells that a provider's replies have moved away from the schema.
#ifndef EDUGATE_RUNTIME_CODEC_DRIFT_H_
#define EDUGATE_RUNTIME_CODEC_DRIFT_H_

#include "absl/strings/string_view.h"

namespace edugate::codec {

// Receives every difference between a reply and its schema, as names that are fit for a metric's
// label: never a value, never a map's key, never a list position. A name that the schema doesn't
// know and that doesn't look like an identifier (an e-mail address used as a key, say) arrives as
// "*".
//
// `message` is the full protobuf name of the message in which the difference stood; `path` is
// relative to it, lists marked by "[]" ("tags[]", "attributes.*"). The views live only for the
// call. Calls come from the decoding thread, in the order of the reply, and several times for the
// same name where the reply repeats it.
class DriftSink {
 public:
  virtual ~DriftSink() = default;

  // The reply holds a field that the schema doesn't know, or knows and has read already under the
  // same or another name.
  virtual void OnUnknownField(absl::string_view message, absl::string_view path) = 0;
  // A value does not fit the type of its field.
  virtual void OnIllFitting(absl::string_view message, absl::string_view path) = 0;
  // A field that the vendor documents as always present is absent.
  virtual void OnMissing(absl::string_view message, absl::string_view path) = 0;
  // An enum field holds a word or number that the enum doesn't list.
  virtual void OnNewEnumValue(absl::string_view message, absl::string_view path) = 0;
};

}  // namespace edugate::codec

#endif  // EDUGATE_RUNTIME_CODEC_DRIFT_H_
