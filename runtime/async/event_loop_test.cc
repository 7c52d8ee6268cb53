#include "runtime/async/event_loop.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/test_loop.h"

namespace edugate::async {
namespace {

using ::testing::ElementsAre;

class CallTimer final : public Timer {
 public:
  CallTimer(EventLoop& loop, std::function<void()> function)
      : Timer(loop), function_(std::move(function)) {}

 private:
  void OnTimer() override { function_(); }
  std::function<void()> function_;
};

class CallWatcher final : public Watcher {
 public:
  explicit CallWatcher(std::function<void(uint32_t)> function) : function_(std::move(function)) {}
  void OnEvents(uint32_t events) override { function_(events); }

 private:
  std::function<void(uint32_t)> function_;
};

struct SocketPair {
  SocketPair() {
    int fds[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    a = fds[0];
    b = fds[1];
  }
  SocketPair(const SocketPair&) = delete;
  ~SocketPair() {
    close(a);
    close(b);
  }
  int a = -1;
  int b = -1;
};

TEST(EventLoopTest, RunsPostedWorkInOrder) {
  TestLoop loop;
  std::vector<int> seen;
  for (int i = 0; i < 5; ++i) loop.Post([&seen, i] { seen.push_back(i); });
  EXPECT_TRUE(seen.empty());
  loop.RunReady();
  EXPECT_THAT(seen, ElementsAre(0, 1, 2, 3, 4));
}

TEST(EventLoopTest, WorkPostedByWorkRunsInTheSameTurn) {
  TestLoop loop;
  std::vector<std::string> seen;
  loop.Post([&] {
    loop.Post([&] { seen.push_back("second"); });
    seen.push_back("first");
  });
  loop.RunTurn(MonotonicTime::min());
  EXPECT_THAT(seen, ElementsAre("first", "second"));
}

// A queue like another library's: what is in it runs where it is polled.
class FakeSource final : public Source {
 public:
  explicit FakeSource(std::function<void()> on_sleep = [] {}) : on_sleep_(std::move(on_sleep)) {}

  void Add(std::function<void()> function) { queue_.push_back(std::move(function)); }
  int awake() const { return awake_; }
  int caught_up() const { return caught_up_; }

  bool Poll() override {
    EXPECT_EQ(awake_, 1);
    const std::vector<std::function<void()>> ready = std::exchange(queue_, {});
    for (const std::function<void()>& function : ready) function();
    return !ready.empty();
  }
  void OnCaughtUp() override { ++caught_up_; }
  void OnSleep() override {
    --awake_;
    on_sleep_();
  }
  void OnWake() override { ++awake_; }

 private:
  std::function<void()> on_sleep_;
  std::vector<std::function<void()>> queue_;
  int awake_ = 0;
  int caught_up_ = 0;
};

TEST(EventLoopTest, ASourceHearsThatTheLoopHasCaughtUpAlsoWhereItFindsMoreInItsLastLook) {
  EventLoop loop;
  int sleeps = 0;
  FakeSource source([&] { ++sleeps; });
  SocketPair pair;
  CallWatcher watcher([&](uint32_t) { loop.Stop(); });
  ASSERT_TRUE(loop.Watch(pair.a, EPOLLIN, &watcher));
  loop.Post([&] {
    loop.SetSource(&source);
    EXPECT_EQ(write(pair.b, "x", 1), 1);
  });
  loop.Run();
  loop.Unwatch(pair.a);
  EXPECT_EQ(source.caught_up(), 1);
  EXPECT_EQ(sleeps, 1);  // The end.
}

TEST(EventLoopTest, ALoopThatHasWorkHasNotCaughtUp) {
  EventLoop loop;
  FakeSource source;
  loop.Post([&] {
    loop.SetSource(&source);
    source.Add([&] {
      EXPECT_EQ(source.caught_up(), 0);
      loop.Post([&] {
        EXPECT_EQ(source.caught_up(), 0);
        loop.Stop();
      });
    });
  });
  loop.Run();
  EXPECT_EQ(source.caught_up(), 0);
}

TEST(EventLoopTest, ASourceIsPolledWhileTheLoopHasOtherWork) {
  EventLoop loop;
  FakeSource source;
  std::vector<std::string> seen;
  loop.Post([&] {
    loop.SetSource(&source);
    source.Add([&] {
      seen.push_back("polled");
      loop.Post([&] {
        seen.push_back("posted by it");
        loop.Stop();
      });
    });
  });
  loop.Run();
  EXPECT_THAT(seen, ElementsAre("polled", "posted by it"));
}

TEST(EventLoopTest, ASourceHearsThatTheLoopSleepsAndThatItHasEnded) {
  EventLoop loop;
  std::promise<void> asleep;
  int sleeps = 0;
  FakeSource source([&] {
    if (++sleeps == 1) asleep.set_value();
  });
  loop.Post([&] { loop.SetSource(&source); });
  std::thread stand_in([&] {
    asleep.get_future().wait();
    loop.Post([&] {
      EXPECT_EQ(source.awake(), 1);
      loop.Stop();
    });
  });
  loop.Run();
  stand_in.join();
  EXPECT_EQ(sleeps, 2);
  EXPECT_EQ(source.awake(), 0);
}

TEST(EventLoopTest, WorkThatPostsItselfForeverDoesNotStarveSockets) {
  TestLoop loop;
  SocketPair pair;
  bool stop = false;
  std::function<void()> again = [&] {
    if (!stop) loop.Post([&again] { again(); });
  };
  CallWatcher watcher([&](uint32_t) { stop = true; });
  ASSERT_TRUE(loop.Watch(pair.a, EPOLLIN, &watcher));
  loop.Post([&again] { again(); });
  ASSERT_EQ(write(pair.b, "x", 1), 1);
  while (!stop) loop.RunTurn(MonotonicTime::min());
  loop.Unwatch(pair.a);
  loop.RunReady();
  EXPECT_TRUE(stop);
}

TEST(EventLoopTest, PostsOfManyThreadsAllArriveEachThreadsInOrder) {
  constexpr int kThreads = 4;
  constexpr int kPosts = 5000;
  EventLoop loop;
  std::vector<int> last(kThreads, -1);
  int count = 0;
  bool ordered = true;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kPosts; ++i) {
        loop.Post([&, t, i] {
          ordered = ordered && last[static_cast<std::size_t>(t)] == i - 1;
          last[static_cast<std::size_t>(t)] = i;
          if (++count == kThreads * kPosts) loop.Stop();
        });
      }
    });
  }
  loop.Run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count, kThreads * kPosts);
  EXPECT_TRUE(ordered);
}

TEST(EventLoopTest, APostFromAnotherThreadWakesASleepingLoop) {
  // The two threads answer each other, so that each post finds the loop asleep or about to sleep.
  EventLoop one;
  EventLoop two;
  int count = 0;
  std::function<void()> ping;
  std::function<void()> pong = [&] { one.Post([&ping] { ping(); }); };
  ping = [&] {
    if (++count == 2000) {
      one.Stop();
      two.Stop();
    } else {
      two.Post([&pong] { pong(); });
    }
  };
  std::thread thread([&two] { two.Run(); });
  one.Post([&ping] { ping(); });
  one.Run();
  thread.join();
  EXPECT_EQ(count, 2000);
}

TEST(EventLoopTest, StopBeforeRunEndsItAtOnce) {
  EventLoop loop;
  loop.Stop();
  loop.Run();
  EXPECT_FALSE(loop.InLoop());
}

TEST(EventLoopTest, StopWhenIdleRunsWhatWasPostedBefore) {
  EventLoop loop;
  int count = 0;
  loop.Post([&] { loop.Post([&] { ++count; }); });
  loop.StopWhenIdle();
  loop.Run();
  EXPECT_EQ(count, 1);
}

TEST(EventLoopTest, KnowsWhetherItRunsTheCaller) {
  TestLoop loop;
  TestLoop other;
  bool in_loop = false;
  bool in_other = true;
  loop.Post([&] {
    in_loop = loop.InLoop();
    in_other = other.InLoop();
  });
  loop.RunReady();
  EXPECT_TRUE(in_loop);
  EXPECT_FALSE(in_other);
  EXPECT_FALSE(loop.InLoop());
}

TEST(TimerTest, TimersFireInTheOrderOfTheirTimesAndOfTheirStart) {
  TestLoop loop;
  std::vector<int> seen;
  std::vector<std::unique_ptr<CallTimer>> timers;
  for (const int delay : {50, 10, 30, 10, 20, 40}) {
    const int name = delay + static_cast<int>(timers.size());
    timers.push_back(std::make_unique<CallTimer>(loop, [&seen, name] { seen.push_back(name); }));
    timers.back()->Start(After(loop.Now(), absl::Milliseconds(delay)));
  }
  loop.RunUntilIdle();
  EXPECT_THAT(seen, ElementsAre(11, 13, 24, 32, 45, 50));
}

TEST(TimerTest, ACancelledOrDestroyedTimerDoesNotFire) {
  TestLoop loop;
  std::vector<int> seen;
  std::vector<std::unique_ptr<CallTimer>> timers;
  for (int i = 0; i < 100; ++i) {
    timers.push_back(std::make_unique<CallTimer>(loop, [&seen, i] { seen.push_back(i); }));
    timers.back()->Start(After(loop.Now(), absl::Milliseconds((i * 37) % 101)));
  }
  for (int i = 0; i < 100; ++i) {
    if (i % 3 == 0) timers[static_cast<std::size_t>(i)]->Cancel();
    if (i % 3 == 1) timers[static_cast<std::size_t>(i)].reset();
  }
  std::vector<int> expected;
  for (int delay = 0; delay < 101; ++delay) {
    for (int i = 2; i < 100; i += 3) {
      if ((i * 37) % 101 == delay) expected.push_back(i);
    }
  }
  loop.RunUntilIdle();
  EXPECT_EQ(seen, expected);
}

TEST(TimerTest, ATimerCanCancelOneThatIsDueInTheSameTurn) {
  TestLoop loop;
  bool fired = false;
  CallTimer second(loop, [&] { fired = true; });
  CallTimer first(loop, [&] { second.Cancel(); });
  first.Start(loop.Now());
  second.Start(loop.Now());
  loop.RunUntilIdle();
  EXPECT_FALSE(fired);
}

TEST(TimerTest, StartingAgainMovesIt) {
  TestLoop loop;
  int count = 0;
  CallTimer timer(loop, [&] { ++count; });
  timer.Start(After(loop.Now(), absl::Seconds(1)));
  timer.Start(After(loop.Now(), absl::Seconds(10)));
  loop.Advance(absl::Seconds(9));
  EXPECT_EQ(count, 0);
  loop.Advance(absl::Seconds(1));
  EXPECT_EQ(count, 1);
  EXPECT_FALSE(timer.running());
}

TEST(TimerTest, ATimerForNeverDoesNotRun) {
  TestLoop loop;
  CallTimer timer(loop, [] { FAIL(); });
  timer.Start(kNever);
  EXPECT_FALSE(timer.running());
  EXPECT_FALSE(loop.NextTimer().has_value());
}

TEST(TimerTest, SoonIsOnceAtTheEndOfTheTurn) {
  TestLoop loop;
  std::vector<std::string> seen;
  CallTimer soon(loop, [&] { seen.push_back("soon"); });
  CallTimer timer(loop, [&] {
    seen.push_back("timer");
    soon.StartSoon();
  });
  loop.Post([&] {
    seen.push_back("posted");
    soon.StartSoon();
  });
  timer.Start(loop.Now());
  loop.RunReady();
  EXPECT_THAT(seen, ElementsAre("timer", "posted", "soon"));
}

TEST(TimerTest, SoonCanBeCancelledAndReplacesATime) {
  TestLoop loop;
  int count = 0;
  CallTimer first(loop, [&] { ++count; });
  CallTimer second(loop, [&] { count += 10; });
  CallTimer third(loop, [&] { count += 100; });
  first.StartSoon();
  second.Start(After(loop.Now(), absl::Hours(1)));
  second.StartSoon();
  third.StartSoon();
  first.Cancel();
  third.Start(After(loop.Now(), absl::Hours(1)));
  loop.RunReady();
  EXPECT_EQ(count, 10);
  loop.RunUntilIdle();
  EXPECT_EQ(count, 110);
}

TEST(WatchTest, TellsOfReadableSocketsUntilUnwatched) {
  TestLoop loop;
  SocketPair pair;
  uint32_t seen = 0;
  CallWatcher watcher([&](uint32_t events) { seen = events; });
  ASSERT_TRUE(loop.Watch(pair.a, EPOLLIN, &watcher));
  loop.RunReady();
  EXPECT_EQ(seen, 0u);
  ASSERT_EQ(write(pair.b, "x", 1), 1);
  loop.RunTurn(MonotonicTime::min());
  EXPECT_EQ(seen, static_cast<uint32_t>(EPOLLIN));
  loop.Unwatch(pair.a);
  seen = 0;
  loop.RunReady();
  EXPECT_EQ(seen, 0u);
}

TEST(WatchTest, ModifyChangesTheEvents) {
  TestLoop loop;
  SocketPair pair;
  uint32_t seen = 0;
  CallWatcher watcher([&](uint32_t events) { seen |= events; });
  ASSERT_TRUE(loop.Watch(pair.a, EPOLLIN, &watcher));
  loop.Modify(pair.a, EPOLLOUT);
  loop.RunTurn(MonotonicTime::min());
  EXPECT_EQ(seen, static_cast<uint32_t>(EPOLLOUT));
  loop.Unwatch(pair.a);
}

TEST(WatchTest, AWatcherThatEndsAnotherOfTheSameTurnSilencesIt) {
  TestLoop loop;
  SocketPair one;
  SocketPair two;
  int calls = 0;
  std::vector<int> fds = {one.a, two.a};
  // Whichever comes first unwatches both.
  CallWatcher watcher([&](uint32_t) {
    ++calls;
    for (const int fd : fds) loop.Unwatch(fd);
  });
  for (const int fd : fds) ASSERT_TRUE(loop.Watch(fd, EPOLLIN, &watcher));
  ASSERT_EQ(write(one.b, "x", 1), 1);
  ASSERT_EQ(write(two.b, "x", 1), 1);
  loop.RunReady();
  EXPECT_EQ(calls, 1);
}

TEST(WatchTest, AnEventOfAnEarlierOwnerOfTheDescriptorIsNotGivenToTheNext) {
  TestLoop loop;
  SocketPair one;
  SocketPair two;
  int old_calls = 0;
  int new_calls = 0;
  CallWatcher successor([&](uint32_t) { ++new_calls; });
  // Whichever comes first has the other watched anew, for what isn't there.
  CallWatcher watcher([&](uint32_t) {
    ++old_calls;
    for (const int fd : {one.a, two.a}) {
      loop.Unwatch(fd);
      ASSERT_TRUE(loop.Watch(fd, EPOLLPRI, &successor));
    }
  });
  ASSERT_TRUE(loop.Watch(one.a, EPOLLIN, &watcher));
  ASSERT_TRUE(loop.Watch(two.a, EPOLLIN, &watcher));
  ASSERT_EQ(write(one.b, "x", 1), 1);
  ASSERT_EQ(write(two.b, "x", 1), 1);
  loop.RunReady();
  EXPECT_EQ(old_calls, 1);
  EXPECT_EQ(new_calls, 0);
  loop.Unwatch(one.a);
  loop.Unwatch(two.a);
}

TEST(WatchTest, ADescriptorThatCannotBeWatchedIsRefused) {
  TestLoop loop;
  CallWatcher watcher([](uint32_t) {});
  EXPECT_FALSE(loop.Watch(1000, EPOLLIN, &watcher));
}

}  // namespace
}  // namespace edugate::async
