// The providers' webhooks: who may send, what is kept, and what is said in return. Without a
// server: that is the composition root's.
#ifndef SERVICES_WEBHOOKS_H_
#define SERVICES_WEBHOOKS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "adapters/connection.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "runtime/store/event_log.h"

namespace edugate::services {

// A connection that takes webhooks.
struct WebhookSource {
  std::string connection;  // the connection's id
  // The header that shows who sends.
  std::string header = "Authorization";
  // Calls its argument with each value that the header may have now, two during a change. Called
  // for each webhook, from every loop.
  std::function<void(const std::function<void(absl::string_view secret)>&)> for_each_secret;
  // The largest body, in bytes.
  size_t max_body_bytes = size_t{256} << 10;
};

// A POST to /webhooks/{connection}, complete.
struct WebhookRequest {
  std::string connection;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// What is answered, as an HTTP status. Senders try again after anything but a 2xx.
enum class WebhookAnswer : int {
  kStored = 200,        // the event is stored durably, now or by an earlier delivery
  kUnreadable = 400,    // the body holds no event
  kUnauthorized = 401,  // the header is missing or has no value that is accepted
  kUnknown = 404,       // no such connection, or none that takes webhooks
  kTooLarge = 413,      // the body is beyond the limit
  kUnavailable = 503,   // the store can't be written, or too many are being stored
};

// Takes webhooks in. Used from every loop at once.
class WebhookReceiver {
 public:
  // Webhooks that may be on their way into the store at once.
  static constexpr int kMaxPending = 1024;

  // `connections` and `events` outlive the receiver. INVALID_ARGUMENT where a source's connection
  // isn't configured or its provider sends no webhooks.
  static absl::StatusOr<std::unique_ptr<WebhookReceiver>> Create(
      std::vector<WebhookSource> sources, const adapters::ConnectionRegistry& connections,
      store::EventLog& events);

  // Checks a webhook and stores its event before it answers kStored. The header is compared in
  // constant time. The body is only a hint: of it the event's record alone is kept. `call` bounds
  // the time.
  async::Task<WebhookAnswer> Receive(async::CallContext& call, WebhookRequest request);

  // Whether the connection takes webhooks.
  bool Takes(absl::string_view connection) const;

  // The largest body of any source, in bytes: a server needn't read more.
  size_t max_body_bytes() const;

 private:
  struct Source {
    WebhookSource options;
    adapters::WebhookPort read;
  };

  explicit WebhookReceiver(store::EventLog& events) : events_(events) {}

  static bool IsAuthorized(const WebhookSource& source, const WebhookRequest& request);

  store::EventLog& events_;
  std::map<std::string, Source> sources_;
  std::atomic<int> pending_{0};
};

// The topic of the event log that holds a connection's transcript events: messages of type
// edugate.v1.TranscriptEvent, in view FULL.
std::string TranscriptEventTopic(absl::string_view connection);

}  // namespace edugate::services

#endif  // SERVICES_WEBHOOKS_H_
