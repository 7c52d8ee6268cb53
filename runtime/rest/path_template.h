// The path of a google.api.http rule, compiled, and filled in from a request message: transcoding
// run backwards.
#ifndef RUNTIME_REST_PATH_TEMPLATE_H_
#define RUNTIME_REST_PATH_TEMPLATE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace edugate::rest {

// A path such as /api/v3/students/{student_id}/reenrollments. A variable takes one segment;
// `{name=**}` takes the rest of the path with its slashes. A variable names a field of the request
// message, or a field of a message in it (a.b).
class PathTemplate {
 public:
  // INVALID_ARGUMENT, naming what is wrong and where: an unclosed brace, a variable that is no
  // singular scalar field of `request`, a path that doesn't start with a slash or holds what no
  // path holds (RFC 3986, section 3.3).
  static absl::StatusOr<PathTemplate> Parse(absl::string_view path,
                                            const google::protobuf::Descriptor* request);

  // The path with the request's values, percent-encoded (RFC 3986: everything but unreserved
  // characters), so that a value can never add a segment or a query. INVALID_ARGUMENT with the
  // field's name where a value is empty, "." or "..".
  absl::StatusOr<std::string> Expand(const google::protobuf::Message& request) const;

  // The request fields, from the message's top, that the path uses.
  const std::vector<const google::protobuf::FieldDescriptor*>& fields() const { return fields_; }

  // The path's variables, each as the fields from the message's top down to the value.
  std::vector<std::vector<const google::protobuf::FieldDescriptor*>> variables() const;

  // The path as declared: the name of the route in metrics and logs.
  const std::string& text() const { return text_; }

 private:
  struct Part {
    std::string literal;  // written as it is, before the variable
    std::vector<const google::protobuf::FieldDescriptor*>
        variable;  // the way to the field; empty: none
    bool many_segments = false;
  };

  std::string text_;
  std::vector<Part> parts_;
  std::vector<const google::protobuf::FieldDescriptor*> fields_;
};

// Appends `text` with every byte but RFC 3986's unreserved ones as %XX.
void AppendPercentEncoded(absl::string_view text, std::string& out);

// A scalar field's value as text, as it goes into a path, a query or a header: true/false, decimal
// numbers, enum names (numbers where an enum value has none).
std::string ScalarText(const google::protobuf::Message& message,
                       const google::protobuf::FieldDescriptor& field, int index = -1);

}  // namespace edugate::rest

#endif  // RUNTIME_REST_PATH_TEMPLATE_H_
