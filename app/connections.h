// From the configuration to working connections.
#ifndef APP_CONNECTIONS_H_
#define APP_CONNECTIONS_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/connection.h"
#include "app/provider_table.h"
#include "edugate/v1/config.pb.h"
#include "runtime/async/clock.h"
#include "runtime/auth/authorizer.h"
#include "runtime/http/http_client.h"
#include "runtime/telemetry/drift_counter.h"

namespace edugate::app {

// What connections share. The pointers outlive them.
struct ConnectionParts {
  http::HttpClient* http = nullptr;
  const async::Clock* clock = nullptr;
  telemetry::DriftCounter* drift = nullptr;  // may be null
};

// The connections of a configuration, with everything behind them.
class Connections {
 public:
  // `config` has passed CheckConfig. A connection of `previous` (null: there are none) that is
  // configured as before is taken over with all that it has learned: tokens, limits, counts.
  // Errors: a secret that can't be read now.
  static absl::StatusOr<std::unique_ptr<Connections>> Build(const v1::Config& config,
                                                            const ConnectionParts& parts,
                                                            const Connections* previous = nullptr);

  const adapters::ConnectionRegistry& registry() const { return *registry_; }

 private:
  struct Unit;  // one connection

  Connections() = default;

  static absl::StatusOr<std::shared_ptr<const Unit>> BuildUnit(const v1::Config& config,
                                                               const v1::ConnectionConfig& each,
                                                               const ConnectionParts& parts);

  // Shared with the connections of other configurations.
  std::vector<std::shared_ptr<const Unit>> units_;
  std::unique_ptr<adapters::ConnectionRegistry> registry_;
};

}  // namespace edugate::app

#endif  // APP_CONNECTIONS_H_
