#include "app/generation.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "app/auth_options.h"
#include "app/callers.h"
#include "app/duration.h"
#include "app/reload_rules.h"
#include "app/webhook_sources.h"
#include "runtime/telemetry/log.h"

namespace edugate::app {
namespace {

absl::StatusOr<services::PageTokenKey> KeyOf(const v1::Secret& secret) {
  auto read = ToSecretSource(secret).Read();
  if (!read.ok()) return read.status();
  return services::PageTokenKey::FromSecret(read->Reveal());
}

services::FanOut FanOutOf(const v1::ServerConfig& config) {
  const services::FanOut by_default;
  const int percent = config.connection_deadline_percent();
  return {.deadline_share = percent > 0 ? percent / 100.0 : by_default.deadline_share};
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Generation>> Generation::Build(const v1::Config& config,
                                                                    const GenerationParts& parts,
                                                                    const Generation* previous) {
  std::shared_ptr<Generation> made(new Generation(config));
  auto connections = Connections::Build(
      config, parts.connections, previous == nullptr ? nullptr : previous->connections_.get());
  if (!connections.ok()) return connections.status();
  made->connections_ = *std::move(connections);
  auto callers = MakeCallers(config, *parts.connections.clock);
  if (!callers.ok()) return callers.status();
  made->callers_ = *std::move(callers);
  const bool same = previous != nullptr && WatchesMayGoOn(previous->config_, config);
  made->watches_ = same ? previous->watches_ : std::make_shared<services::Drain>();
  absl::Status sealing = made->MakeSealers(previous);
  if (!sealing.ok()) return sealing;
  absl::Status receiving = made->MakeWebhooks(parts);
  if (!receiving.ok()) return receiving;
  made->parts_ = {.connections = &made->connections_->registry(),
                  .page_tokens = &*made->page_tokens_,
                  .fan_out = FanOutOf(config.server()),
                  .events = &parts.state->events(),
                  .webhooks = made->webhooks_.get(),
                  .resume_tokens = &*made->resume_tokens_,
                  .drain = parts.drain,
                  .superseded = made->watches_.get(),
                  .request_log = &parts.state->requests(),
                  .drift = parts.connections.drift,
                  .callers = made->callers_};
  return made;
}

// A page token lives for a day; one with which a watch goes on, as long as the events are kept.
absl::Status Generation::MakeSealers(const Generation* previous) {
  const v1::ServerConfig& server = config_.server();
  if (server.has_page_token_key()) {
    auto key = KeyOf(server.page_token_key());
    if (!key.ok()) return key.status();
    token_keys_.push_back(*std::move(key));
  } else if (previous != nullptr && !previous->config_.server().has_page_token_key()) {
    token_keys_.push_back(previous->token_keys_.front());
  } else {
    telemetry::Warn(
        "server.page_token_key is not configured: page tokens are sealed with a key of this "
        "process, and neither its replicas nor its successor can read them");
    auto key = services::PageTokenKey::Generate(services::SystemRandomBytes());
    if (!key.ok()) return key.status();
    token_keys_.push_back(*std::move(key));
  }
  for (const v1::Secret& secret : server.page_token_opening_keys()) {
    auto key = KeyOf(secret);
    if (!key.ok()) return key.status();
    token_keys_.push_back(*std::move(key));
  }
  auto pages = services::PageTokenSealer::Create(
      token_keys_, server.has_page_token_lifetime() ? ToDuration(server.page_token_lifetime())
                                                    : services::kDefaultPageTokenLifetime);
  if (!pages.ok()) return pages.status();
  page_tokens_.emplace(*std::move(pages));
  auto watches = services::PageTokenSealer::Create(token_keys_, EventRetention(config_.state()));
  if (!watches.ok()) return watches.status();
  resume_tokens_.emplace(*std::move(watches));
  return absl::OkStatus();
}

absl::Status Generation::MakeWebhooks(const GenerationParts& parts) {
  auto sources = WebhookSourcesOf(config_, *parts.connections.clock);
  if (!sources.ok()) return sources.status();
  auto receiver = services::WebhookReceiver::Create(*std::move(sources), connections_->registry(),
                                                    parts.state->events());
  if (!receiver.ok()) return receiver.status();
  webhooks_ = *std::move(receiver);
  return absl::OkStatus();
}

}  // namespace edugate::app
