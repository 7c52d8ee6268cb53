#include "app/store_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <string>
#include <utility>

#include "app/series_table.h"
#include "runtime/errors/errors.h"
#include "runtime/store/event_log.h"
#include "runtime/store/request_log.h"

namespace edugate::app {
namespace {

absl::string_view OutcomeOf(const absl::Status& status) {
  if (status.ok()) return "ok";
  const bool down = errors::ReasonOf(status) == v1::ERROR_REASON_STORE_UNAVAILABLE;
  return down ? "unavailable" : "other";
}

absl::string_view AnswerName(services::WebhookAnswer answer) {
  switch (answer) {
    case services::WebhookAnswer::kStored:
      return "stored";
    case services::WebhookAnswer::kUnreadable:
      return "unreadable";
    case services::WebhookAnswer::kUnauthorized:
      return "unauthorized";
    case services::WebhookAnswer::kUnknown:
      return "unknown";
    case services::WebhookAnswer::kTooLarge:
      return "too_large";
    case services::WebhookAnswer::kUnavailable:
      return "unavailable";
  }
  return "";
}

struct Counted {
  prometheus::Counter* counter;
};

class CountedEvents final : public store::EventLog {
 public:
  CountedEvents(store::EventLog& log, StoreMetrics& metrics) : log_(log), metrics_(metrics) {}

  async::Task<absl::StatusOr<store::AppendedEvent>> Append(async::CallContext& call,
                                                           std::string topic, std::string dedup_id,
                                                           std::string payload,
                                                           absl::Time now) override {
    auto appended =
        co_await log_.Append(call, std::move(topic), std::move(dedup_id), std::move(payload), now);
    const bool duplicate = appended.ok() && appended->duplicate;
    metrics_.OnOperation("append_event", duplicate ? "duplicate" : OutcomeOf(appended.status()));
    co_return appended;
  }

  async::Task<absl::StatusOr<store::EventBatch>> Read(async::CallContext& call, std::string topic,
                                                      int64_t after, std::size_t limit) override {
    auto batch = co_await log_.Read(call, std::move(topic), after, limit);
    metrics_.OnOperation("read_events", OutcomeOf(batch.status()));
    co_return batch;
  }

  async::Task<absl::StatusOr<store::EventBatch>> ReadNext(async::CallContext& call,
                                                          std::string topic, int64_t after,
                                                          std::size_t limit) override {
    auto batch = co_await log_.ReadNext(call, std::move(topic), after, limit);
    metrics_.OnOperation("read_events", OutcomeOf(batch.status()));
    co_return batch;
  }

  async::Task<absl::StatusOr<int64_t>> LastSequence(async::CallContext& call) override {
    auto last = co_await log_.LastSequence(call);
    metrics_.OnOperation("last_sequence", OutcomeOf(last.status()));
    co_return last;
  }

 private:
  store::EventLog& log_;
  StoreMetrics& metrics_;
};

class CountedRequests final : public store::RequestLog {
 public:
  CountedRequests(store::RequestLog& log, StoreMetrics& metrics) : log_(log), metrics_(metrics) {}

  async::Task<absl::StatusOr<store::BegunRequest>> Begin(async::CallContext& call, std::string key,
                                                         std::string fingerprint,
                                                         absl::Time now) override {
    auto begun = co_await log_.Begin(call, std::move(key), std::move(fingerprint), now);
    metrics_.OnOperation("begin_request", OutcomeOf(begun.status()));
    co_return begun;
  }

  async::Task<absl::Status> Finish(async::CallContext& call, std::string key, int64_t attempt,
                                   std::string outcome) override {
    absl::Status done = co_await log_.Finish(call, std::move(key), attempt, std::move(outcome));
    metrics_.OnOperation("finish_request", OutcomeOf(done));
    co_return done;
  }

  async::Task<absl::Status> Forget(async::CallContext& call, std::string key,
                                   int64_t attempt) override {
    absl::Status done = co_await log_.Forget(call, std::move(key), attempt);
    metrics_.OnOperation("forget_request", OutcomeOf(done));
    co_return done;
  }

  async::Task<absl::Status> LeaveUnknown(async::CallContext& call, std::string key,
                                         int64_t attempt) override {
    absl::Status done = co_await log_.LeaveUnknown(call, std::move(key), attempt);
    metrics_.OnOperation("leave_request_unknown", OutcomeOf(done));
    co_return done;
  }

 private:
  store::RequestLog& log_;
  StoreMetrics& metrics_;
};

class CountedStore final : public StateStore {
 public:
  CountedStore(std::unique_ptr<StateStore> store, StoreMetrics& metrics)
      : store_(std::move(store)),
        requests_(store_->requests(), metrics),
        events_(store_->events(), metrics) {}

  store::RequestLog& requests() override { return requests_; }
  store::EventLog& events() override { return events_; }
  std::unique_ptr<resilience::RateLimit> MakeRateLimit(
      absl::string_view name, const resilience::TokenBucketOptions& options) override {
    return store_->MakeRateLimit(name, options);
  }
  void StopTasks() override { store_->StopTasks(); }

 private:
  const std::unique_ptr<StateStore> store_;
  CountedRequests requests_;
  CountedEvents events_;
};

}  // namespace

struct StoreMetrics::State {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& operations =
      prometheus::BuildCounter()
          .Name("edugate_store_operations_total")
          .Help("What the store was asked, by outcome: ok, duplicate, unavailable, other.")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& webhooks =
      prometheus::BuildCounter()
          .Name("edugate_webhooks_total")
          .Help("Webhooks by connection and answer.")
          .Register(registry);
  SeriesTable<Counted> series;
};

StoreMetrics::StoreMetrics() : state_(std::make_unique<State>()) {
  // So that a rate over them begins at zero and an alert sees the first failure.
  for (const char* operation : {"append_event", "begin_request"}) {
    for (const char* outcome : {"ok", "unavailable"}) {
      state_->operations.Add({{"operation", operation}, {"outcome", outcome}});
    }
  }
}

StoreMetrics::~StoreMetrics() = default;

void StoreMetrics::OnOperation(absl::string_view operation, absl::string_view outcome) {
  const auto make = [this](absl::string_view first, absl::string_view second) {
    return std::make_unique<Counted>(Counted{&state_->operations.Add(
        {{"operation", std::string(first)}, {"outcome", std::string(second)}})});
  };
  state_->series.Find(operation, outcome, make).counter->Increment();
}

void StoreMetrics::OnWebhook(absl::string_view connection, services::WebhookAnswer answer) {
  const absl::string_view name = AnswerName(answer);
  state_->webhooks.Add({{"connection", std::string(connection)}, {"answer", std::string(name)}})
      .Increment();
}

std::vector<prometheus::MetricFamily> StoreMetrics::Collect() const {
  return state_->registry.Collect();
}

std::unique_ptr<StateStore> CountStore(std::unique_ptr<StateStore> store, StoreMetrics& metrics) {
  return std::make_unique<CountedStore>(std::move(store), metrics);
}

}  // namespace edugate::app
