#include "app/loop_watch.h"

#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <string>

#include "runtime/async/sleep.h"

namespace edugate::app {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(250);

}  // namespace

struct LoopWatch::Loop {
  Loop(async::EventLoop& loop, prometheus::Histogram& seconds)
      : call(loop, async::kNever), lag(seconds) {}

  async::CallContext call;
  prometheus::Histogram& lag;
  std::atomic<int64_t> last_ns{0};
};

struct LoopWatch::State {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Histogram>& lag =
      prometheus::BuildHistogram()
          .Name("edugate_loop_lag_seconds")
          .Help("How late a timer of an event loop came, four times a second.")
          .Register(registry);
  std::vector<std::unique_ptr<Loop>> loops;
};

LoopWatch::LoopWatch(async::LoopPool& loops) : state_(std::make_unique<State>()) {
  const std::vector<double> buckets = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5};
  for (std::size_t i = 0; i < loops.size(); ++i) {
    auto& lag = state_->lag.Add({{"loop", std::to_string(i)}}, buckets);
    state_->loops.push_back(std::make_unique<Loop>(loops.loop(i), lag));
    loops.loop(i).Spawn(Watch(*state_->loops.back()));
  }
}

LoopWatch::~LoopWatch() = default;

void LoopWatch::Stop() {
  for (const std::unique_ptr<Loop>& loop : state_->loops) {
    Loop* const watched = loop.get();
    watched->call.loop().Post([watched] { watched->call.Cancel(); });
  }
}

async::Task<void> LoopWatch::Watch(Loop& loop) {
  const async::Clock& clock = loop.call.loop().clock();
  while (!loop.call.cancelled()) {
    const async::MonotonicTime due = async::After(clock.MonotonicNow(), kInterval);
    absl::Status slept = co_await async::Sleep(loop.call, kInterval);
    if (!slept.ok()) co_return;
    const absl::Duration lag =
        std::max(absl::FromChrono(clock.MonotonicNow() - due), absl::ZeroDuration());
    loop.lag.Observe(absl::ToDoubleSeconds(lag));
    loop.last_ns.store(absl::ToInt64Nanoseconds(lag), std::memory_order_relaxed);
  }
}

std::vector<absl::Duration> LoopWatch::Last() const {
  std::vector<absl::Duration> lags;
  for (const std::unique_ptr<Loop>& loop : state_->loops) {
    lags.push_back(absl::Nanoseconds(loop->last_ns.load(std::memory_order_relaxed)));
  }
  return lags;
}

std::vector<prometheus::MetricFamily> LoopWatch::Collect() const {
  return state_->registry.Collect();
}

}  // namespace edugate::app
