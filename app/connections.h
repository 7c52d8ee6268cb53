// From the configuration to working connections.
#ifndef APP_CONNECTIONS_H_
#define APP_CONNECTIONS_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/connection.h"
#include "app/provider_table.h"
#include "edugate/v1/config.pb.h"
#include "runtime/async/clock.h"
#include "runtime/auth/authorizer.h"
#include "runtime/http/curl_http_client.h"
#include "runtime/http/http_client.h"
#include "runtime/resilience/client_observer.h"
#include "runtime/resilience/rate_limit.h"
#include "runtime/resilience/safeguards.h"
#include "runtime/telemetry/drift_counter.h"

namespace edugate::app {

// What connections share. The pointers outlive them.
struct ConnectionParts {
  // Makes the client of one connection, which reaches what the connection may.
  std::function<std::unique_ptr<http::HttpClient>(const http::EndpointOptions&)> make_http;
  const async::Clock* clock = nullptr;
  telemetry::DriftCounter* drift = nullptr;        // may be null
  resilience::ClientObserver* observer = nullptr;  // may be null
  // Makes a rate that connections share. Where there is none, it is this process's alone.
  std::function<std::unique_ptr<resilience::RateLimit>(absl::string_view name,
                                                       const resilience::TokenBucketOptions&)>
      make_rate_limit;
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

  // How a connection stands; nothing where there is none of that id. Thread-safe.
  std::optional<resilience::Safeguards::Snapshot> Look(absl::string_view connection,
                                                       async::MonotonicTime now) const;

 private:
  struct Unit;  // one connection
  // A rate that connections share, by its name and what it is made of.
  using SharedRates = std::map<std::string, std::shared_ptr<resilience::RateLimit>>;

  Connections() = default;

  static absl::StatusOr<std::shared_ptr<const Unit>> BuildUnit(const v1::Config& config,
                                                               const v1::ConnectionConfig& each,
                                                               const ConnectionParts& parts,
                                                               const SharedRates& rates);

  // Shared with the connections of other configurations.
  std::vector<std::shared_ptr<const Unit>> units_;
  SharedRates rates_;
  std::unique_ptr<adapters::ConnectionRegistry> registry_;
};

}  // namespace edugate::app

#endif  // APP_CONNECTIONS_H_
