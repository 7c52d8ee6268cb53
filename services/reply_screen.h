// What every call passes before it is carried out, and every reply before it is sent.
#ifndef SERVICES_REPLY_SCREEN_H_
#define SERVICES_REPLY_SCREEN_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace edugate::services {

// The screen of one call. On the call's loop.
class CallScreen {
 public:
  virtual ~CallScreen() = default;

  // Before the handler: whether the call may be carried out. `request` is null where it comes as a
  // stream.
  virtual async::Task<absl::Status> Begin(async::CallContext& call,
                                          const google::protobuf::Message* request) = 0;

  // Before a reply, or each message of a stream, is sent; it may be changed, and the request's read
  // mask is applied. A status that isn't OK ends the call, and the message isn't sent. `*redacted`
  // gets the paths of hidden fields that the message itself has no place for.
  virtual async::Task<absl::Status> Reply(async::CallContext& call,
                                          const google::protobuf::Message* request,
                                          google::protobuf::Message& reply,
                                          std::vector<std::string>* redacted) = 0;

  // After the last reply: the status that the call ends with.
  virtual async::Task<absl::Status> End(async::CallContext& call,
                                        const google::protobuf::Message* request,
                                        absl::Status status) = 0;
};

// Sees every message that leaves edugate: the reply of a unary call or of an upload, each message
// of a stream, and the provider's message of a native call.
class ReplyScreen {
 public:
  virtual ~ReplyScreen() = default;

  // The screen of a call that begins; null where there is nothing to look at. `call` says who asks
  // (caller), for what (purpose), with which rights (RightsOf in services/caller_rights.h) and by
  // which method. From the loops' threads.
  virtual std::unique_ptr<CallScreen> ScreenOf(const async::CallContext& call) = 0;
};

}  // namespace edugate::services

#endif  // SERVICES_REPLY_SCREEN_H_
