// How long a server takes to go.
#ifndef APP_SHUTDOWN_TIMES_H_
#define APP_SHUTDOWN_TIMES_H_

#include "absl/time/time.h"
#include "app/duration.h"
#include "edugate/v1/config.pb.h"

namespace edugate::app {

struct ShutdownTimes {
  absl::Duration delay = absl::ZeroDuration();  // while calls are still taken
  absl::Duration grace = absl::Seconds(25);     // for the calls that run then
};

// As configured.
inline ShutdownTimes ToShutdownTimes(const v1::ServerConfig& config) {
  ShutdownTimes times;
  if (config.has_shutdown_delay()) times.delay = ToDuration(config.shutdown_delay());
  if (config.has_shutdown_grace()) times.grace = ToDuration(config.shutdown_grace());
  return times;
}

}  // namespace edugate::app

#endif  // APP_SHUTDOWN_TIMES_H_
