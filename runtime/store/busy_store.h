// For tests: keeping the store's thread busy, so that jobs wait together.
#ifndef EDUGATE_RUNTIME_STORE_BUSY_STORE_H_
#define EDUGATE_RUNTIME_STORE_BUSY_STORE_H_

#include <future>
#include <utility>

#include "gtest/gtest.h"
#include "runtime/store/database.h"

namespace edugate::store {

// Occupies the thread from its construction to Release(), or to its end.
class BusyStore {
 public:
  explicit BusyStore(Database& database) {
    std::promise<void> reached;
    std::future<void> is_reached = reached.get_future();
    Job job;
    job.work = [reached = std::move(reached), go = go_.get_future()](Session&) mutable {
      reached.set_value();
      go.wait();
      return absl::OkStatus();
    };
    EXPECT_TRUE(database.Submit(std::move(job)).ok());
    is_reached.wait();
  }
  BusyStore(const BusyStore&) = delete;
  BusyStore& operator=(const BusyStore&) = delete;
  ~BusyStore() { Release(); }

  void Release() {
    if (!released_) go_.set_value();
    released_ = true;
  }

 private:
  std::promise<void> go_;
  bool released_ = false;
};

}  // namespace edugate::store

#endif  // EDUGATE_RUNTIME_STORE_BUSY_STORE_H_
