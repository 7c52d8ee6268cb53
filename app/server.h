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

  // The admin port's HOST:PORT; empty where none is configured.
  virtual std::string admin_address() const = 0;

  // Stops taking calls, says so to health checks, lets the running calls end within the configured
  // grace, then cancels them.
  virtual void Shutdown() = 0;
};

}  // namespace edugate::app

#endif  // APP_SERVER_H_
