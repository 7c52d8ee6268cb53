// The admin port: plain HTTP for operators, probes, metrics and the providers' webhooks. Not for
// callers.
//
//     /             the status page        /status.json  what it shows
//     /metrics      for Prometheus         /config       the configuration, without its secrets
//     /healthz      the process runs       /readyz       it takes calls
//     /log-level    GET says it, PUT and POST change it: debug, info, warn, error
//     /webhooks/{connection}
#ifndef APP_ADMIN_SERVER_H_
#define APP_ADMIN_SERVER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/webhooks.h"

namespace edugate::app {

class AdminServer {
 public:
  // What the port shows.
  struct Pages {
    std::function<bool()> ready;           // /readyz: whether calls are taken
    std::function<std::string()> metrics;  // /metrics: Prometheus text format 0.0.4
    std::function<std::string()> config;   // /config: YAML
    std::function<std::string()> status;   // /status.json, which the page at / shows
    // POST /webhooks/{connection}: blocks until the HTTP status of the answer is known. Empty: no
    // connection takes webhooks.
    std::function<int(services::WebhookRequest)> webhook;
    // Hears of the webhooks that `webhook` doesn't get, before they are answered so: they are too
    // large, or their body came in part. May be empty.
    std::function<void(const std::string& connection, services::WebhookAnswer answer)>
        webhook_refused;
    // A larger body is refused, unread where it says its length. Compressed ones are not inflated.
    size_t max_webhook_bytes = 0;
    // How long a request may take to arrive, from its first byte to its last; then its connection
    // is closed.
    absl::Duration arrival_time = absl::Seconds(5);
  };

  // Listens on `address` (HOST:PORT; port 0: any). UNAVAILABLE where that fails.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(const std::string& address,
                                                            Pages pages);

  virtual ~AdminServer() = default;

  virtual std::string address() const = 0;
};

}  // namespace edugate::app

#endif  // APP_ADMIN_SERVER_H_
