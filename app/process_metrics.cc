#include "app/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

#include "app/metric_family.h"
#include "app/version.h"
#include "runtime/telemetry/log.h"

namespace edugate::app {
namespace {

using prometheus::MetricType;

double SecondsOf(const timeval& time) {
  constexpr double kMicros = 1e6;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / kMicros;
}

// When the kernel booted, in seconds since 1970.
double BootTime() {
  std::ifstream stat("/proc/stat");
  std::string word;
  double when = 0;
  while (stat >> word) {
    if (word == "btime" && stat >> when) return when;
  }
  return 0;
}

// /proc/self/stat after the program's name, which may hold anything.
void ReadStat(ProcessFigures& figures) {
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  std::istringstream rest(text.substr(text.rfind(')') + 1));
  constexpr int kThreads = 18;    // num_threads, counted from the state, which is field 1 here
  constexpr int kStartTime = 20;  // starttime, in ticks since the boot
  std::string field;
  for (int i = 1; i <= kStartTime && rest >> field; ++i) {
    if (i == kThreads) figures.threads = std::atoll(field.c_str());
    if (i == kStartTime) {
      const double ticks = std::atof(field.c_str());
      figures.start_time_seconds = BootTime() + ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
    }
  }
}

}  // namespace

ProcessFigures ReadProcessFigures() {
  ProcessFigures figures;
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    figures.cpu_seconds = SecondsOf(usage.ru_utime) + SecondsOf(usage.ru_stime);
  }
  std::ifstream statm("/proc/self/statm");
  int64_t pages = 0;
  int64_t resident = 0;
  if (statm >> pages >> resident) figures.resident_bytes = resident * sysconf(_SC_PAGESIZE);
  std::error_code error;
  for (std::filesystem::directory_iterator fds("/proc/self/fd", error), end; !error && fds != end;
       fds.increment(error)) {
    ++figures.open_fds;
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    figures.max_fds = static_cast<int64_t>(limit.rlim_cur);
  }
  ReadStat(figures);
  return figures;
}

std::vector<prometheus::MetricFamily> CollectProcessMetrics() {
  const ProcessFigures now = ReadProcessFigures();
  const telemetry::LogCounts log = telemetry::CountsOfLog();
  std::vector<prometheus::MetricFamily> all = {
      OneValue("process_cpu_seconds_total", "CPU time of the process, user and system.",
               MetricType::Counter, now.cpu_seconds),
      OneValue("process_resident_memory_bytes", "Memory of the process.", MetricType::Gauge,
               static_cast<double>(now.resident_bytes)),
      OneValue("process_open_fds", "Open file descriptors.", MetricType::Gauge,
               static_cast<double>(now.open_fds)),
      OneValue("process_max_fds", "The most file descriptors that may be open.", MetricType::Gauge,
               static_cast<double>(now.max_fds)),
      OneValue("process_threads", "Threads of the process.", MetricType::Gauge,
               static_cast<double>(now.threads)),
      OneValue("process_start_time_seconds", "When the process started, in seconds since 1970.",
               MetricType::Gauge, now.start_time_seconds),
      OneValue("edugate_log_lines_total", "Lines of the log that were taken for writing.",
               MetricType::Counter, static_cast<double>(log.lines)),
      OneValue("edugate_log_lines_dropped_total",
               "Lines of the log that were dropped because nobody read.", MetricType::Counter,
               static_cast<double>(log.dropped)),
  };
  all.push_back(MakeFamily("edugate_build_info", "Which edugate it is.", MetricType::Gauge));
  const absl::string_view version = Version();
  AddValue(all.back(), 1, {{"version", std::string(version)}});
  return all;
}

}  // namespace edugate::app
