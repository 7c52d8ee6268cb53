#include "runtime/async/loop_pool.h"

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <string>

#include "absl/strings/str_cat.h"

namespace edugate::async {

namespace {

// Stops a loop that does not become idle in time.
class StopAt final : public Timer {
 public:
  using Timer::Timer;

 private:
  void OnTimer() override { loop().Stop(); }
};

void RunNamed(EventLoop& loop, std::size_t index) {
  // A name of more than 15 characters is refused.
  const std::string name = absl::StrCat("edugate-loop-", index).substr(0, 15);
  pthread_setname_np(pthread_self(), name.c_str());
  loop.Run();
}

}  // namespace

LoopPool::LoopPool(std::size_t count, const Clock& clock) {
  // The program's own thread waits for signals; a new thread inherits the mask.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i) {
    members_.push_back(std::make_unique<Member>(clock));
    Member& member = *members_.back();
    member.thread = std::thread([&member, i] { RunNamed(member.loop, i); });
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

LoopPool::~LoopPool() { Shutdown(); }

EventLoop& LoopPool::Next() {
  const std::size_t turn = next_.fetch_add(1, std::memory_order_relaxed);
  return members_[turn % members_.size()]->loop;
}

void LoopPool::Shutdown(absl::Duration drain) {
  if (down_) return;
  down_ = true;
  std::vector<std::unique_ptr<StopAt>> stops;
  for (const std::unique_ptr<Member>& member : members_) {
    stops.push_back(std::make_unique<StopAt>(member->loop));
    StopAt* const stop = stops.back().get();
    member->loop.Post([stop, drain] { stop->Start(After(stop->loop().Now(), drain)); });
    member->loop.StopWhenIdle();
  }
  for (const std::unique_ptr<Member>& member : members_) member->thread.join();
  for (const std::unique_ptr<Member>& member : members_) member->loop.DestroyTasks();
}

}  // namespace edugate::async
