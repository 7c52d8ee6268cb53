// The configuration's webhooks in the terms of the services.
#ifndef APP_WEBHOOK_SOURCES_H_
#define APP_WEBHOOK_SOURCES_H_

#include <vector>

#include "absl/status/statusor.h"
#include "edugate/v1/config.pb.h"
#include "runtime/async/clock.h"
#include "services/webhooks.h"

namespace edugate::app {

// A source for each connection that configures `webhook`. Its secrets follow their files. `clock`
// outlives the sources. Errors: a secret that can't be read now.
absl::StatusOr<std::vector<services::WebhookSource>> WebhookSourcesOf(const v1::Config& config,
                                                                      const async::Clock& clock);

}  // namespace edugate::app

#endif  // APP_WEBHOOK_SOURCES_H_
