// FirstEnd: a test's observer of calls, which waits for the end of one.
#ifndef SERVICES_FIRST_END_H_
#define SERVICES_FIRST_END_H_

#include <atomic>
#include <future>
#include <string>

#include "absl/status/status.h"
#include "services/bridge.h"

namespace edugate::services {

// How the first call ended that is told of. By a promise: ThreadSanitizer doesn't see what the
// system's abseil, which is not instrumented, orders.
class FirstEnd final : public CallObserver {
 public:
  struct End {
    std::string method;
    absl::Status status;
    bool has_call;  // Whether the observer was shown the call itself.
  };

  // On the loops' threads.
  void OnEnd(const CallEnd& end) override {
    if (told_.exchange(true)) return;
    end_.set_value({std::string(end.method), end.status, end.call != nullptr});
  }

  // Whether a call has ended.
  bool told() const { return told_; }

  // Waits for it. Once.
  End Wait() { return end_.get_future().get(); }

 private:
  std::atomic<bool> told_ = false;
  std::promise<End> end_;
};

}  // namespace edugate::services

#endif  // SERVICES_FIRST_END_H_
