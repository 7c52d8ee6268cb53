// The one way in which a message becomes text for people: a line of a log, an error, a trace, a
// debugger.
#ifndef EDUGATE_RUNTIME_PRIVACY_REDACTOR_H_
#define EDUGATE_RUNTIME_PRIVACY_REDACTOR_H_

#include <cstddef>
#include <string>

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace edugate::privacy {

// Writes messages with all left out that says something about a person or grants access. By
// descriptor: a field shows only if neither it nor a field that holds it is classified
// (edugate.privacy.v1.data_class). What can't be judged doesn't show either: unknown fields, an
// Any's content, values of an open shape (google.protobuf.Struct, HttpBody, UnknownField), bytes,
// and page tokens, which callers may fill with anything.
class Redactor {
 public:
  // The longest text. A longer one is cut, and ends in "...".
  static constexpr std::size_t kMaxBytes = 4096;

  // One line: `parent: "connections/lincoln" learner: [identity] view: VIEW_FULL`. Hidden values
  // leave their class, and how many there are.
  static std::string Text(const google::protobuf::Message& message);
};

}  // namespace edugate::privacy

#endif  // EDUGATE_RUNTIME_PRIVACY_REDACTOR_H_
