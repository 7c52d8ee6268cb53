// What one state of the configuration gives to the calls that begin under it.
#ifndef APP_GENERATION_H_
#define APP_GENERATION_H_

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "app/connections.h"
#include "app/state_store.h"
#include "edugate/v1/config.pb.h"
#include "services/admission.h"
#include "services/drain.h"
#include "services/page_token.h"
#include "services/parts_of_call.h"
#include "services/webhooks.h"

namespace edugate::app {

// What all generations of a process share. The pointers outlive them.
struct GenerationParts {
  ConnectionParts connections;
  StateStore* state = nullptr;
  services::Drain* drain = nullptr;
};

// Built whole or not at all, and never changed. Lives until its last call has ended.
class Generation final : public services::ServiceFooting {
 public:
  // `config` has passed LoadConfigFile or LoadConfigText. What is configured as in `previous`
  // (null: this is the first) is taken over from there. Errors: a secret that can't be read now, or
  // can't be what it is for.
  static absl::StatusOr<std::shared_ptr<const Generation>> Build(const v1::Config& config,
                                                                 const GenerationParts& parts,
                                                                 const Generation* previous);

  const v1::Config& config() const { return config_; }
  const Connections& connections() const { return *connections_; }
  services::WebhookReceiver& webhooks() const { return *webhooks_; }

  // Ends the watches that began under this generation, and those before it with the same callers
  // and connections: the same object.
  services::Drain& watches() const { return *watches_; }

 private:
  explicit Generation(const v1::Config& config) : config_(config) {}

  absl::Status MakeSealers(const Generation* previous);
  absl::Status MakeWebhooks(const GenerationParts& parts);

  const v1::Config config_;
  std::shared_ptr<services::Drain> watches_;
  std::shared_ptr<const services::Callers> callers_;
  std::vector<services::PageTokenKey> token_keys_;
  std::unique_ptr<Connections> connections_;
  std::unique_ptr<services::WebhookReceiver> webhooks_;
  std::optional<services::PageTokenSealer> page_tokens_;
  std::optional<services::PageTokenSealer> resume_tokens_;
};

}  // namespace edugate::app

#endif  // APP_GENERATION_H_
