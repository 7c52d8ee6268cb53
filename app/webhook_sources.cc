#include "app/webhook_sources.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "app/auth_options.h"
#include "runtime/config/rotating_secret.h"

namespace edugate::app {

absl::StatusOr<std::vector<services::WebhookSource>> WebhookSourcesOf(const v1::Config& config,
                                                                      const async::Clock& clock) {
  std::vector<services::WebhookSource> sources;
  for (const v1::ConnectionConfig& connection : config.connections()) {
    if (!connection.has_webhook()) continue;
    const v1::WebhookConfig& webhook = connection.webhook();
    auto secrets = std::make_shared<std::vector<std::unique_ptr<config::RotatingSecret>>>();
    for (const v1::Secret& each : webhook.secrets()) {
      auto secret = config::RotatingSecret::Open(ToSecretSource(each), nullptr, &clock);
      if (!secret.ok()) {
        return absl::Status(secret.status().code(),
                            absl::StrCat("connection ", connection.id(),
                                         ": webhook.secrets: ", secret.status().message()));
      }
      secrets->push_back(*std::move(secret));
    }
    services::WebhookSource source;
    source.connection = connection.id();
    if (!webhook.header().empty()) source.header = webhook.header();
    if (webhook.max_body_bytes() > 0) source.max_body_bytes = webhook.max_body_bytes();
    source.for_each_secret = [secrets](const std::function<void(absl::string_view)>& visit) {
      for (const auto& secret : *secrets) visit(secret->Get()->Reveal());
    };
    sources.push_back(std::move(source));
  }
  return sources;
}

}  // namespace edugate::app
