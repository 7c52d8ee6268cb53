// CallContext: what one call carries through every layer: its loop, its deadline, its cancellation,
// and who asks for what.
#ifndef EDUGATE_RUNTIME_ASYNC_CALL_CONTEXT_H_
#define EDUGATE_RUNTIME_ASYNC_CALL_CONTEXT_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/async/call_record.h"
#include "runtime/async/clock.h"
#include "runtime/async/event_loop.h"

namespace edugate::async {

class CallContext;

// What a layer above says about who calls. The runtime carries it with the call and knows nothing
// of it.
class CallerData {
 public:
  virtual ~CallerData() = default;
};

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

// What a call stands on for as long as it lasts, such as the configuration that it began under.
class Footing {
 public:
  virtual ~Footing() = default;
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

  // What the caller may do; null where nothing limits it.
  const std::shared_ptr<const CallerData>& caller_data() const { return caller_data_; }
  void set_caller_data(std::shared_ptr<const CallerData> data) { caller_data_ = std::move(data); }

  // What the caller says that the call is for (metadata `edugate-purpose`): printable ASCII, at
  // most 200 characters; empty where it says nothing.
  const std::string& purpose() const { return purpose_; }
  void set_purpose(std::string purpose) { purpose_ = std::move(purpose); }

  // The public method, for metrics and logs: a literal, since only a reference is kept.
  absl::string_view method() const { return method_; }
  void set_method(absl::string_view method) { method_ = method; }

  // The connection's id in the configuration; empty until it is known.
  const std::string& connection() const { return connection_; }
  void set_connection(std::string connection);

  // What the call's end tells about it: the same record for a call and all its children.
  CallRecord& record() { return *record_; }
  const CallRecord& record() const { return *record_; }

  // What the call stands on, the same for all its parts; null until StandOn. Work that goes on
  // without the call and uses something of it stands on it, too.
  const std::shared_ptr<const Footing>& footing() const { return *footing_; }

  // Keeps `footing` until the outermost call ends. Once. On the loop.
  void StandOn(std::shared_ptr<const Footing> footing) { *footing_ = std::move(footing); }

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
  std::shared_ptr<const CallerData> caller_data_;
  std::string purpose_;
  absl::string_view method_;
  std::string connection_;
  std::optional<CallRecord> own_record_;  // None in a child.
  CallRecord* const record_;
  std::shared_ptr<const Footing> own_footing_;
  std::shared_ptr<const Footing>* const footing_ = &own_footing_;  // The outermost call's.
  std::unique_ptr<ParentLink> parent_;                             // Null in an outermost call.
};

}  // namespace edugate::async

#endif  // EDUGATE_RUNTIME_ASYNC_CALL_CONTEXT_H_
