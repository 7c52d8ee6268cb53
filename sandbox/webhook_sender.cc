#include "sandbox/webhook_sender.h"

#include <optional>
#include <utility>

#include "absl/strings/strip.h"
#include "httplib.h"
#include "sandbox/provider.h"

namespace edugate::sandbox {
namespace {

constexpr int kMaxAttempts = 6;
// Between two attempts, twice as long each time.
constexpr absl::Duration kFirstPause = absl::Milliseconds(200);
// How often the clock, which may be a test's, is looked at.
constexpr absl::Duration kTick = absl::Milliseconds(10);
constexpr int kTimeoutSeconds = 5;
constexpr int64_t kMaxPort = 65535;

}  // namespace

bool IsWebhookUrl(absl::string_view url) {
  if (!absl::ConsumePrefix(&url, "http://") && !absl::ConsumePrefix(&url, "https://")) return false;
  const absl::string_view host = url.substr(0, url.find('/'));
  // An IPv6 address has colons of its own, in brackets.
  const size_t bracket = host.find(']');
  const size_t colon = host.find(':', bracket == absl::string_view::npos ? 0 : bracket);
  if (colon == absl::string_view::npos) return !host.empty();
  const std::optional<int64_t> port = WholeNumber(host.substr(colon + 1));
  return colon > 0 && port && *port > 0 && *port <= kMaxPort;
}

WebhookSender::WebhookSender(std::function<absl::Time()> now)
    : now_(std::move(now)), thread_([this] { Run(); }) {}

WebhookSender::~WebhookSender() {
  {
    absl::MutexLock lock(&mutex_);
    ending_ = true;
  }
  thread_.join();
}

void WebhookSender::Send(absl::Time due, Webhook webhook) {
  // At another scheme and at a port that no int holds httplib throws, which ends the process.
  if (!IsWebhookUrl(webhook.url)) return;
  absl::MutexLock lock(&mutex_);
  waiting_.emplace(due, Entry{std::move(webhook)});
}

void WebhookSender::Clear() {
  absl::MutexLock lock(&mutex_);
  waiting_.clear();
}

void WebhookSender::Run() {
  absl::MutexLock lock(&mutex_);
  while (!ending_) {
    if (waiting_.empty()) {
      mutex_.Await(absl::Condition(
          +[](WebhookSender* sender) ABSL_EXCLUSIVE_LOCKS_REQUIRED(sender->mutex_) {
            return sender->ending_ || !sender->waiting_.empty();
          },
          this));
      continue;
    }
    const absl::Time now = now_();
    if (waiting_.begin()->first > now) {
      mutex_.AwaitWithTimeout(absl::Condition(&ending_), kTick);
      continue;
    }
    Entry entry = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    mutex_.Unlock();
    const bool taken = Post(entry.webhook);
    mutex_.Lock();
    if (taken || ++entry.attempts >= kMaxAttempts) continue;
    const absl::Duration pause = kFirstPause * (1 << (entry.attempts - 1));
    waiting_.emplace(now + pause, std::move(entry));
  }
}

bool WebhookSender::Post(const Webhook& webhook) {
  const size_t path = webhook.url.find('/', webhook.url.find("://") + 3);
  httplib::Client client(webhook.url.substr(0, path));
  client.set_connection_timeout(kTimeoutSeconds);
  client.set_read_timeout(kTimeoutSeconds);
  const httplib::Headers headers = {{"Authorization", webhook.authorization},
                                    {"User-Agent", webhook.user_agent}};
  const auto result = client.Post(path == std::string::npos ? "/" : webhook.url.substr(path),
                                  headers, webhook.body, "application/json");
  return result && result->status / 100 == 2;
}

}  // namespace edugate::sandbox
