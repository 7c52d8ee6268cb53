// What the status page shows, as JSON: the state of the process and of each connection.
#ifndef APP_STATUS_REPORT_H_
#define APP_STATUS_REPORT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "app/process_metrics.h"
#include "app/status_figures.h"
#include "edugate/v1/connection.pb.h"

namespace edugate::app {

// One connection as it stands.
struct ConnectionStatus {
  std::string id;
  std::string provider;
  std::string display_name;
  std::vector<std::string> capabilities;  // Service.Method
  std::optional<v1::ConnectionCheck> last_check;
  int64_t drift = 0;  // differences that were seen between its replies and their schema
  // closed, open, probing.
  std::string breaker = "closed";
  absl::Duration open_for;
  int in_flight = 0;
  int queued = 0;
  int limit = 0;
  Figures figures;
};

struct MethodStatus {
  std::string method;
  Figures figures;
};

struct StatusReport {
  std::string version;
  std::string host;
  absl::Time now;
  bool ready = false;
  int64_t config_generation = 0;
  std::string log_level;
  ProcessFigures process;
  std::vector<absl::Duration> loop_lags;
  int64_t calls_in_flight = 0;
  absl::Duration window;  // of the figures
  std::vector<MethodStatus> methods;
  std::vector<ConnectionStatus> connections;
};

// In a word: `down` (the breaker is not closed), `failing` (half of the requests, or the last
// check), `degraded` (one of twenty), `working`, or `idle` (nobody asked it lately).
std::string StateOf(const ConnectionStatus& connection);

std::string StatusJson(const StatusReport& report);

}  // namespace edugate::app

#endif  // APP_STATUS_REPORT_H_
