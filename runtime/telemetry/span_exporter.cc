#include "runtime/telemetry/span_exporter.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/async/sleep.h"
#include "runtime/http/retry_after.h"
#include "runtime/telemetry/log.h"

namespace edugate::telemetry {
namespace {

constexpr int kTooManyRequests = 429;
constexpr int kBadGateway = 502;
constexpr int kUnavailable = 503;
constexpr int kGatewayTimeout = 504;
constexpr int64_t kMaxAnswerBytes = 64 << 10;

bool IsRetryable(int status) {
  return status == kTooManyRequests || status == kBadGateway || status == kUnavailable ||
         status == kGatewayTimeout;
}

double RandomShare() {
  thread_local absl::InsecureBitGen generator;
  return absl::Uniform(generator, 0.0, 1.0);
}

}  // namespace

int64_t RejectedSpansIn(const std::string& answer) {
  const auto json = nlohmann::json::parse(answer, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return 0;
  const auto partial = json.find("partialSuccess");
  if (partial == json.end() || !partial->is_object()) return 0;
  const auto rejected = partial->find("rejectedSpans");
  if (rejected == partial->end()) return 0;
  int64_t count = 0;
  if (rejected->is_number_integer()) count = rejected->get<int64_t>();
  if (rejected->is_string() && !absl::SimpleAtoi(rejected->get<std::string>(), &count)) return 0;
  return std::max<int64_t>(count, 0);
}

// Tells the exporter's loop that a batch is full.
class SpanExporter::Waker final : public async::Work {
 public:
  explicit Waker(SpanExporter& owner) : owner_(owner) {}
  virtual ~Waker() = default;
  void Run() override { owner_.full_.Set(); }

 private:
  SpanExporter& owner_;
};

SpanExporter::SpanExporter(SpanExporterOptions options, async::EventLoop& loop,
                           http::HttpClient& http)
    : options_(std::move(options)),
      loop_(loop),
      http_(http),
      waker_(std::make_unique<Waker>(*this)) {}

SpanExporter::~SpanExporter() = default;

void SpanExporter::Offer(Span span) {
  bool wake = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (queue_.size() >= options_.max_queue) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    queue_.push_back(std::move(span));
    if (queue_.size() >= options_.max_batch) wake = !std::exchange(woken_, true);
  }
  if (wake) loop_.Post(waker_.get());
}

SpanExporter::Batch SpanExporter::Take() {
  std::vector<Span> batch = TakeSpans();
  if (batch.empty()) return {};
  return {.body = OtlpJson(options_.resource, batch), .spans = static_cast<int64_t>(batch.size())};
}

std::vector<Span> SpanExporter::TakeSpans() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Span> batch;
  if (queue_.size() <= options_.max_batch) {
    batch.swap(queue_);
  } else {
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(options_.max_batch);
    batch.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
    queue_.erase(queue_.begin(), end);
  }
  // The waker can be posted again once it has run.
  if (full_.is_set()) woken_ = false;
  return batch;
}

async::Task<void> SpanExporter::Run(async::CallContext& call) {
  Batch batch;
  bool ended = true;
  while (ended && call.Status().ok()) {
    async::CallContext pause = call.Child(async::After(loop_.Now(), options_.max_wait));
    absl::Status woken = co_await full_.Wait(pause);
    if (absl::IsCancelled(woken)) break;
    batch = Take();
    full_.Reset();
    while (batch.spans > 0) {
      ended = co_await Send(call, batch);
      if (!ended) break;
      batch = queued() >= options_.max_batch ? Take() : Batch();
    }
  }
  async::CallContext last(loop_, async::After(loop_.Now(), options_.last_flush));
  if (batch.spans == 0) batch = Take();
  while (batch.spans > 0) {
    co_await Send(last, batch);
    batch = Take();
  }
}

async::Task<bool> SpanExporter::Send(async::CallContext& call, Batch& batch) {
  http::Request request;
  request.method = "POST";
  request.url = options_.endpoint;
  request.headers.push_back({"Content-Type", "application/json"});
  if (!options_.header.empty()) {
    request.headers.push_back({options_.header, options_.header_value()});
  }
  request.body = batch.body;
  request.has_body = true;
  request.max_response_bytes = kMaxAnswerBytes;

  absl::Duration backoff = options_.first_backoff;
  for (int attempt = 1;; ++attempt) {
    Answer answer = co_await Ask(call, request);
    if (answer.sent == Sent::kTaken) {
      const int64_t rejected = std::min(answer.rejected, batch.spans);
      exported_.fetch_add(batch.spans - rejected, std::memory_order_relaxed);
      failed_.fetch_add(rejected, std::memory_order_relaxed);
      co_return true;
    }
    if (call.cancelled()) co_return false;
    if (answer.sent == Sent::kRefused || attempt >= options_.max_attempts) break;
    const double random = options_.random ? options_.random() : RandomShare();
    const absl::Duration wait = std::max(backoff * random, answer.retry_after);
    backoff = std::min(backoff * 2, options_.max_backoff);
    if (wait >= call.remaining()) break;
    absl::Status slept = co_await async::Sleep(call, wait);
    if (absl::IsCancelled(slept)) co_return false;
    if (!slept.ok()) break;
  }
  failed_.fetch_add(batch.spans, std::memory_order_relaxed);
  Debug("spans could not be given to the collector");
  co_return true;
}

async::Task<SpanExporter::Answer> SpanExporter::Ask(async::CallContext& call,
                                                    const http::Request& request) {
  async::CallContext asking = call.Child(async::After(loop_.Now(), options_.request_timeout));
  http::Exchange exchange = co_await http_.Send(asking, request);
  Answer answer;
  if (!exchange.ok()) {
    const bool never = exchange.failure == http::Failure::kRequestRefused;
    answer.sent = never ? Sent::kRefused : Sent::kAgain;
    co_return answer;
  }
  const int status = exchange.response.status;
  constexpr int kOkFrom = 200;
  constexpr int kOkTo = 299;
  if (status >= kOkFrom && status <= kOkTo) {
    answer.sent = Sent::kTaken;
    answer.rejected = RejectedSpansIn(exchange.response.body);
    co_return answer;
  }
  answer.sent = IsRetryable(status) ? Sent::kAgain : Sent::kRefused;
  const auto retry_after = http::RetryAfterFrom(exchange.response, loop_.clock().WallNow());
  answer.retry_after = std::min(retry_after.value_or(absl::ZeroDuration()), options_.max_backoff);
  co_return answer;
}

SpanExporter::Counts SpanExporter::counts() const {
  return {.exported = exported_.load(std::memory_order_relaxed),
          .dropped = dropped_.load(std::memory_order_relaxed),
          .failed = failed_.load(std::memory_order_relaxed)};
}

std::size_t SpanExporter::queued() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return queue_.size();
}

}  // namespace edugate::telemetry
