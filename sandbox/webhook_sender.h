#ifndef EDUGATE_SANDBOX_WEBHOOK_SENDER_H_
#define EDUGATE_SANDBOX_WEBHOOK_SENDER_H_

#include <functional>
#include <map>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace edugate::sandbox {

// Whether webhooks can be sent there: `http://HOST[:PORT][/PATH]`, or the same with https.
bool IsWebhookUrl(absl::string_view url);

// A POST that is sent once its time has come.
struct Webhook {
  std::string url;
  std::string authorization;
  std::string user_agent;
  std::string body;
};

// Sends webhooks from a thread of its own, each at its time and again after a failure, a few times.
class WebhookSender {
 public:
  explicit WebhookSender(std::function<absl::Time()> now);
  // Drops what is left.
  ~WebhookSender();

  // Sends `webhook` when the clock says `due`. Webhooks whose address is none are dropped.
  void Send(absl::Time due, Webhook webhook);
  // Drops what is left to send.
  void Clear();

 private:
  struct Entry {
    Webhook webhook;
    int attempts = 0;
  };

  void Run();
  static bool Post(const Webhook& webhook);

  const std::function<absl::Time()> now_;
  absl::Mutex mutex_;
  std::multimap<absl::Time, Entry> waiting_ ABSL_GUARDED_BY(mutex_);
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace edugate::sandbox

#endif  // EDUGATE_SANDBOX_WEBHOOK_SENDER_H_
