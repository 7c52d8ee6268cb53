// All messages of edugate and of the providers.
#ifndef TESTS_PRIVACY_MESSAGES_H_
#define TESTS_PRIVACY_MESSAGES_H_

#include <vector>

namespace google::protobuf {
class Descriptor;
class FileDescriptor;
}  // namespace google::protobuf

namespace edugate::tests {

// The files below proto/edugate that have messages.
std::vector<const google::protobuf::FileDescriptor*> AllFiles();

// Their messages, those within others included, without the entries of maps.
std::vector<const google::protobuf::Descriptor*> AllMessages();

}  // namespace edugate::tests

#endif  // TESTS_PRIVACY_MESSAGES_H_
