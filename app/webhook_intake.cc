#include "app/webhook_intake.h"

#include <future>

#include "absl/time/time.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"

namespace edugate::app {
namespace {

constexpr absl::Duration kWebhookTimeout = absl::Seconds(5);

// The answer to a webhook, which a thread of the admin port waits for. It is given in any case: a
// task that is dropped at the end answers that the store is unavailable, and the sender tries
// again.
class PromisedAnswer {
 public:
  explicit PromisedAnswer(std::promise<int> promise) : promise_(std::move(promise)) {}
  PromisedAnswer(PromisedAnswer&& other) noexcept
      : promise_(std::move(other.promise_)), given_(std::exchange(other.given_, true)) {}
  PromisedAnswer& operator=(PromisedAnswer&&) = delete;
  ~PromisedAnswer() { Give(services::WebhookAnswer::kUnavailable); }

  void Give(services::WebhookAnswer answer) {
    if (std::exchange(given_, true)) return;
    promise_.set_value(static_cast<int>(answer));
  }

 private:
  std::promise<int> promise_;
  bool given_ = false;
};

void Count(const Generation& generation, const std::string& connection,
           services::WebhookAnswer answer, StoreMetrics& metrics) {
  const bool known = generation.webhooks().Takes(connection);
  metrics.OnWebhook(known ? connection : "", answer);
}

async::Task<void> ReceiveOn(async::EventLoop& loop, std::shared_ptr<const Generation> generation,
                            services::WebhookRequest request, PromisedAnswer answered,
                            StoreMetrics& metrics) {
  async::CallContext call(loop, async::After(loop.Now(), kWebhookTimeout));
  call.StandOn(generation);
  const std::string connection = request.connection;
  services::WebhookAnswer answer =
      co_await generation->webhooks().Receive(call, std::move(request));
  Count(*generation, connection, answer, metrics);
  answered.Give(answer);
}

}  // namespace

int WebhookIntake::Receive(services::WebhookRequest request) {
  std::promise<int> answered;
  std::future<int> answer = answered.get_future();
  async::EventLoop& loop = loops_.Next();
  loop.Spawn(ReceiveOn(loop, current_(), std::move(request), PromisedAnswer(std::move(answered)),
                       metrics_));
  return answer.get();
}

void WebhookIntake::OnRefused(const std::string& connection, services::WebhookAnswer answer) {
  Count(*current_(), connection, answer, metrics_);
}

}  // namespace edugate::app
