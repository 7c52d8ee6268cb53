#include "app/provider_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <cstddef>

#include "app/latency_buckets.h"
#include "app/series_table.h"
#include "runtime/errors/errors.h"

namespace edugate::app {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Histogram;

constexpr std::size_t kReasons = v1::ErrorReason_ARRAYSIZE;
constexpr std::size_t kFailures = static_cast<std::size_t>(http::Failure::kLocal) + 1;
constexpr std::size_t kCacheUses = static_cast<std::size_t>(resilience::CacheUse::kMiss) + 1;
constexpr std::size_t kRefusals = static_cast<std::size_t>(resilience::Refusal::kRetryBudget) + 1;

// A counter that is made when it first counts.
template <std::size_t size>
using LazyCounters = std::array<std::atomic<Counter*>, size>;

// The family gives the same counter for the same labels, so that two threads may both ask.
template <std::size_t size, typename Labels>
void Count(LazyCounters<size>& counters, std::size_t index, Family<Counter>& family,
           const Labels& labels) {
  auto& slot = counters[index % size];
  Counter* known = slot.load(std::memory_order_acquire);
  if (known == nullptr) {
    known = &family.Add(labels());
    slot.store(known, std::memory_order_release);
  }
  known->Increment();
}

struct OperationSeries {
  LazyCounters<kReasons> attempts{};
  LazyCounters<kCacheUses> cache{};
  Histogram* seconds;
  std::atomic<Counter*> retries{nullptr};
  std::atomic<Counter*> coalesced{nullptr};
};

struct ConnectionSeries {
  LazyCounters<kFailures> failures{};
  LazyCounters<kRefusals> refusals{};
  LazyCounters<2> tokens{};
  Counter* reply_bytes;
  Counter* breaker_opened;
  Histogram* queue_wait;
  Histogram* rate_wait;
  Histogram* token_seconds;
};

Family<Counter>& MakeCounter(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
Family<Histogram>& MakeHistogram(prometheus::Registry& registry, const char* name,
                                 const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

std::string OutcomeName(v1::ErrorReason reason) {
  return reason == v1::ERROR_REASON_UNSPECIFIED ? "OK" : errors::ReasonName(reason);
}

}  // namespace

absl::string_view CacheUseName(resilience::CacheUse use) {
  switch (use) {
    case resilience::CacheUse::kHit:
      return "hit";
    case resilience::CacheUse::kRevalidated:
      return "revalidated";
    case resilience::CacheUse::kMiss:
      return "miss";
  }
  return "";
}

absl::string_view RefusalName(resilience::Refusal why) {
  switch (why) {
    case resilience::Refusal::kBreakerOpen:
      return "breaker_open";
    case resilience::Refusal::kQueueFull:
      return "queue_full";
    case resilience::Refusal::kTooLate:
      return "too_late";
    case resilience::Refusal::kRateLimit:
      return "rate_limit";
    case resilience::Refusal::kRetryBudget:
      return "retry_budget";
  }
  return "";
}

absl::string_view BreakerName(resilience::BreakerState state) {
  switch (state) {
    case resilience::BreakerState::kClosed:
      return "closed";
    case resilience::BreakerState::kOpen:
      return "open";
    case resilience::BreakerState::kProbing:
      return "probing";
  }
  return "";
}

struct ProviderMetrics::State {
  prometheus::Registry registry;
  Family<Counter>& attempts =
      MakeCounter(registry, "edugate_provider_attempts_total",
                  "Requests to providers that have ended, by outcome: OK or the error's reason.");
  Family<Histogram>& seconds =
      MakeHistogram(registry, "edugate_provider_attempt_duration_seconds",
                    "How long requests to providers took, authorization and decoding included.");
  Family<Counter>& failures =
      MakeCounter(registry, "edugate_provider_failures_total",
                  "Requests to providers that got no complete answer, by what went wrong.");
  Family<Counter>& reply_bytes = MakeCounter(registry, "edugate_provider_reply_bytes_total",
                                             "What providers answered, decoded, files excluded.");
  Family<Counter>& retries = MakeCounter(registry, "edugate_provider_retries_total",
                                         "Requests to providers that were sent once more.");
  Family<Counter>& coalesced =
      MakeCounter(registry, "edugate_provider_coalesced_total",
                  "Reads that got the reply of an identical one in progress.");
  Family<Counter>& cache =
      MakeCounter(registry, "edugate_provider_cache_total",
                  "Reads for which the cache was asked, by what it did: hit, revalidated, miss.");
  Family<Counter>& refusals = MakeCounter(
      registry, "edugate_provider_refusals_total",
      "Requests, or one more attempt of them, that edugate itself did not send, by cause.");
  Family<Counter>& breaker_opened =
      MakeCounter(registry, "edugate_breaker_opened_total",
                  "How often a connection's circuit breaker has opened.");
  Family<Histogram>& queue_wait =
      MakeHistogram(registry, "edugate_provider_queue_wait_seconds",
                    "How long calls waited for their turn, of those that had to.");
  Family<Histogram>& rate_wait =
      MakeHistogram(registry, "edugate_provider_rate_wait_seconds",
                    "How long calls waited for a rate limit, of those that had to.");
  Family<Counter>& tokens = MakeCounter(registry, "edugate_provider_token_refreshes_total",
                                        "Requests for a new access token, by outcome: ok, failed.");
  Family<Histogram>& token_seconds =
      MakeHistogram(registry, "edugate_provider_token_refresh_duration_seconds",
                    "How long requests for a new access token took.");
  SeriesTable<OperationSeries> operations;
  SeriesTable<ConnectionSeries> connections;

  OperationSeries& OperationOf(const resilience::OperationRef& where) {
    return operations.Find(
        where.connection, where.operation,
        [this](absl::string_view connection, absl::string_view operation) {
          auto series = std::make_unique<OperationSeries>();
          series->seconds = &seconds.Add(
              {{"connection", std::string(connection)}, {"operation", std::string(operation)}},
              LatencyBuckets());
          return series;
        });
  }

  ConnectionSeries& ConnectionOf(absl::string_view connection) {
    return connections.Find(connection, "", [this](absl::string_view name, absl::string_view) {
      const prometheus::Labels labels = {{"connection", std::string(name)}};
      auto series = std::make_unique<ConnectionSeries>();
      series->reply_bytes = &reply_bytes.Add(labels);
      series->breaker_opened = &breaker_opened.Add(labels);
      series->queue_wait = &queue_wait.Add(labels, WaitBuckets());
      series->rate_wait = &rate_wait.Add(labels, WaitBuckets());
      series->token_seconds = &token_seconds.Add(labels, LatencyBuckets());
      return series;
    });
  }

  static prometheus::Labels LabelsOf(const resilience::OperationRef& where) {
    return {{"connection", std::string(where.connection)},
            {"operation", std::string(where.operation)}};
  }
  static prometheus::Labels With(prometheus::Labels labels, const char* name,
                                 absl::string_view value) {
    labels.emplace(name, std::string(value));
    return labels;
  }

  static void CountOne(std::atomic<Counter*>& slot, Family<Counter>& family,
                       const resilience::OperationRef& where) {
    Counter* known = slot.load(std::memory_order_acquire);
    if (known == nullptr) {
      known = &family.Add(LabelsOf(where));
      slot.store(known, std::memory_order_release);
    }
    known->Increment();
  }
};

ProviderMetrics::ProviderMetrics() : state_(std::make_unique<State>()) {}

ProviderMetrics::~ProviderMetrics() = default;

void ProviderMetrics::OnAttemptEnd(const resilience::OperationRef& where,
                                   const resilience::AttemptEnd& end) {
  State& state = *state_;
  OperationSeries& operation = state.OperationOf(where);
  operation.seconds->Observe(absl::ToDoubleSeconds(absl::FromChrono(end.ended - end.started)));
  Count(operation.attempts, static_cast<std::size_t>(end.reason), state.attempts,
        [&] { return State::With(State::LabelsOf(where), "outcome", OutcomeName(end.reason)); });
  ConnectionSeries& connection = state.ConnectionOf(where.connection);
  if (end.reply_bytes > 0) connection.reply_bytes->Increment(static_cast<double>(end.reply_bytes));
  if (end.failure == http::Failure::kNone) return;
  Count(connection.failures, static_cast<std::size_t>(end.failure), state.failures, [&] {
    return State::With({{"connection", std::string(where.connection)}}, "failure",
                       http::FailureName(end.failure));
  });
}

void ProviderMetrics::OnRetry(const resilience::OperationRef& where) {
  State::CountOne(state_->OperationOf(where).retries, state_->retries, where);
}

void ProviderMetrics::OnCoalesced(const resilience::OperationRef& where) {
  State::CountOne(state_->OperationOf(where).coalesced, state_->coalesced, where);
}

void ProviderMetrics::OnCache(const resilience::OperationRef& where, resilience::CacheUse use) {
  Count(state_->OperationOf(where).cache, static_cast<std::size_t>(use), state_->cache,
        [&] { return State::With(State::LabelsOf(where), "use", CacheUseName(use)); });
}

void ProviderMetrics::OnBreakerChange(absl::string_view connection, resilience::BreakerState to) {
  if (to != resilience::BreakerState::kOpen) return;
  state_->ConnectionOf(connection).breaker_opened->Increment();
}

void ProviderMetrics::OnRefused(const resilience::OperationRef& where, resilience::Refusal why) {
  Count(state_->ConnectionOf(where.connection).refusals, static_cast<std::size_t>(why),
        state_->refusals, [&] {
          return State::With({{"connection", std::string(where.connection)}}, "cause",
                             RefusalName(why));
        });
}

void ProviderMetrics::OnQueued(absl::string_view connection, absl::Duration waited) {
  state_->ConnectionOf(connection).queue_wait->Observe(absl::ToDoubleSeconds(waited));
}

void ProviderMetrics::OnRateWait(absl::string_view connection, absl::Duration waited) {
  state_->ConnectionOf(connection).rate_wait->Observe(absl::ToDoubleSeconds(waited));
}

void ProviderMetrics::OnTokenRefresh(absl::string_view connection, bool ok,
                                     absl::Duration duration) {
  ConnectionSeries& series = state_->ConnectionOf(connection);
  series.token_seconds->Observe(absl::ToDoubleSeconds(duration));
  Count(series.tokens, ok ? 1 : 0, state_->tokens, [&] {
    return State::With({{"connection", std::string(connection)}}, "outcome", ok ? "ok" : "failed");
  });
}

std::vector<prometheus::MetricFamily> ProviderMetrics::Collect() const {
  return state_->registry.Collect();
}

}  // namespace edugate::app
