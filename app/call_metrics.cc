#include "app/call_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <mutex>
#include <tuple>

namespace edugate::app {
namespace {

// From a reply out of memory to the longest deadline.
const prometheus::Histogram::BucketBoundaries kSeconds = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120};

}  // namespace

struct CallMetrics::State {
  // What one label set counts; looked up once and kept, because building labels costs more than
  // counting.
  struct Series {
    prometheus::Counter* calls;
    prometheus::Histogram* seconds;
  };
  using Key = std::tuple<std::string, std::string, int>;

  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& calls =
      prometheus::BuildCounter()
          .Name("edugate_calls_total")
          .Help("Calls that have ended, by method, connection and gRPC code.")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& seconds = prometheus::BuildHistogram()
                                                           .Name("edugate_call_seconds")
                                                           .Help("How long calls took, by method.")
                                                           .Register(registry);
  std::mutex mutex;
  std::map<Key, Series> series;

  Series Find(const services::CallEnd& end) {
    Key key{std::string(end.method), std::string(end.connection),
            static_cast<int>(end.status.code())};
    const std::lock_guard<std::mutex> lock(mutex);
    const auto found = series.find(key);
    if (found != series.end()) return found->second;
    Series made{&calls.Add({{"method", std::get<0>(key)},
                            {"connection", std::get<1>(key)},
                            {"code", absl::StatusCodeToString(end.status.code())}}),
                &seconds.Add({{"method", std::get<0>(key)}}, kSeconds)};
    series.emplace(std::move(key), made);
    return made;
  }
};

CallMetrics::CallMetrics() : state_(std::make_unique<State>()) {}

CallMetrics::~CallMetrics() = default;

void CallMetrics::OnEnd(const services::CallEnd& end) {
  const State::Series series = state_->Find(end);
  series.calls->Increment();
  series.seconds->Observe(absl::ToDoubleSeconds(end.duration));
}

std::string CallMetrics::Text() const {
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace edugate::app
