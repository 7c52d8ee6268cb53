// CallContext: what one call carries through every layer: its loop, its deadline, its cancellation,
// and who asks for what.
#ifndef EDUGATE_RUNTIME_ASYNC_CALL_CONTEXT_H_
#define EDUGATE_RUNTIME_ASYNC_CALL_CONTEXT_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/async/clock.h"
#include "runtime/async/event_loop.h"

namespace edugate::async {

class CallContext;

// Hears of a call's cancellation, once, for as long as it lives. Linked into the call without an
// allocation.
class CancelCallback {
 public:
  // Registers with `call`. If the call is cancelled already, OnCancel is not called: look first.
  explicit CancelCallback(CallContext& call);
  CancelCallback(const CancelCallback&) = delete;
  CancelCallback& operator=(const CancelCallback&) = delete;
  virtual ~CancelCallback();

 protected:
  // Called by Cancel(), on the loop's thread. Must not resume a coroutine nor destroy the call: it
  // notes what happened and starts a Timer soon, or cancels something else.
  virtual void OnCancel() = 0;

 private:
  friend class CallContext;
  CallContext* call_;  // Null once called, or when the call has gone first.
  CancelCallback* previous_ = nullptr;
  CancelCallback* next_ = nullptr;
};

// One call, or one attempt of it. Built on any thread; afterwards it belongs to its loop's thread.
class CallContext {
 public:
  // `loop` outlives the call. `deadline` may be kNever.
  CallContext(EventLoop& loop, MonotonicTime deadline);
  CallContext(const CallContext&) = delete;
  CallContext& operator=(const CallContext&) = delete;
  ~CallContext();

  // A context for one part of this call: cancelled when this one is, with its own Cancel() besides,
  // a deadline that is at most this one's, and copies of the data below. This one outlives it.
  CallContext Child(MonotonicTime deadline);

  EventLoop& loop() const { return loop_; }
  MonotonicTime deadline() const { return deadline_; }

  // Until the deadline: at least zero, absl::InfiniteDuration() for kNever.
  absl::Duration remaining() const;

  bool cancelled() const { return cancelled_; }

  // Ends the call's waits, which give CANCELLED. A second time it does nothing. Loop thread only.
  void Cancel();

  // What a wait that ends early must give: CANCELLED, DEADLINE_EXCEEDED once the deadline has
  // passed, or OK: nothing stops this call.
  absl::Status Status() const;

  // The authenticated caller's id; empty for edugate's own work.
  const std::string& caller() const { return caller_; }
  void set_caller(std::string caller) { caller_ = std::move(caller); }

  // The public method, for metrics and logs: a literal, since only a reference is kept.
  absl::string_view method() const { return method_; }
  void set_method(absl::string_view method) { method_ = method; }

  // The W3C traceparent to send on; empty if there is none.
  const std::string& traceparent() const { return traceparent_; }
  void set_traceparent(std::string traceparent) { traceparent_ = std::move(traceparent); }

  // The connection's id in the configuration; empty until it is known.
  const std::string& connection() const { return connection_; }
  void set_connection(std::string connection) { connection_ = std::move(connection); }

 private:
  friend class CancelCallback;

  // Passes a parent's cancellation on.
  class ParentLink final : public CancelCallback {
   public:
    ParentLink(CallContext& parent, CallContext& child) : CancelCallback(parent), child_(child) {}

   private:
    void OnCancel() override { child_.Cancel(); }
    CallContext& child_;
  };

  CallContext(CallContext& parent, MonotonicTime deadline);

  EventLoop& loop_;
  const MonotonicTime deadline_;
  bool cancelled_ = false;
  CancelCallback* callbacks_ = nullptr;
  std::string caller_;
  absl::string_view method_;
  std::string traceparent_;
  std::string connection_;
  std::optional<ParentLink> parent_;
};

}  // namespace edugate::async

#endif  // EDUGATE_RUNTIME_ASYNC_CALL_CONTEXT_H_
