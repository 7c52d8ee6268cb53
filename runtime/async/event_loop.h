// EventLoop: one thread's epoll loop: sockets, timers, other threads' work, tasks.
#ifndef EDUGATE_RUNTIME_ASYNC_EVENT_LOOP_H_
#define EDUGATE_RUNTIME_ASYNC_EVENT_LOOP_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "runtime/async/clock.h"
#include "runtime/async/task.h"

struct epoll_event;

namespace edugate::async {

class EventLoop;

// Something to run on a loop, linked into its queue without an allocation. It stays alive and
// untouched until Run() or Drop(), one of which is called, once, for every Post().
struct Work {
  // Called on the loop's thread. May destroy the object.
  virtual void Run() = 0;

  // Called instead of Run() when the loop is destroyed first.
  virtual void Drop() {}

  Work* next = nullptr;  // The queue's; nobody else's.

 protected:
  ~Work() = default;
};

// Hears of a watched file descriptor.
class Watcher {
 public:
  // `events` are epoll's (EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP). May unwatch anything, itself
  // included, and destroy the object.
  virtual void OnEvents(uint32_t events) = 0;

 protected:
  ~Watcher() = default;
};

// Work that waits in a queue of another library's, which the loop's thread empties itself while it
// is awake: no other thread has to be woken for it, nor to wake the loop.
class Source {
 public:
  // Runs what is ready, but never waits for it; true if anything ran. Once a turn.
  virtual bool Poll() = 0;

  // There was nothing to run, and nothing is queued: the loop has caught up. It may find something
  // in a last look at its sockets, and not sleep.
  virtual void OnCaughtUp() {}

  // The loop will not poll until OnWake(), because it sleeps or has ended. From now on somebody
  // else runs what becomes ready, or wakes the loop for it by posting.
  virtual void OnSleep() = 0;
  virtual void OnWake() = 0;

 protected:
  ~Source() = default;
};

// A one-shot timer, part of its owner and linked into the loop without an allocation. Starting it
// again moves it; destroying it cancels it. Loop thread only (or a loop that no thread runs).
class Timer {
 public:
  explicit Timer(EventLoop& loop) : loop_(loop) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() { Cancel(); }

  // Fires at `when`, or in the next turn if that has passed. kNever: does not fire.
  void Start(MonotonicTime when);

  // Fires at the end of this turn: after all of the turn's sockets, timers and posted work, before
  // the loop sleeps. This is how something is done once a turn however often it is asked for, and
  // how a waiting coroutine is resumed from a place that must not run foreign code.
  void StartSoon();

  // Does nothing if it is not running.
  void Cancel();

  bool running() const { return heap_index_ != kNotInHeap || soon_; }

  EventLoop& loop() const { return loop_; }

 protected:
  // Called on the loop's thread. The timer has stopped running; it may be started again or
  // destroyed.
  virtual void OnTimer() = 0;

 private:
  friend class EventLoop;
  static constexpr std::size_t kNotInHeap = static_cast<std::size_t>(-1);

  EventLoop& loop_;
  std::size_t heap_index_ = kNotInHeap;
  bool soon_ = false;
  Timer* previous_ = nullptr;
  Timer* next_ = nullptr;
};

// The loop. Post(), Spawn(), Stop() and StopWhenIdle() may be called from any thread; everything
// else only from the loop's thread, or while no thread runs it.
class EventLoop {
 public:
  // `clock` outlives the loop. Aborts if the system gives no epoll or eventfd.
  explicit EventLoop(const Clock& clock = SystemClock());
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Destroys the tasks that are left and drops the work that is left. No thread may be in Run().
  ~EventLoop();

  // Runs in this thread until Stop(). May be called again afterwards.
  void Run();

  // Ends Run() after the current turn; work that is posted later waits for the next Run(). Before
  // Run(): ends it at once.
  void Stop();

  // Ends Run() when no spawned task and no posted work is left.
  void StopWhenIdle();

  // One turn: sleeps until something is due, but not past `wait_until`, then runs what is due. True
  // if anything ran. Run() is this in a circle; tests step with it.
  bool RunTurn(MonotonicTime wait_until);

  // Runs `work` on the loop's thread, in the order of posting; from the loop's own thread, later in
  // this turn. Allocates nothing.
  void Post(Work* work);
  void Post(absl::AnyInvocable<void()> function);

  // Starts `task`; the loop owns it. On the loop's thread it starts before Spawn returns; elsewhere
  // it is posted.
  void Spawn(Task<void> task);

  // Destroys the spawned tasks that have not ended and drops the work that has not run. Only while
  // no thread is in Run().
  void DestroyTasks();

  // Has `watcher` called for `events` on `fd` (level-triggered, unless EPOLLET is in `events`)
  // until Unwatch. One watcher a descriptor. False if the system refuses.
  [[nodiscard]] bool Watch(int fd, uint32_t events, Watcher* watcher);

  // Changes the events of a watched descriptor.
  void Modify(int fd, uint32_t events);

  // Has `source` polled from this turn on, until Run() ends. Only from within Run().
  void SetSource(Source* source);

  // Ends it, before `fd` is closed. Events of this turn that wait for dispatch are discarded.
  void Unwatch(int fd);

  // The time of this turn, read once after the loop woke up.
  MonotonicTime Now() const { return now_; }
  const Clock& clock() const { return clock_; }

  // Whether the calling thread is running this loop.
  bool InLoop() const;

  // When the next timer fires; none if no timer runs.
  std::optional<MonotonicTime> NextTimer() const;

  // Spawned tasks that have started and not ended.
  std::size_t live_tasks() const { return live_tasks_; }

 private:
  friend class Timer;
  class Detached;
  struct DetachedPromise;  // NOLINT(cppcoreguidelines-virtual-class-destructor): it is final
  struct HeapEntry {
    MonotonicTime when;
    uint64_t order;
    Timer* timer;
    bool Before(const HeapEntry& other) const {
      return when != other.when ? when < other.when : order < other.order;
    }
  };
  struct Slot {
    Watcher* watcher = nullptr;
    uint32_t generation = 0;
  };
  struct SleepingMark;  // NOLINT(cppcoreguidelines-virtual-class-destructor): it is final
  class CurrentLoop;

  static Detached RunDetached(EventLoop& loop, Task<void> task);

  void Wake();
  int WaitForEvents(MonotonicTime until, epoll_event* events, int capacity, bool& polled);
  int AskEpoll(std::optional<std::chrono::nanoseconds> timeout, epoll_event* events, int capacity);
  void TakeInbox();
  bool RunQueued();
  bool RunSoon();
  bool RunTimers();
  void PlaceInHeap(std::size_t index, HeapEntry entry);
  void SiftUp(std::size_t index, HeapEntry entry);
  void SiftDown(std::size_t index, HeapEntry entry);
  void RemoveFromHeap(Timer& timer);
  void AddToHeap(Timer& timer, MonotonicTime when);
  void LinkSoon(Timer& timer);
  void UnlinkSoon(Timer& timer);
  bool Idle() const;

  const Clock& clock_;
  MonotonicTime now_;
  int epoll_fd_ = -1;
  int wake_fd_ = -1;
  bool has_pwait2_ = true;
  bool stop_when_idle_ = false;
  std::atomic<bool> stop_{false};

  // Work of other threads, newest first; the mark while the loop sleeps; null otherwise.
  alignas(64) std::atomic<Work*> inbox_{nullptr};

  alignas(64) Work* queue_head_ =
      nullptr;  // Work taken or posted on the loop's own thread, oldest first.
  Work* queue_tail_ = nullptr;
  Timer* soon_head_ = nullptr;
  Timer* soon_tail_ = nullptr;
  std::size_t soon_size_ = 0;
  std::vector<HeapEntry> heap_;
  uint64_t timer_order_ = 0;
  std::vector<Slot> slots_;  // By file descriptor.
  DetachedPromise* tasks_ = nullptr;
  std::size_t live_tasks_ = 0;
  Source* source_ = nullptr;
};

}  // namespace edugate::async

#endif  // EDUGATE_RUNTIME_ASYNC_EVENT_LOOP_H_
