// What every reply passes before it is sent.
#ifndef SERVICES_REPLY_SCREEN_H_
#define SERVICES_REPLY_SCREEN_H_

#include "absl/status/status.h"
#include "runtime/async/call_context.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace edugate::services {

// Sees every message that leaves edugate: the reply of a unary call or of an upload, each message
// of a stream, and the provider's message of a native call. The bridge asks it once for each.
class ReplyScreen {
 public:
  virtual ~ReplyScreen() = default;

  // May change the message. `call` says who asks (caller), for what (purpose), with which rights
  // (RightsOf in services/caller_rights.h), by which method and, once it is known, through which
  // connection. A status that isn't OK ends the call, and the message isn't sent. From the loops'
  // threads, for different calls at once.
  virtual absl::Status Screen(const async::CallContext& call,
                              google::protobuf::Message& message) = 0;
};

}  // namespace edugate::services

#endif  // SERVICES_REPLY_SCREEN_H_
