#include "services/webhooks.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/digest/sha256.h"

namespace edugate::services {
namespace {

// Counts a webhook as pending while it lives.
class Pending {
 public:
  explicit Pending(std::atomic<int>& count)
      : count_(count), before_(count.fetch_add(1, std::memory_order_relaxed)) {}
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending() { count_.fetch_sub(1, std::memory_order_relaxed); }

  int before() const { return before_; }

 private:
  std::atomic<int>& count_;
  const int before_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<WebhookReceiver>> WebhookReceiver::Create(
    std::vector<WebhookSource> sources, const adapters::ConnectionRegistry& connections,
    store::EventLog& events) {
  std::unique_ptr<WebhookReceiver> receiver(new WebhookReceiver(events));
  for (WebhookSource& source : sources) {
    auto connection = connections.Find(source.connection);
    if (!connection.ok() || !(*connection)->ports.read_webhook) {
      return absl::InvalidArgumentError(
          absl::StrCat("connection ", source.connection, ": its provider sends no webhooks"));
    }
    std::string id = source.connection;
    receiver->sources_.emplace(std::move(id),
                               Source{std::move(source), (*connection)->ports.read_webhook});
  }
  return receiver;
}

async::Task<WebhookAnswer> WebhookReceiver::Receive(async::CallContext& call,
                                                    WebhookRequest request) {
  const auto found = sources_.find(request.connection);
  if (found == sources_.end()) co_return WebhookAnswer::kUnknown;
  const Source& source = found->second;
  if (!IsAuthorized(source.options, request)) co_return WebhookAnswer::kUnauthorized;
  if (request.body.size() > source.options.max_body_bytes) co_return WebhookAnswer::kTooLarge;
  const Pending pending(pending_);
  if (pending.before() >= kMaxPending) co_return WebhookAnswer::kUnavailable;
  auto read = source.read(std::move(request.body));
  if (!read.ok()) co_return WebhookAnswer::kUnreadable;
  auto appended = co_await events_.Append(
      call, TranscriptEventTopic(request.connection), std::move(read->dedup_id),
      read->event.SerializeAsString(), call.loop().clock().WallNow());
  co_return appended.ok() ? WebhookAnswer::kStored : WebhookAnswer::kUnavailable;
}

bool WebhookReceiver::IsAuthorized(const WebhookSource& source, const WebhookRequest& request) {
  // A header that stands twice is nobody's.
  const std::string* presented = nullptr;
  for (const auto& [name, value] : request.headers) {
    if (!absl::EqualsIgnoreCase(name, source.header)) continue;
    if (presented != nullptr) return false;
    presented = &value;
  }
  if (presented == nullptr) return false;
  // Compared by digest: the time tells neither where two differ nor how long a secret is.
  const digest::Sha256Digest shown = digest::Sha256(*presented);
  // Every secret is looked at, whether or not one has fitted.
  int fits = 0;
  source.for_each_secret([&](absl::string_view secret) {
    const digest::Sha256Digest expected = digest::Sha256(secret);
    fits |= static_cast<int>(!secret.empty()) &
            static_cast<int>(CRYPTO_memcmp(shown.data(), expected.data(), shown.size()) == 0);
  });
  return fits != 0;
}

bool WebhookReceiver::Takes(absl::string_view connection) const {
  return sources_.contains(std::string(connection));
}

size_t WebhookReceiver::max_body_bytes() const {
  size_t largest = 0;
  for (const auto& [connection, source] : sources_) {
    largest = std::max(largest, source.options.max_body_bytes);
  }
  return largest;
}

std::string TranscriptEventTopic(absl::string_view connection) {
  return absl::StrCat("transcripts/", connection);
}

}  // namespace edugate::services
