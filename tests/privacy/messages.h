// All messages of edugate and of the providers.
#ifndef TESTS_PRIVACY_MESSAGES_H_
#define TESTS_PRIVACY_MESSAGES_H_

#include <string>
#include <vector>

namespace google::protobuf {
class Descriptor;
class FieldDescriptor;
class FileDescriptor;
class Message;
}  // namespace google::protobuf

namespace edugate::tests {

// The files below proto/edugate that have messages.
std::vector<const google::protobuf::FileDescriptor*> AllFiles();

// Their messages, those within others included, without the entries of maps.
std::vector<const google::protobuf::Descriptor*> AllMessages();

// The values that a field is given, by its type. A truth value is true.
struct Scalar {
  std::string text;
  int number = 0;
  int enum_number = 0;
};

// Sets a field that holds no message or, where it is a list, adds an element.
void SetScalar(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field,
               const Scalar& value);

}  // namespace edugate::tests

#endif  // TESTS_PRIVACY_MESSAGES_H_
