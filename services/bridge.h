// From gRPC's callback API to coroutines on an event loop, and back. The only place that knows
// both. Every call passes here, so deadlines, cancellation, error details and what is counted about
// calls are handled here and nowhere else.
//
// Includes gRPC: for the services' .cc files only.
#ifndef SERVICES_BRIDGE_H_
#define SERVICES_BRIDGE_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/async/call_context.h"
#include "runtime/async/event.h"
#include "runtime/async/event_loop.h"
#include "runtime/async/loop_pool.h"
#include "runtime/async/sleep.h"
#include "runtime/async/task.h"
#include "runtime/errors/errors.h"
#include "services/admission.h"
#include "services/call_gate.h"
#include "services/call_messages.h"
#include "services/call_observer.h"
#include "services/client_stream.h"
#include "services/grpc_status.h"
#include "services/read_mask.h"
#include "services/reply_screen.h"
#include "services/stream_writer.h"

namespace edugate::services {

// What every call needs of the process.
struct BridgeOptions {
  async::LoopPool* loops = nullptr;
  CallObserver* observer = nullptr;  // may be null
  // Turns calls away where too many come; null: it takes all.
  CallGate* gate = nullptr;
  // Decides who may call what; null: whoever comes, everything.
  const Admission* admission = nullptr;
  // Sees every reply before it is sent; null: they are sent as they are.
  ReplyScreen* screen = nullptr;
  // The deadline of a call that brings none, and the latest that any call gets.
  absl::Duration default_deadline = absl::Seconds(30);
  absl::Duration max_deadline = absl::Seconds(120);
  // The same for streams, which last as long as their reader takes.
  absl::Duration max_stream_deadline = absl::Hours(1);
  // A stream whose reader takes nothing for this long is ended, as is an upload of which nothing
  // comes, and a conversation (reflection) in which nothing is asked, for this long.
  absl::Duration slow_reader_limit = absl::Seconds(60);
  // The largest message that is sent. gRPC's own limit, which has to be the same, tells no reason.
  size_t max_reply_bytes = size_t{16} << 20;
};

// How long a call may take.
struct TimeLimit {
  absl::Duration otherwise;  // where its caller says nothing
  absl::Duration at_most;    // whatever its caller says
};

// gRPC runs the reactions of a reactor that is not its own on a thread of its executor, which costs
// a wake-up for each call. Ours only post to a loop or count down, as its own DefaultReactor's do,
// and may run where they arise. The virtual function that says so is public but undocumented: where
// a later gRPC drops it, the override fails to compile and goes.
inline constexpr bool kInlineReactions = true;

// What unary and streaming calls have in common. Two parties hold a call: its coroutine, and gRPC
// until OnDone. The last one to let go deletes it. OnCancel holds it, too, until the loop has heard
// of the cancellation.
class CallBase : private async::Work {
 public:
  // `method` is a literal, Service.Method; `granted_as` is what grants call it. Empty: it needs no
  // grant, and the derived class asks who calls.
  CallBase(const BridgeOptions& options, grpc::CallbackServerContext& context,
           absl::string_view method, absl::string_view granted_as, TimeLimit limit);
  CallBase(const BridgeOptions& options, grpc::CallbackServerContext& context,
           absl::string_view method, TimeLimit limit)
      : CallBase(options, context, method, method, limit) {}
  virtual ~CallBase();

 protected:
  // Whether the call may begin. If not, the reactor ends it at once, with Refused().
  bool admitted() const { return admission_.ok(); }

  // The call must not begin, and this is why. Before admitted() is asked for the last time.
  void Deny(absl::Status why) { admission_ = std::move(why); }

  // The end of a call that has not begun. Then the reactor's Finish(). Instead of Begin().
  grpc::Status Refused();

  // Runs the call's coroutine on its loop.
  void Begin() { call_.loop().Post(static_cast<async::Work*>(this)); }

  // The whole call, on the loop.
  virtual async::Task<void> Execute() = 0;

  // Passes gRPC's cancellation on to the loop. From gRPC's threads.
  void CancelFromGrpc();

  // Ends a call whose caller takes nothing, with what it has not taken dropped. On the loop.
  void CutOff();

  // Finds the call's screen. Whether there is one: the three below are for then. On the loop.
  bool OpenScreen();
  bool screened() const { return screen_ != nullptr; }

  // Whether the call may be carried out. `request` is null where it comes as a stream.
  async::Task<absl::Status> Check(const google::protobuf::Message* request);

  // Shows a reply to the screen, which may change it and applies the request's read mask. Not OK:
  // it must not be sent.
  async::Task<absl::Status> Screen(const google::protobuf::Message* request,
                                   google::protobuf::Message& reply);

  // Does what is left to do where no screen looks at the reply. Costs nothing for requests without
  // a mask.
  template <typename Request>
  static void ApplyMask(const Request& request, google::protobuf::Message& reply) {
    if constexpr (requires { request.read_mask(); }) ApplyReadMaskOf(request, reply);
  }

  // Whether a reply, as it would be sent, may be: REPLY_TOO_LARGE.
  absl::Status CheckSize(const google::protobuf::Message& reply) const;

  // After the last reply; the status that the call ends with.
  async::Task<absl::Status> Conclude(const google::protobuf::Message* request, absl::Status status);

  // Adds a trailer of the handler's. Before Ending(). On the loop.
  void AddCallTrailer(absl::string_view key, const std::string& value);

  // Writes the trailers and tells the observer. Then the reactor's Finish(). On the loop.
  grpc::Status Ending(const absl::Status& status);

  // Further holders, beside the coroutine and gRPC.
  void Ref() { holders_.fetch_add(1, std::memory_order_relaxed); }
  void Unref();

  async::CallContext& call() { return call_; }
  const BridgeOptions& options() const { return options_; }

  // Tells the loop that gRPC is done with a message, and holds the call until the loop has heard
  // it.
  class Done final : public async::Work {
   public:
    // Sets `event`. Both outlive the object.
    Done(CallBase& owner, async::Event& event) : owner_(owner), event_(event) {}
    // From gRPC's threads; again only after the event has been reset.
    void Tell();
    void Run() override;
    void Drop() override;

   private:
    CallBase& owner_;
    async::Event& event_;
  };

 private:
  class Cancellation final : public async::Work {
   public:
    explicit Cancellation(CallBase& owner) : owner_(owner) {}
    void Run() override;
    void Drop() override;

   private:
    CallBase& owner_;
  };

  CallBase(const BridgeOptions& options, grpc::CallbackServerContext& context,
           absl::string_view method, absl::string_view granted_as, TimeLimit limit,
           async::EventLoop& loop);

  void Run() override;
  void Drop() override;
  async::Task<void> ExecuteAndRelease();

  const BridgeOptions& options_;
  grpc::CallbackServerContext& context_;
  async::CallContext call_;
  const async::MonotonicTime started_;
  absl::Status admission_;
  std::unique_ptr<CallScreen> screen_;
  std::atomic<int> holders_{2};
  Cancellation cancellation_;
};

// A handler: a method of a service object that answers one request.
template <typename Service, typename Request, typename Response>
using UnaryMethod = async::Task<absl::StatusOr<Response>> (Service::*)(async::CallContext&,
                                                                       const Request&);

// The same for a handler that fills the reply, which is empty and may lie on an arena, where it
// stands: replies of many records or parts. After a failure what it has put there is not sent.
template <typename Service, typename Request, typename Response>
using FillingMethod = async::Task<absl::Status> (Service::*)(async::CallContext&, const Request&,
                                                             Response& response);

// `Method` is a UnaryMethod or a FillingMethod.
template <typename Service, typename Request, typename Response, typename Method>
class UnaryCall final : public grpc::ServerUnaryReactor, public CallBase {
 public:
  // `response` is what gRPC gives; null where the context's CallMessages have no reply yet.
  UnaryCall(const BridgeOptions& options, grpc::CallbackServerContext& context,
            absl::string_view method_name, Service& service, Method method, const Request& request,
            Response* response)
      : CallBase(options, context, method_name,
                 {.otherwise = options.default_deadline, .at_most = options.max_deadline}),
        service_(service),
        method_(method),
        request_(request),
        response_(response),
        messages_(dynamic_cast<CallMessages<Request, Response>*>(context.GetRpcAllocatorState())),
        // Finish() writes the reply at once where gRPC knows of this reactor by then. It does where
        // this is the loop's own thread, whose work follows; another thread may still be on its way
        // back from here when the loop has finished the call.
        frees_reply_(messages_ != nullptr && call().loop().InLoop()) {
    if (frees_reply_) messages_->Hold();
    admitted() ? Begin() : Finish(Refused());
  }

  ~UnaryCall() override {
    if (frees_reply_) messages_->Release();
  }

 private:
  static constexpr bool kFills = std::is_same_v<Method, FillingMethod<Service, Request, Response>>;
  static_assert(kFills || std::is_same_v<Method, UnaryMethod<Service, Request, Response>>);

  async::Task<void> Execute() override {
    absl::Status status = call().Status();
    if (!status.ok()) status = errors::DeadlineExceeded({});
    if (status.ok() && OpenScreen()) status = co_await Check(&request_);
    if (status.ok()) {
      if constexpr (kFills) {
        Response& reply = messages_ != nullptr ? messages_->ReplyOnArena() : *response_;
        status = co_await (service_.*method_)(call(), request_, reply);
        if (status.ok() && screened()) status = co_await Screen(&request_, reply);
        if (status.ok() && !screened()) ApplyMask(request_, reply);
        if (status.ok()) status = CheckSize(reply);
      } else {
        absl::StatusOr<Response> result = co_await (service_.*method_)(call(), request_);
        status = result.status();
        if (status.ok() && screened()) status = co_await Screen(&request_, *result);
        if (status.ok() && !screened()) ApplyMask(request_, *result);
        if (status.ok()) status = CheckSize(*result);
        if (status.ok()) Give(*std::move(result));
      }
    }
    if (screened()) status = co_await Conclude(&request_, status);
    Finish(Ending(status));
    if (frees_reply_) messages_->FreeReply();
  }

  void Give(Response&& reply) {
    if (messages_ != nullptr) {
      messages_->SetReply(std::move(reply));
    } else {
      *response_ = std::move(reply);
    }
  }

  void OnCancel() override { CancelFromGrpc(); }
  void OnDone() override { Unref(); }
  // See kInlineReactions.
  bool InternalInlineable() override { return kInlineReactions; }

  Service& service_;
  const Method method_;
  const Request& request_;
  Response* const response_;
  CallMessages<Request, Response>* const messages_;  // null: gRPC made them by itself
  const bool frees_reply_;                           // and holds `messages_` for it
};

// A handler that writes any number of messages.
template <typename Service, typename Request, typename Item>
using StreamMethod = async::Task<absl::Status> (Service::*)(async::CallContext&, const Request&,
                                                            StreamWriter<Item>&);

template <typename Service, typename Request, typename Item>
class StreamCall final : public grpc::ServerWriteReactor<Item>,
                         public CallBase,
                         private StreamWriter<Item> {
 public:
  StreamCall(const BridgeOptions& options, grpc::CallbackServerContext& context,
             absl::string_view method_name, Service& service,
             StreamMethod<Service, Request, Item> method, const Request& request, TimeLimit limit)
      : CallBase(options, context, method_name, limit),
        service_(service),
        method_(method),
        request_(request) {
    writable_.Set();
    admitted() ? Begin() : this->Finish(Refused());
  }

 private:
  async::Task<void> Execute() override {
    absl::Status status = call().Status();
    if (!status.ok()) status = errors::DeadlineExceeded({});
    if (status.ok() && OpenScreen()) status = co_await Check(&request_);
    if (status.ok()) {
      status = co_await (service_.*method_)(call(), request_, *this);
      // The last message is on its way until gRPC says so; gRPC says so also after a cancellation.
      absl::Status taken = status;
      if (errors::ReasonOf(status) != v1::ERROR_REASON_SLOW_CONSUMER) taken = co_await Taken();
      if (status.ok()) status = taken;
      // A reader that takes nothing would not take the status either: gRPC sends it last.
      if (errors::ReasonOf(taken) == v1::ERROR_REASON_SLOW_CONSUMER) {
        CutOff();
        absl::Status gone = co_await writable_.Wait(call());
        gone.IgnoreError();
      }
    }
    if (screened()) status = co_await Conclude(&request_, status);
    this->Finish(Ending(status));
  }

  // Waits until the reader has taken the last message, as far as gRPC can tell. SLOW_CONSUMER where
  // it takes too long.
  async::Task<absl::Status> Taken() {
    const async::MonotonicTime latest =
        async::After(call().loop().Now(), options().slow_reader_limit);
    async::CallContext patience = call().Child(latest);
    absl::Status waited = co_await writable_.Wait(patience);
    if (!waited.ok()) {
      if (absl::IsDeadlineExceeded(waited) && call().Status().ok())
        co_return errors::SlowConsumer();
      if (absl::IsCancelled(waited)) co_return errors::Cancelled({});
      co_return errors::DeadlineExceeded({});
    }
    if (broken_) co_return errors::Cancelled({});
    co_return absl::OkStatus();
  }

  // One message may be on its way while the next one is made: constant memory, whatever the
  // reader's pace.
  async::Task<absl::Status> Write(Item item) override {
    absl::Status taken = co_await Taken();
    if (!taken.ok()) co_return taken;
    absl::Status shown = absl::OkStatus();
    if (screened()) shown = co_await Screen(&request_, item);
    if (!shown.ok()) co_return shown;
    if (!screened()) ApplyMask(request_, item);
    absl::Status fits = CheckSize(item);
    if (!fits.ok()) co_return fits;
    item_ = std::move(item);
    writable_.Reset();
    this->StartWrite(&item_);
    co_return absl::OkStatus();
  }

  void AddTrailer(absl::string_view key, const std::string& value) override {
    AddCallTrailer(key, value);
  }

  void OnWriteDone(bool ok) override {
    if (!ok) broken_.store(true, std::memory_order_relaxed);
    written_.Tell();
  }

  void OnCancel() override { CancelFromGrpc(); }
  void OnDone() override { Unref(); }
  // See kInlineReactions.
  bool InternalInlineable() override { return kInlineReactions; }

  Service& service_;
  const StreamMethod<Service, Request, Item> method_;
  const Request& request_;
  Item item_;
  async::Event writable_;
  CallBase::Done written_{*this, writable_};
  std::atomic<bool> broken_{false};
};

// A handler that reads any number of messages and answers once.
template <typename Service, typename Request, typename Response>
using ClientStreamMethod =
    async::Task<absl::StatusOr<Response>> (Service::*)(async::CallContext&, ClientStream<Request>&);

template <typename Service, typename Request, typename Response>
class ClientStreamCall final : public grpc::ServerReadReactor<Request>,
                               public CallBase,
                               private ClientStream<Request> {
 public:
  ClientStreamCall(const BridgeOptions& options, grpc::CallbackServerContext& context,
                   absl::string_view method_name, Service& service,
                   ClientStreamMethod<Service, Request, Response> method, Response& response)
      : CallBase(
            options, context, method_name,
            {.otherwise = options.max_stream_deadline, .at_most = options.max_stream_deadline}),
        service_(service),
        method_(method),
        response_(response) {
    admitted() ? Begin() : this->Finish(Refused());
  }

 private:
  // A caller that goes away ends its stream first and cancels its call right after: only a stream
  // whose call goes on for this long has come to its end.
  static constexpr absl::Duration kEndGrace = absl::Milliseconds(20);

  async::Task<void> Execute() override {
    absl::Status status = call().Status();
    if (!status.ok()) status = errors::DeadlineExceeded({});
    if (status.ok() && OpenScreen()) status = co_await Check(nullptr);
    if (status.ok()) {
      absl::StatusOr<Response> result = co_await (service_.*method_)(call(), *this);
      status = result.status();
      if (status.ok() && screened()) status = co_await Screen(nullptr, *result);
      if (status.ok()) status = CheckSize(*result);
      if (status.ok()) response_ = *std::move(result);
    }
    if (screened()) status = co_await Conclude(nullptr, status);
    this->Finish(Ending(status));
  }

  async::Task<absl::StatusOr<std::optional<Request>>> Read(async::CallContext& reading) override {
    if (ended_) co_return std::optional<Request>();
    if (!reading_) {
      reading_ = true;
      arrived_.Reset();
      this->StartRead(&item_);
    }
    const async::MonotonicTime latest =
        async::After(call().loop().Now(), options().slow_reader_limit);
    async::CallContext patience = reading.Child(latest);
    absl::Status waited = co_await arrived_.Wait(patience);
    if (!waited.ok()) {
      if (absl::IsCancelled(waited)) co_return errors::Cancelled({});
      if (!reading.Status().ok()) co_return errors::DeadlineExceeded({});
      co_return errors::FromProvider({.reason = v1::ERROR_REASON_DEADLINE_EXCEEDED,
                                      .message = "the caller sent nothing for too long"},
                                     {});
    }
    reading_ = false;
    if (good_.load(std::memory_order_relaxed)) co_return std::optional<Request>(std::move(item_));
    absl::Status gone = co_await async::Sleep(call(), kEndGrace);
    if (!gone.ok()) co_return errors::Cancelled({});
    ended_ = true;
    co_return std::optional<Request>();
  }

  void OnReadDone(bool ok) override {
    good_.store(ok, std::memory_order_relaxed);
    arrival_.Tell();
  }

  void OnCancel() override { CancelFromGrpc(); }
  void OnDone() override { Unref(); }
  // See kInlineReactions.
  bool InternalInlineable() override { return kInlineReactions; }

  Service& service_;
  const ClientStreamMethod<Service, Request, Response> method_;
  Response& response_;
  Request item_;
  bool reading_ = false;
  bool ended_ = false;
  std::atomic<bool> good_{false};
  async::Event arrived_;
  CallBase::Done arrival_{*this, arrived_};
};

// Starts calls. One for the process; outlives them all.
class Bridge {
 public:
  explicit Bridge(BridgeOptions options) : options_(options) {}

  // For calls that have a class of their own.
  const BridgeOptions& options() const { return options_; }

  // `method_name` is a literal, Service.Method; `method` is a UnaryMethod or a FillingMethod.
  template <typename Service, typename Request, typename Response, typename Method>
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* context,
                                  absl::string_view method_name, const Request* request,
                                  Response* response, Service& service, Method method) {
    return new UnaryCall<Service, Request, Response, Method>(options_, *context, method_name,
                                                             service, method, *request, response);
  }

  template <typename Service, typename Request, typename Item>
  grpc::ServerWriteReactor<Item>* Stream(grpc::CallbackServerContext* context,
                                         absl::string_view method_name, const Request* request,
                                         Service& service,
                                         StreamMethod<Service, Request, Item> method) {
    return new StreamCall<Service, Request, Item>(
        options_, *context, method_name, service, method, *request,
        {.otherwise = options_.max_stream_deadline, .at_most = options_.max_stream_deadline});
  }

  // A stream that waits for events: it lasts until its caller ends it.
  template <typename Service, typename Request, typename Item>
  grpc::ServerWriteReactor<Item>* Watch(grpc::CallbackServerContext* context,
                                        absl::string_view method_name, const Request* request,
                                        Service& service,
                                        StreamMethod<Service, Request, Item> method) {
    return new StreamCall<Service, Request, Item>(
        options_, *context, method_name, service, method, *request,
        {.otherwise = absl::InfiniteDuration(), .at_most = absl::InfiniteDuration()});
  }

  template <typename Service, typename Request, typename Response>
  grpc::ServerReadReactor<Request>* Collect(grpc::CallbackServerContext* context,
                                            absl::string_view method_name, Response* response,
                                            Service& service,
                                            ClientStreamMethod<Service, Request, Response> method) {
    return new ClientStreamCall<Service, Request, Response>(options_, *context, method_name,
                                                            service, method, *response);
  }

 private:
  const BridgeOptions options_;
};

}  // namespace edugate::services

#endif  // SERVICES_BRIDGE_H_
