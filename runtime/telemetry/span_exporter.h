// Sends spans to a collector: OTLP/HTTP with JSON (opentelemetry-specification, protocol/exporter).
#ifndef RUNTIME_TELEMETRY_SPAN_EXPORTER_H_
#define RUNTIME_TELEMETRY_SPAN_EXPORTER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "runtime/async/call_context.h"
#include "runtime/async/event.h"
#include "runtime/async/event_loop.h"
#include "runtime/async/task.h"
#include "runtime/http/http_client.h"
#include "runtime/telemetry/span.h"

namespace edugate::telemetry {

struct SpanExporterOptions {
  std::string endpoint;  // the whole URL
  SpanResource resource;
  // A header that the collector asks for, and where its value comes from each time. Empty: none.
  std::string header;
  std::function<std::string()> header_value;
  // A batch goes when it is full, or when its first span has waited so long.
  std::size_t max_batch = 256;
  absl::Duration max_wait = absl::Seconds(1);
  // Spans beyond these wait for nothing: they are dropped and counted.
  std::size_t max_queue = 8192;
  // One request may take so long, and a batch gets so many; between them the wait doubles, up to
  // the longest, unless the collector names one (Retry-After).
  absl::Duration request_timeout = absl::Seconds(10);
  int max_attempts = 5;
  absl::Duration first_backoff = absl::Seconds(1);
  absl::Duration max_backoff = absl::Seconds(30);
  // What is left at the end gets so much time in all.
  absl::Duration last_flush = absl::Seconds(2);
  // Jitter: numbers in [0, 1).
  std::function<double()> random;
};

// How many spans of a request that was taken the collector says that it rejected
// (ExportTracePartialSuccess): none where the answer says nothing of it.
int64_t RejectedSpansIn(const std::string& answer);

// Offer() is for every thread and never waits for the collector; everything else happens on one
// loop.
class SpanExporter {
 public:
  struct Counts {
    int64_t exported = 0;  // spans that the collector took
    int64_t dropped = 0;   // spans for which there was no room
    int64_t failed = 0;    // spans that the collector refused, or that it could not be given
  };

  // `loop` and `http` outlive the exporter; `http` serves the loop.
  SpanExporter(SpanExporterOptions options, async::EventLoop& loop, http::HttpClient& http);
  SpanExporter(const SpanExporter&) = delete;
  SpanExporter& operator=(const SpanExporter&) = delete;
  ~SpanExporter();

  // Takes a span, or drops it where too many wait.
  void Offer(Span span);

  // Sends what is offered until `call` is cancelled, and then what is left. On the exporter's loop,
  // once. The exporter and `call` outlive the task.
  async::Task<void> Run(async::CallContext& call);

  Counts counts() const;
  std::size_t queued() const;

 private:
  class Waker;
  enum class Sent { kTaken, kAgain, kRefused };
  struct Answer {
    Sent sent = Sent::kRefused;
    int64_t rejected = 0;
    absl::Duration retry_after;
  };

  // Spans, written.
  struct Batch {
    std::string body;
    int64_t spans = 0;
  };

  Batch Take();
  std::vector<Span> TakeSpans();
  // False: the call was cancelled before the batch's fate was known.
  async::Task<bool> Send(async::CallContext& call, Batch& batch);
  async::Task<Answer> Ask(async::CallContext& call, const http::Request& request);

  const SpanExporterOptions options_;
  async::EventLoop& loop_;
  http::HttpClient& http_;
  const std::unique_ptr<Waker> waker_;
  async::Event full_;  // A batch is full.

  mutable std::mutex mutex_;  // Guards what follows.
  std::vector<Span> queue_;
  bool woken_ = false;

  std::atomic<int64_t> exported_{0};
  std::atomic<int64_t> dropped_{0};
  std::atomic<int64_t> failed_{0};
};

}  // namespace edugate::telemetry

#endif  // RUNTIME_TELEMETRY_SPAN_EXPORTER_H_
