// Webhooks on their way from the admin port to the receiver of the current configuration.
#ifndef APP_WEBHOOK_INTAKE_H_
#define APP_WEBHOOK_INTAKE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "app/generation.h"
#include "app/store_metrics.h"
#include "runtime/async/loop_pool.h"
#include "services/webhooks.h"

namespace edugate::app {

// From the admin port's threads.
class WebhookIntake {
 public:
  // `current` gives the generation whose connections take webhooks now. `loops` outlives the
  // object, and `metrics` the tasks of the loops.
  WebhookIntake(async::LoopPool& loops, std::function<std::shared_ptr<const Generation>()> current,
                StoreMetrics& metrics)
      : loops_(loops), current_(std::move(current)), metrics_(metrics) {}

  // Has the webhook checked and stored on one of the loops, and counts it. Blocks until the HTTP
  // status of the answer is known.
  int Receive(services::WebhookRequest request);

  // Counts a webhook that the port itself has refused.
  void OnRefused(const std::string& connection, services::WebhookAnswer answer);

 private:
  async::LoopPool& loops_;
  const std::function<std::shared_ptr<const Generation>()> current_;
  StoreMetrics& metrics_;
};

}  // namespace edugate::app

#endif  // APP_WEBHOOK_INTAKE_H_
