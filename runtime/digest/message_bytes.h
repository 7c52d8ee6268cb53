// A message as bytes that say what it says: to compare messages, to digest them.
#ifndef RUNTIME_DIGEST_MESSAGE_BYTES_H_
#define RUNTIME_DIGEST_MESSAGE_BYTES_H_

#include <string>

#include "google/protobuf/message_lite.h"

namespace edugate::digest {

// The message's serialization with maps in the order of their keys: the same for equal messages of
// one program.
std::string MessageBytes(const google::protobuf::MessageLite& message);

}  // namespace edugate::digest

#endif  // RUNTIME_DIGEST_MESSAGE_BYTES_H_
