// What the process takes of the machine, and which edugate it is.
#ifndef APP_PROCESS_METRICS_H_
#define APP_PROCESS_METRICS_H_

#include <cstdint>
#include <vector>

namespace prometheus {
struct MetricFamily;
}  // namespace prometheus

namespace edugate::app {

// As the kernel says it now; 0 where it says nothing.
struct ProcessFigures {
  double cpu_seconds = 0;         // user and system time
  int64_t resident_bytes = 0;     // memory
  int64_t open_fds = 0;           // file descriptors
  int64_t max_fds = 0;            // how many there may be
  int64_t threads = 0;            //
  double start_time_seconds = 0;  // since 1970
};
ProcessFigures ReadProcessFigures();

// process_cpu_seconds_total, process_resident_memory_bytes, process_open_fds, process_max_fds,
// process_threads, process_start_time_seconds (named as in every Prometheus client library),
// edugate_build_info{version}, edugate_log_lines_total and edugate_log_lines_dropped_total.
std::vector<prometheus::MetricFamily> CollectProcessMetrics();

}  // namespace edugate::app

#endif  // APP_PROCESS_METRICS_H_
