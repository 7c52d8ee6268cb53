// A provider's reply that answers more than the call that asked for it.
#ifndef RUNTIME_RESILIENCE_KEPT_REPLY_H_
#define RUNTIME_RESILIENCE_KEPT_REPLY_H_

#include <memory>
#include <string>

#include "google/protobuf/message.h"

namespace edugate::resilience {

// A decoded reply. Never changed once it is shared.
struct KeptReply {
  std::unique_ptr<const google::protobuf::Message> message;
  // With which to ask whether it still holds (RFC 9110, section 8.8.3); empty: that can't be asked.
  std::string etag;
};

}  // namespace edugate::resilience

#endif  // RUNTIME_RESILIENCE_KEPT_REPLY_H_
