#ifndef EDUGATE_SANDBOX_COUNTER_H_
#define EDUGATE_SANDBOX_COUNTER_H_

#include <atomic>
#include <cstdint>

namespace edugate::sandbox {

// Numbers for what a provider issues, from 1 on. Many threads may ask.
class Counter {
 public:
  int64_t Next() { return ++last_; }
  void Reset() { last_ = 0; }

 private:
  std::atomic<int64_t> last_{0};
};

}  // namespace edugate::sandbox

#endif  // EDUGATE_SANDBOX_COUNTER_H_
