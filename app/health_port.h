// grpc.health.v1 alone, without TLS, for probes that bring no certificate.
#ifndef APP_HEALTH_PORT_H_
#define APP_HEALTH_PORT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace grpc {
class HealthCheckServiceInterface;
}  // namespace grpc

namespace edugate::app {

// The services that probes may ask about, besides "" for the whole: their full names.
std::vector<std::string> HealthServiceNames();

// Says of all of them, and of the whole, whether they serve.
void SetServing(grpc::HealthCheckServiceInterface& health, bool serving);

class HealthPort {
 public:
  // Listens on `address` (HOST:PORT; port 0: any) and says that nothing serves. UNAVAILABLE where
  // the address can't be listened on.
  static absl::StatusOr<std::unique_ptr<HealthPort>> Start(const std::string& address);

  virtual ~HealthPort() = default;

  virtual std::string address() const = 0;

  // What is said from now on, also to those who watch.
  virtual void Say(bool serving) = 0;
};

}  // namespace edugate::app

#endif  // APP_HEALTH_PORT_H_
