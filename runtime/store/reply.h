// Reply: an answer that another thread sends to a task of a loop.
#ifndef EDUGATE_RUNTIME_STORE_REPLY_H_
#define EDUGATE_RUNTIME_STORE_REPLY_H_

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/async/call_context.h"
#include "runtime/async/event.h"
#include "runtime/async/event_loop.h"
#include "runtime/async/task.h"

namespace edugate::store {

// Held by a std::shared_ptr on both sides: the one who waits may leave before the answer comes, and
// the answer then goes nowhere.
template <typename T>
class Reply final : public std::enable_shared_from_this<Reply<T>>, private async::Work {
 public:
  // `loop`, which the waiting task runs on, outlives the sender's use of the reply.
  explicit Reply(async::EventLoop& loop) : loop_(loop) {}

  // Sends the answer. From any thread, once.
  void Send(absl::StatusOr<T> answer) {
    answer_.emplace(std::move(answer));
    posted_ = this->shared_from_this();
    loop_.Post(this);
  }

  // The answer; CANCELLED or DEADLINE_EXCEEDED if `call` ends first. Awaited once, on the loop. The
  // reply and `call` outlive the task.
  async::Task<absl::StatusOr<T>> Wait(async::CallContext& call) {
    auto waited = co_await arrived_.Wait(call);
    if (!waited.ok()) co_return waited;
    co_return *std::move(answer_);
  }

 private:
  void Run() override {
    const std::shared_ptr<Reply> self = std::move(posted_);
    arrived_.Set();
  }
  void Drop() override { const std::shared_ptr<Reply> self = std::move(posted_); }

  async::EventLoop& loop_;
  async::Event arrived_;
  std::optional<absl::StatusOr<T>> answer_;
  std::shared_ptr<Reply> posted_;  // Keeps the reply while the loop has it in its queue.
};

}  // namespace edugate::store

#endif  // EDUGATE_RUNTIME_STORE_REPLY_H_
