#include "app/call_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <cstddef>

#include "app/latency_buckets.h"
#include "app/series_table.h"

namespace edugate::app {
namespace {

constexpr std::size_t kCodes = 17;  // gRPC's

struct MethodSeries {
  prometheus::Gauge* in_flight;
  prometheus::Histogram* seconds;
};

// A method's calls through one connection, by code.
struct CodeSeries {
  std::array<std::atomic<prometheus::Counter*>, kCodes> by_code{};
};

}  // namespace

struct CallMetrics::State {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& calls =
      prometheus::BuildCounter()
          .Name("edugate_calls_total")
          .Help("Calls that have ended, by method, connection and gRPC code.")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& seconds = prometheus::BuildHistogram()
                                                           .Name("edugate_call_duration_seconds")
                                                           .Help("How long calls took, by method.")
                                                           .Register(registry);
  prometheus::Family<prometheus::Gauge>& in_flight = prometheus::BuildGauge()
                                                         .Name("edugate_calls_in_flight")
                                                         .Help("Calls in progress, by method.")
                                                         .Register(registry);
  prometheus::Family<prometheus::Counter>& flagged =
      prometheus::BuildCounter()
          .Name("edugate_calls_flagged_total")
          .Help("Calls that had a flag of the access log, by flag.")
          .Register(registry);
  std::array<prometheus::Counter*, async::kCallFlags> by_flag{};
  SeriesTable<MethodSeries> methods;
  SeriesTable<CodeSeries> codes;

  State() {
    for (std::size_t i = 0; i < by_flag.size(); ++i) {
      const absl::string_view name = async::CallFlagName(static_cast<async::CallFlag>(i));
      by_flag[i] = &flagged.Add({{"flag", std::string(name)}});
    }
  }

  MethodSeries& MethodOf(absl::string_view method) {
    return methods.Find(method, "", [this](absl::string_view name, absl::string_view) {
      const prometheus::Labels labels = {{"method", std::string(name)}};
      return std::make_unique<MethodSeries>(MethodSeries{
          .in_flight = &in_flight.Add(labels), .seconds = &seconds.Add(labels, LatencyBuckets())});
    });
  }

  void Count(absl::string_view method, absl::string_view connection, absl::StatusCode code) {
    CodeSeries& series = codes.Find(method, connection, [](absl::string_view, absl::string_view) {
      return std::make_unique<CodeSeries>();
    });
    auto& counter = series.by_code[static_cast<std::size_t>(code) % kCodes];
    prometheus::Counter* known = counter.load(std::memory_order_acquire);
    if (known == nullptr) {
      // The family gives the same counter for the same labels.
      known = &calls.Add({{"method", std::string(method)},
                          {"connection", std::string(connection)},
                          {"code", absl::StatusCodeToString(code)}});
      counter.store(known, std::memory_order_release);
    }
    known->Increment();
  }

  void Count(async::CallFlags flags) {
    flags.ForEach(
        [this](async::CallFlag flag) { by_flag[static_cast<std::size_t>(flag)]->Increment(); });
  }
};

CallMetrics::CallMetrics() : state_(std::make_unique<State>()) {}

CallMetrics::~CallMetrics() = default;

void CallMetrics::OnBegin(absl::string_view method) {
  state_->MethodOf(method).in_flight->Increment();
}

void CallMetrics::OnEnd(absl::string_view method, absl::string_view connection,
                        absl::StatusCode code, absl::Duration duration, async::CallFlags flags) {
  const MethodSeries& series = state_->MethodOf(method);
  series.in_flight->Decrement();
  series.seconds->Observe(absl::ToDoubleSeconds(duration));
  state_->Count(method, connection, code);
  state_->Count(flags);
}

void CallMetrics::OnRefused(absl::string_view method, absl::StatusCode code,
                            async::CallFlags flags) {
  state_->Count(method, "", code);
  state_->Count(flags);
}

std::vector<prometheus::MetricFamily> CallMetrics::Collect() const {
  return state_->registry.Collect();
}

}  // namespace edugate::app
