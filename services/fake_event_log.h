// An event log for tests, in memory and on one loop.
#ifndef SERVICES_FAKE_EVENT_LOG_H_
#define SERVICES_FAKE_EVENT_LOG_H_

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "runtime/async/event.h"
#include "runtime/store/event_log.h"

namespace edugate::services {

class FakeEventLog final : public store::EventLog {
 public:
  async::Task<absl::StatusOr<store::AppendedEvent>> Append(async::CallContext&, std::string topic,
                                                           std::string dedup_id,
                                                           std::string payload,
                                                           absl::Time now) override {
    if (!failure.ok()) co_return failure;
    for (const auto& [kept_topic, kept] : events_) {
      if (kept_topic == topic && kept.dedup_id == dedup_id) {
        co_return store::AppendedEvent{.sequence = kept.sequence, .duplicate = true};
      }
    }
    const int64_t sequence = static_cast<int64_t>(events_.size()) + 1;
    events_.emplace_back(topic, store::Event{.sequence = sequence,
                                             .dedup_id = std::move(dedup_id),
                                             .payload = std::move(payload),
                                             .stored = now});
    news_.Set();
    news_.Reset();
    co_return store::AppendedEvent{.sequence = sequence};
  }

  async::Task<absl::StatusOr<store::EventBatch>> Read(async::CallContext&, std::string topic,
                                                      int64_t after, size_t limit) override {
    if (!failure.ok()) co_return failure;
    const bool of_a_lost_log = after > static_cast<int64_t>(events_.size());
    const int64_t behind = std::max(of_a_lost_log ? int64_t{0} : after, purged_through_);
    store::EventBatch batch;
    batch.missed = of_a_lost_log || purged_through_ > after;
    batch.last = behind;
    for (const auto& [kept_topic, kept] : events_) {
      if (kept_topic != topic || kept.sequence <= behind || batch.events.size() >= limit) continue;
      batch.events.push_back(kept);
      batch.last = kept.sequence;
    }
    co_return batch;
  }

  async::Task<absl::StatusOr<store::EventBatch>> ReadNext(async::CallContext& call,
                                                          std::string topic, int64_t after,
                                                          size_t limit) override {
    for (;;) {
      auto batch = co_await Read(call, topic, after, limit);
      if (!batch.ok() || !batch->events.empty() || batch->missed) co_return batch;
      absl::Status waited = co_await news_.Wait(call);
      if (!waited.ok()) co_return waited;
    }
  }

  async::Task<absl::StatusOr<int64_t>> LastSequence(async::CallContext&) override {
    co_return static_cast<int64_t>(events_.size());
  }

  size_t size() const { return events_.size(); }

  // The events up to this one are no longer kept. For a log of one topic.
  void Purge(int64_t through) { purged_through_ = through; }

  // The log is lost, and begins again with its first number.
  void Lose() {
    events_.clear();
    purged_through_ = 0;
  }

  // What every call fails with, unless OK.
  absl::Status failure;

 private:
  std::vector<std::pair<std::string, store::Event>> events_;
  int64_t purged_through_ = 0;
  async::Event news_;
};

}  // namespace edugate::services

#endif  // SERVICES_FAKE_EVENT_LOG_H_
