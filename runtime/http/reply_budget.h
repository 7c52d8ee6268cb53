// ReplyBudget: the memory that all answers which arrive at the same time may take together.
#ifndef EDUGATE_RUNTIME_HTTP_REPLY_BUDGET_H_
#define EDUGATE_RUNTIME_HTTP_REPLY_BUDGET_H_

#include <atomic>
#include <cstdint>

namespace edugate::http {

// Each answer has a bound of its own; this one is for many large ones at once. Bytes are taken as
// they arrive, not as they are announced. Thread-safe.
class ReplyBudget {
 public:
  explicit ReplyBudget(int64_t bytes) : bytes_(bytes) {}
  ReplyBudget(const ReplyBudget&) = delete;
  ReplyBudget& operator=(const ReplyBudget&) = delete;

  // Takes `bytes` more. False: they are not there, and none is taken.
  bool Take(int64_t bytes) {
    const int64_t before = taken_.fetch_add(bytes, std::memory_order_relaxed);
    if (before + bytes <= bytes_) return true;
    GiveBack(bytes);
    return false;
  }

  void GiveBack(int64_t bytes) { taken_.fetch_sub(bytes, std::memory_order_relaxed); }

  // The bytes of the answers that are arriving now.
  int64_t taken() const { return taken_.load(std::memory_order_relaxed); }

 private:
  const int64_t bytes_;
  std::atomic<int64_t> taken_{0};
};

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_REPLY_BUDGET_H_
