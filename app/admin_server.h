// The admin port: plain HTTP for probes, metrics and the providers' webhooks. Not for callers.
#ifndef APP_ADMIN_SERVER_H_
#define APP_ADMIN_SERVER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/webhooks.h"

namespace edugate::app {

class AdminServer {
 public:
  // What the port shows.
  struct Pages {
    std::function<bool()> ready;           // /readyz: whether calls are taken
    std::function<std::string()> metrics;  // /metrics: Prometheus text format 0.0.4
    // POST /webhooks/{connection}: blocks until the HTTP status of the answer is known. Empty: no
    // connection takes webhooks.
    std::function<int(services::WebhookRequest)> webhook;
    size_t max_webhook_bytes = 0;  // a larger body is refused unread
  };

  // Listens on `address` (HOST:PORT; port 0: any). UNAVAILABLE where that fails.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(const std::string& address,
                                                            Pages pages);

  virtual ~AdminServer() = default;

  virtual std::string address() const = 0;
};

}  // namespace edugate::app

#endif  // APP_ADMIN_SERVER_H_
