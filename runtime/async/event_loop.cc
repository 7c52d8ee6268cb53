#include "runtime/async/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <system_error>
#include <utility>

namespace edugate::async {

namespace {

constexpr int kEventsPerTurn = 128;

// How much ready work a turn does before it looks at the sockets again: enough that chains of
// wake-ups end in the turn in which they began, bounded so that work that always asks for more
// can't starve the sockets.
constexpr int kRoundsPerTurn = 4;

constexpr uint64_t kWakeKey = ~uint64_t{0};

uint64_t KeyOf(int fd, uint32_t generation) {
  return (uint64_t{generation} << 32) | static_cast<uint32_t>(fd);
}

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "edugate: %s: %s\n", what, std::generic_category().message(errno).c_str());
  std::abort();
}

constinit thread_local EventLoop* current_loop = nullptr;

class PostedFunction final : public Work {
 public:
  explicit PostedFunction(absl::AnyInvocable<void()> function) : function_(std::move(function)) {}
  void Run() override {
    function_();
    delete this;
  }
  void Drop() override { delete this; }

 private:
  absl::AnyInvocable<void()> function_;
};

}  // namespace

// Stands in the inbox while the loop sleeps: whoever replaces it wakes the loop, nobody else needs
// to.
struct EventLoop::SleepingMark final : Work {
  void Run() override {}
  static Work* Get() {
    static SleepingMark mark;
    return &mark;
  }
};

class EventLoop::CurrentLoop {
 public:
  explicit CurrentLoop(EventLoop& loop) : before_(std::exchange(current_loop, &loop)) {}
  CurrentLoop(const CurrentLoop&) = delete;
  CurrentLoop& operator=(const CurrentLoop&) = delete;
  ~CurrentLoop() { current_loop = before_; }

 private:
  EventLoop* before_;
};

// The frame of a spawned task: its own entry in the loop's queue and in the loop's list of tasks.
struct EventLoop::DetachedPromise final : Work {
  DetachedPromise(EventLoop& loop, Task<void>&) : loop(loop) {}
  ~DetachedPromise() {
    if (!linked) return;
    (previous != nullptr ? previous->following : loop.tasks_) = following;
    if (following != nullptr) following->previous = previous;
    --loop.live_tasks_;
  }

  static void* operator new(std::size_t size) { return AllocateFrame(size); }
  static void operator delete(void* frame, std::size_t size) { FreeFrame(frame, size); }

  Detached get_return_object();
  std::suspend_always initial_suspend() noexcept { return {}; }
  std::suspend_never final_suspend() noexcept { return {}; }
  void return_void() {}
  [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }

  std::coroutine_handle<DetachedPromise> Frame() {
    return std::coroutine_handle<DetachedPromise>::from_promise(*this);
  }

  void Run() override {
    linked = true;
    following = loop.tasks_;
    if (following != nullptr) following->previous = this;
    loop.tasks_ = this;
    ++loop.live_tasks_;
    Frame().resume();
  }
  void Drop() override { Frame().destroy(); }

  EventLoop& loop;
  bool linked = false;
  DetachedPromise* previous = nullptr;
  DetachedPromise* following = nullptr;
};

class EventLoop::Detached {
 public:
  using promise_type = DetachedPromise;
  explicit Detached(DetachedPromise& promise) : promise_(promise) {}
  DetachedPromise& promise() const { return promise_; }

 private:
  DetachedPromise& promise_;
};

EventLoop::Detached EventLoop::DetachedPromise::get_return_object() { return Detached(*this); }

EventLoop::Detached EventLoop::RunDetached(EventLoop&, Task<void> task) {
  co_await std::move(task);
}

void Timer::Start(MonotonicTime when) {
  Cancel();
  if (when != kNever) loop_.AddToHeap(*this, when);
}

void Timer::StartSoon() {
  if (soon_) return;
  Cancel();
  loop_.LinkSoon(*this);
}

void Timer::Cancel() {
  if (heap_index_ != kNotInHeap) loop_.RemoveFromHeap(*this);
  if (soon_) loop_.UnlinkSoon(*this);
}

EventLoop::EventLoop(const Clock& clock) : clock_(clock), now_(clock.MonotonicNow()) {
  epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd_ < 0) Die("epoll_create1");
  wake_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd_ < 0) Die("eventfd");
  // Edge-triggered: each write wakes the loop, and nobody needs to read the counter.
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = kWakeKey;
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &event) != 0) Die("epoll_ctl");
}

EventLoop::~EventLoop() {
  DestroyTasks();
  close(wake_fd_);
  close(epoll_fd_);
}

void EventLoop::Run() {
  while (!stop_.load(std::memory_order_acquire)) {
    RunTurn(kNever);
    if (stop_when_idle_ && Idle()) break;
  }
  if (Source* const source = std::exchange(source_, nullptr)) source->OnSleep();
  stop_.store(false, std::memory_order_release);
  stop_when_idle_ = false;
}

void EventLoop::Stop() {
  stop_.store(true, std::memory_order_release);
  Wake();
}

void EventLoop::StopWhenIdle() {
  Post([this] { stop_when_idle_ = true; });
}

bool EventLoop::RunTurn(MonotonicTime wait_until) {
  CurrentLoop current(*this);
  epoll_event events[kEventsPerTurn];
  bool ran = false;
  const int count = WaitForEvents(wait_until, events, kEventsPerTurn, ran);
  now_ = clock_.MonotonicNow();
  for (int i = 0; i < count; ++i) {
    const uint64_t key = events[i].data.u64;
    if (key == kWakeKey) continue;
    const Slot& slot = slots_[static_cast<uint32_t>(key)];
    // An earlier watcher of this turn may have ended this one, or have given its descriptor's
    // number to another.
    if (slot.watcher == nullptr || slot.generation != key >> 32) continue;
    ran = true;
    slot.watcher->OnEvents(events[i].events);
  }
  ran |= RunTimers();
  TakeInbox();
  for (int round = 0; round < kRoundsPerTurn; ++round) {
    const bool queued = RunQueued();
    const bool soon = RunSoon();
    if (!queued && !soon) break;
    ran = true;
  }
  return ran;
}

int EventLoop::WaitForEvents(MonotonicTime until, epoll_event* events, int capacity, bool& polled) {
  polled = source_ != nullptr && source_->Poll();
  bool block = !polled && queue_head_ == nullptr && soon_head_ == nullptr;
  std::optional<std::chrono::nanoseconds> timeout(0);
  if (block) {
    if (!heap_.empty()) until = std::min(until, heap_.front().when);
    if (until == kNever) {
      timeout.reset();
    } else {
      const MonotonicTime now = clock_.MonotonicNow();
      block = until > now;
      if (block) timeout = until - now;
    }
  }
  if (block && source_ != nullptr) {
    source_->OnCaughtUp();
    // Waking whoever stands in for this loop costs more than a look at what is ready now.
    const int ready = AskEpoll(std::chrono::nanoseconds(0), events, capacity);
    if (ready > 0) return ready;
  }
  if (block) {
    Work* empty = nullptr;
    block = inbox_.compare_exchange_strong(empty, SleepingMark::Get(), std::memory_order_acq_rel);
  }
  if (!block) return AskEpoll(std::chrono::nanoseconds(0), events, capacity);
  if (source_ != nullptr) source_->OnSleep();
  const int count = AskEpoll(timeout, events, capacity);
  if (source_ != nullptr) source_->OnWake();
  return count;
}

// Without a timeout it waits for ever.
int EventLoop::AskEpoll(std::optional<std::chrono::nanoseconds> timeout, epoll_event* events,
                        int capacity) {
  int count = -1;
  const bool limited = timeout.has_value() && timeout->count() > 0;
  if (limited && has_pwait2_) {
    timespec spec;
    spec.tv_sec = static_cast<time_t>(timeout->count() / 1000000000);
    spec.tv_nsec = timeout->count() % 1000000000;
    count = epoll_pwait2(epoll_fd_, events, capacity, &spec, nullptr);
    // Kernels before 5.11 don't have it, and some container filters answer for it with EPERM.
    if (count < 0 && (errno == ENOSYS || errno == EPERM)) has_pwait2_ = false;
  }
  if (!limited || !has_pwait2_) {
    constexpr std::chrono::milliseconds kLongest = std::chrono::hours(1);
    int milliseconds = -1;
    if (timeout.has_value()) {
      milliseconds = static_cast<int>(
          std::min(std::chrono::ceil<std::chrono::milliseconds>(*timeout), kLongest).count());
    }
    count = epoll_wait(epoll_fd_, events, capacity, milliseconds);
  }
  if (count < 0) {
    if (errno != EINTR) Die("epoll_wait");
    count = 0;
  }
  return count;
}

void EventLoop::TakeInbox() {
  if (inbox_.load(std::memory_order_relaxed) == nullptr) return;
  Work* newest = inbox_.exchange(nullptr, std::memory_order_acquire);
  if (newest == SleepingMark::Get() || newest == nullptr) return;
  Work* oldest = nullptr;
  Work* const tail = newest;
  while (newest != nullptr) {
    Work* const older = newest->next;
    newest->next = oldest;
    oldest = newest;
    newest = older;
  }
  (queue_tail_ != nullptr ? queue_tail_->next : queue_head_) = oldest;
  queue_tail_ = tail;
}

bool EventLoop::RunQueued() {
  Work* work = std::exchange(queue_head_, nullptr);
  queue_tail_ = nullptr;
  if (work == nullptr) return false;
  while (work != nullptr) {
    Work* const next = std::exchange(work->next, nullptr);
    work->Run();
    work = next;
  }
  return true;
}

bool EventLoop::RunSoon() {
  if (soon_head_ == nullptr) return false;
  // What is started meanwhile waits for the next round.
  for (std::size_t left = soon_size_; left > 0 && soon_head_ != nullptr; --left) {
    Timer& timer = *soon_head_;
    UnlinkSoon(timer);
    timer.OnTimer();
  }
  return true;
}

bool EventLoop::RunTimers() {
  bool ran = false;
  // A timer that starts itself again for now waits for the next turn.
  const uint64_t started_now = timer_order_;
  while (!heap_.empty() && heap_.front().when <= now_ && heap_.front().order < started_now) {
    Timer& timer = *heap_.front().timer;
    RemoveFromHeap(timer);
    timer.OnTimer();
    ran = true;
  }
  return ran;
}

void EventLoop::Post(Work* work) {
  if (InLoop()) {
    work->next = nullptr;
    (queue_tail_ != nullptr ? queue_tail_->next : queue_head_) = work;
    queue_tail_ = work;
    return;
  }
  Work* head = inbox_.load(std::memory_order_relaxed);
  do {
    work->next = head == SleepingMark::Get() ? nullptr : head;
  } while (!inbox_.compare_exchange_weak(head, work, std::memory_order_acq_rel,
                                         std::memory_order_relaxed));
  if (head == SleepingMark::Get()) Wake();
}

void EventLoop::Post(absl::AnyInvocable<void()> function) {
  Post(new PostedFunction(std::move(function)));
}

void EventLoop::Spawn(Task<void> task) {
  DetachedPromise& promise = RunDetached(*this, std::move(task)).promise();
  if (InLoop()) {
    promise.Run();
  } else {
    Post(&promise);
  }
}

void EventLoop::DestroyTasks() {
  CurrentLoop current(*this);
  while (tasks_ != nullptr) tasks_->Frame().destroy();
  // What is destroyed may post.
  for (TakeInbox(); queue_head_ != nullptr; TakeInbox()) {
    Work* const work = queue_head_;
    queue_head_ = std::exchange(work->next, nullptr);
    if (queue_head_ == nullptr) queue_tail_ = nullptr;
    work->Drop();
  }
}

bool EventLoop::Watch(int fd, uint32_t events, Watcher* watcher) {
  const std::size_t index = static_cast<std::size_t>(fd);
  if (slots_.size() <= index) slots_.resize(index + 1);
  Slot& slot = slots_[index];
  slot.watcher = watcher;
  ++slot.generation;
  epoll_event event{};
  event.events = events;
  event.data.u64 = KeyOf(fd, slot.generation);
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0) return true;
  slot.watcher = nullptr;
  return false;
}

void EventLoop::Modify(int fd, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = KeyOf(fd, slots_[static_cast<std::size_t>(fd)].generation);
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event) != 0)
    Die("epoll_ctl of a watched descriptor");
}

void EventLoop::SetSource(Source* source) {
  source_ = source;
  source->OnWake();
}

void EventLoop::Unwatch(int fd) {
  slots_[static_cast<std::size_t>(fd)].watcher = nullptr;
  epoll_event event{};
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, &event) != 0)
    Die("epoll_ctl of a watched descriptor");
}

bool EventLoop::InLoop() const { return current_loop == this; }

std::optional<MonotonicTime> EventLoop::NextTimer() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().when;
}

bool EventLoop::Idle() const {
  return live_tasks_ == 0 && queue_head_ == nullptr && soon_head_ == nullptr &&
         inbox_.load(std::memory_order_acquire) == nullptr;
}

void EventLoop::Wake() {
  const uint64_t one = 1;
  // It fails only if the counter is full, and then the loop is awake.
  if (write(wake_fd_, &one, sizeof(one)) < 0 && errno != EAGAIN) Die("eventfd write");
}

void EventLoop::PlaceInHeap(std::size_t index, HeapEntry entry) {
  heap_[index] = entry;
  entry.timer->heap_index_ = index;
}

void EventLoop::SiftUp(std::size_t index, HeapEntry entry) {
  while (index > 0) {
    const std::size_t parent = (index - 1) / 2;
    if (!entry.Before(heap_[parent])) break;
    PlaceInHeap(index, heap_[parent]);
    index = parent;
  }
  PlaceInHeap(index, entry);
}

void EventLoop::SiftDown(std::size_t index, HeapEntry entry) {
  while (true) {
    std::size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].Before(heap_[child])) ++child;
    if (!heap_[child].Before(entry)) break;
    PlaceInHeap(index, heap_[child]);
    index = child;
  }
  PlaceInHeap(index, entry);
}

void EventLoop::AddToHeap(Timer& timer, MonotonicTime when) {
  const HeapEntry entry{when, timer_order_++, &timer};
  heap_.push_back(entry);
  SiftUp(heap_.size() - 1, entry);
}

void EventLoop::RemoveFromHeap(Timer& timer) {
  const std::size_t index = std::exchange(timer.heap_index_, Timer::kNotInHeap);
  const HeapEntry last = heap_.back();
  heap_.pop_back();
  if (index == heap_.size()) return;
  if (index > 0 && last.Before(heap_[(index - 1) / 2])) {
    SiftUp(index, last);
  } else {
    SiftDown(index, last);
  }
}

void EventLoop::LinkSoon(Timer& timer) {
  ++soon_size_;
  timer.soon_ = true;
  timer.previous_ = soon_tail_;
  timer.next_ = nullptr;
  (soon_tail_ != nullptr ? soon_tail_->next_ : soon_head_) = &timer;
  soon_tail_ = &timer;
}

void EventLoop::UnlinkSoon(Timer& timer) {
  --soon_size_;
  timer.soon_ = false;
  (timer.previous_ != nullptr ? timer.previous_->next_ : soon_head_) = timer.next_;
  (timer.next_ != nullptr ? timer.next_->previous_ : soon_tail_) = timer.previous_;
  timer.previous_ = nullptr;
  timer.next_ = nullptr;
}

}  // namespace edugate::async
