// The gRPC server with all its services and what they stand on.
#ifndef APP_SERVER_H_
#define APP_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "edugate/v1/config.pb.h"

namespace edugate::app {

class Server {
 public:
  // Starts to serve. `config` has passed LoadConfigFile or LoadConfigText. UNAVAILABLE where the
  // address can't be listened on.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const v1::Config& config);

  // Shutdown(), if that has not been called.
  virtual ~Server() = default;

  // HOST:PORT that is listened on, with the port that the system chose where the configuration says
  // 0.
  virtual std::string address() const = 0;

  // The health port's HOST:PORT; empty where none is configured.
  virtual std::string health_address() const = 0;

  // The admin port's HOST:PORT; empty where none is configured.
  virtual std::string admin_address() const = 0;

  // Takes a configuration as LoadConfigFile gave it: builds all that it configures, and then gives
  // it to the calls that begin from now on, while those in progress end under the one before. What
  // is configured as before is taken over. Keys that a running process can't change keep their
  // values and are named in the log. An error, which is logged, leaves everything as it is. Blocks;
  // from one thread at a time.
  virtual absl::Status Reload(const absl::StatusOr<v1::Config>& loaded) = 0;

  // Says to health checks that no calls are taken, goes on taking them for the configured delay,
  // then stops, ends the watches, lets the running calls end within the configured grace, and
  // cancels what is left.
  virtual void Shutdown() = 0;
};

}  // namespace edugate::app

#endif  // APP_SERVER_H_
