#include "services/grpc_events.h"

#include <grpc/grpc.h>
#include <grpc/support/time.h>
#include <grpcpp/completion_queue.h>
#include <pthread.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "runtime/async/event_loop.h"
#include "services/call_gate.h"
#include "services/joined_writes.h"

namespace edugate::services {
namespace {

// What a loop runs at most before it looks after its own sockets again.
constexpr int kEventsPerPoll = 4096;
// How often gRPC may find nothing before the loop believes it.
constexpr int kIdleLooks = 2;

// What this thread has written in its turn.
thread_local JoinedWrites joined;

// The process's queue, and who empties it. It stays until the process ends, as gRPC's own would be
// made again for each server.
class CallbackQueue final : public async::Source {
 public:
  static CallbackQueue& Get() {
    static CallbackQueue* const queue = new CallbackQueue;
    return *queue;
  }

  grpc::CompletionQueue& queue() { return queue_; }

  bool Poll() override {
    // Of the turn that has just ended.
    joined.Push();
    // The events that the stand-in waits for come to it.
    if (standing_in_.load(std::memory_order_relaxed)) return false;
    // gRPC looks at one socket at a time: where one had no call for us, the next one may. Calls
    // that wait in a socket are counted by nobody, and their deadlines don't run, so that they are
    // better taken in, and turned away where they are too many.
    const int count = RunReady([] { return true; });
    joined.Push();
    CallGate* const gate = gate_.load(std::memory_order_relaxed);
    if (gate != nullptr) gate->OnTurn();
    return count > 0;
  }

  void Tell(CallGate* gate) { gate_.store(gate, std::memory_order_relaxed); }

  void OnCaughtUp() override {
    // Where there is a stand-in, nobody here has looked.
    if (!standing_in_.load(std::memory_order_relaxed)) TellIdle();
  }

  void OnSleep() override {
    joined.Stop();
    TellIdle();
    if (awake_.fetch_sub(1, std::memory_order_seq_cst) == 1) awake_.notify_one();
  }

  void OnWake() override {
    awake_.fetch_add(1, std::memory_order_seq_cst);
    joined.Start();
  }

 private:
  CallbackQueue() {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    // The program's own thread waits for signals; a new thread inherits the mask.
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread([this] { StandIn(); }).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void TellIdle() {
    CallGate* const gate = gate_.load(std::memory_order_relaxed);
    if (gate != nullptr) gate->OnIdle();
  }

  // Runs one event, if one comes by then.
  bool RunOne(gpr_timespec deadline) {
    const grpc_event event = grpc_completion_queue_next(queue_.cq(), deadline, nullptr);
    if (event.type != GRPC_OP_COMPLETE) return false;
    auto* const functor = static_cast<grpc_completion_queue_functor*>(event.tag);
    functor->functor_run(functor, event.success);
    return true;
  }

  // Runs what is ready, not too much at a time, as long as `go_on` says so; returns how much it
  // was.
  template <typename Condition>
  int RunReady(Condition go_on) {
    int count = 0;
    for (int idle = 0; count < kEventsPerPoll && idle < kIdleLooks && go_on();) {
      if (RunOne(gpr_inf_past(GPR_CLOCK_MONOTONIC))) {
        ++count;
        idle = 0;
      } else {
        ++idle;
      }
    }
    return count;
  }

  // The stand-in's thread: waits for events while every loop sleeps.
  [[noreturn]] void StandIn() {
    pthread_setname_np(pthread_self(), "edugate-grpc");
    for (;;) {
      for (int awake = awake_.load(); awake > 0; awake = awake_.load()) awake_.wait(awake);
      standing_in_.store(true, std::memory_order_relaxed);
      RunOne(gpr_inf_future(GPR_CLOCK_MONOTONIC));
      // Calls that end here, such as those that are turned away, wake no loop. Their answers leave
      // together.
      joined.Start();
      RunReady([this] { return awake_.load(std::memory_order_relaxed) == 0; });
      joined.Stop();
      standing_in_.store(false, std::memory_order_relaxed);
    }
  }

  grpc::CompletionQueue queue_;
  std::atomic<int> awake_{0};  // the loops that poll
  std::atomic<bool> standing_in_{false};
  std::atomic<CallGate*> gate_{nullptr};
};

std::atomic<bool> replaced = false;

}  // namespace

void RunGrpcEventsOn(async::LoopPool& pool) {
  if (!replaced.load()) return;
  for (std::size_t i = 0; i < pool.size(); ++i) {
    async::EventLoop& loop = pool.loop(i);
    loop.Post([&loop] { loop.SetSource(&CallbackQueue::Get()); });
  }
}

void TellOfGrpcEvents(CallGate* gate) { CallbackQueue::Get().Tell(gate); }

}  // namespace edugate::services

// gRPC's library calls these through the dynamic linker, which finds the program's own first. The
// first one is asked for the queue when a server is made that has callback methods, the second one
// when it ends.
namespace grpc {

CompletionQueue* CompletionQueue::CallbackAlternativeCQ() {
  edugate::services::replaced = true;
  return &edugate::services::CallbackQueue::Get().queue();
}

void CompletionQueue::ReleaseCallbackAlternativeCQ(CompletionQueue*) {}

}  // namespace grpc
