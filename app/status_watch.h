// Watches the metrics, so that the status page can say what happened in the last minutes.
#ifndef APP_STATUS_WATCH_H_
#define APP_STATUS_WATCH_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "app/status_figures.h"
#include "app/status_report.h"

namespace prometheus {
struct MetricFamily;
}  // namespace prometheus

namespace edugate::app {

// Where a report's parts come from. Called from the watch's thread and from whoever asks.
struct StatusSources {
  std::function<std::vector<prometheus::MetricFamily>()> metrics;
  // Everything of the connections but their figures.
  std::function<std::vector<ConnectionStatus>()> connections;
  std::function<std::vector<absl::Duration>()> loop_lags;
  std::function<bool()> ready;
  std::function<int64_t()> config_generation;
};

class StatusWatch {
 public:
  // Looks at the metrics now and every ten seconds, on a thread of its own.
  explicit StatusWatch(StatusSources sources);
  ~StatusWatch();

  StatusReport Report() const;

 private:
  void Run();

  const StatusSources sources_;
  TallyHistory history_;
  std::mutex mutex_;  // Guards what follows.
  std::condition_variable ending_changed_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace edugate::app

#endif  // APP_STATUS_WATCH_H_
