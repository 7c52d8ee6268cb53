// A provider's reply.
#ifndef RUNTIME_REST_REPLY_H_
#define RUNTIME_REST_REPLY_H_

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "google/protobuf/arena.h"

namespace edugate::rest {

// The message that a provider answered, or why there is none. The message lies on an arena of its
// own, so that its hundreds of small objects are taken and given back as a few. Copying it to
// elsewhere copies all of it: mappings read it where it is.
template <typename Message>
class Reply {
 public:
  // An empty message, to be filled.
  Reply()
      : arena_(std::make_unique<google::protobuf::Arena>()),
        message_(google::protobuf::Arena::CreateMessage<Message>(arena_.get())) {}

  // A failure. Not OK.
  Reply(absl::Status status) : status_(std::move(status)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return status_.ok(); }
  const absl::Status& status() const { return status_; }

  // Only where it is OK.
  Message& operator*() { return *message_; }
  const Message& operator*() const { return *message_; }
  Message* operator->() { return message_; }
  const Message* operator->() const { return message_; }

 private:
  absl::Status status_;
  std::unique_ptr<google::protobuf::Arena> arena_;
  Message* message_ = nullptr;
};

}  // namespace edugate::rest

#endif  // RUNTIME_REST_REPLY_H_
