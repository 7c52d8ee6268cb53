// The request and the reply of a unary call, which may live on beyond gRPC's use of them.
//
// Includes gRPC: for the services' .cc files only.
#ifndef SERVICES_CALL_MESSAGES_H_
#define SERVICES_CALL_MESSAGES_H_

#include <google/protobuf/arena.h>
#include <grpcpp/support/message_allocator.h>

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

namespace edugate::services {

// gRPC has written a reply when Finish() returns, but keeps it until it hears that it has gone,
// many calls later: by then its memory has left the processor's caches, and freeing a page of
// records touches all of it again. A call that holds its messages frees the reply at once; one that
// makes it on an arena also takes and gives back its memory as a few blocks.
//
// There is no reply, and response() is null, until the call makes one, in the one way or the other.
// gRPC passes the pointer on, and looks at the reply when a call ends with OK.
template <typename Request, typename Response>
class CallMessages final : public grpc::MessageHolder<Request, Response> {
 public:
  CallMessages() {
    this->set_request(&request_);
    this->set_response(nullptr);
  }

  // A further holder beside gRPC; it calls Release() as gRPC does.
  void Hold() { holders_.fetch_add(1, std::memory_order_relaxed); }

  void Release() override {
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  // Makes an empty reply that lies on an arena. Once, before Finish(). The arena takes no more than
  // the empty reply needs until there is something to put on it: many calls wait for long.
  Response& ReplyOnArena() {
    arena_.emplace();
    this->set_response(google::protobuf::Arena::CreateMessage<Response>(&*arena_));
    return *this->response();
  }

  // Makes this the reply. Once, before Finish().
  void SetReply(Response&& reply) {
    reply_ = std::make_unique<Response>(std::move(reply));
    this->set_response(reply_.get());
  }

  // Frees the reply. By who holds the messages, when Finish() has written it: it does so later
  // where gRPC doesn't know the call's reactor yet.
  void FreeReply() {
    this->set_response(nullptr);
    arena_.reset();
    reply_.reset();
  }

 private:
  ~CallMessages() override = default;

  Request request_;
  // Of these two at most one.
  std::optional<google::protobuf::Arena> arena_;
  std::unique_ptr<Response> reply_;
  std::atomic<int> holders_{1};
};

// Thread-safe.
template <typename Request, typename Response>
class CallMessagesAllocator final : public grpc::MessageAllocator<Request, Response> {
 public:
  // gRPC keeps a pointer to it.
  static CallMessagesAllocator* Get() {
    static CallMessagesAllocator* const allocator = new CallMessagesAllocator;
    return allocator;
  }

  grpc::MessageHolder<Request, Response>* AllocateMessages() override {
    return new CallMessages<Request, Response>;
  }
};

}  // namespace edugate::services

#endif  // SERVICES_CALL_MESSAGES_H_
