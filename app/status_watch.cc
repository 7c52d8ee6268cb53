#include "app/status_watch.h"

#include <prometheus/metric_family.h>
#include <pthread.h>

#include <csignal>
#include <utility>

#include "absl/time/clock.h"
#include "app/host_name.h"
#include "app/version.h"
#include "runtime/telemetry/log.h"

namespace edugate::app {
namespace {

int64_t CallsInFlight(const std::vector<prometheus::MetricFamily>& families) {
  double sum = 0;
  for (const prometheus::MetricFamily& family : families) {
    if (family.name != "edugate_calls_in_flight") continue;
    for (const auto& metric : family.metric) sum += metric.gauge.value;
  }
  return static_cast<int64_t>(sum);
}

}  // namespace

StatusWatch::StatusWatch(StatusSources sources) : sources_(std::move(sources)) {
  history_.Add(absl::Now(), TalliesOf(sources_.metrics()));
  // The program's own thread waits for signals; a new thread inherits the mask.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { Run(); });
  pthread_setname_np(thread_.native_handle(), "edugate-status");
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

StatusWatch::~StatusWatch() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
  }
  ending_changed_.notify_all();
  thread_.join();
}

void StatusWatch::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!ending_changed_.wait_for(lock, absl::ToChronoNanoseconds(TallyHistory::kSpacing),
                                   [this] { return ending_; })) {
    lock.unlock();
    history_.Add(absl::Now(), TalliesOf(sources_.metrics()));
    lock.lock();
  }
}

StatusReport StatusWatch::Report() const {
  const std::vector<prometheus::MetricFamily> families = sources_.metrics();
  const Tallies now = TalliesOf(families);
  StatusReport report;
  const absl::string_view version = Version();
  report.version = std::string(version);
  report.host = HostName();
  report.now = absl::Now();
  report.ready = sources_.ready();
  report.config_generation = sources_.config_generation();
  const absl::string_view level = telemetry::LogLevelName(telemetry::CurrentLogLevel());
  report.log_level = std::string(level);
  report.process = ReadProcessFigures();
  report.loop_lags = sources_.loop_lags();
  report.calls_in_flight = CallsInFlight(families);
  const auto oldest = history_.Oldest(report.now);
  const Tallies before = oldest.has_value() ? oldest->second : Tallies();
  report.window = oldest.has_value() ? report.now - oldest->first : absl::ZeroDuration();
  const auto figures_of = [&](const std::map<std::string, Tally>& old,
                              const std::map<std::string, Tally>& current,
                              const std::string& name) {
    const auto was = old.find(name);
    const auto is = current.find(name);
    if (is == current.end()) return Figures();
    return FiguresBetween(was == old.end() ? Tally() : was->second, is->second, report.window);
  };
  for (const auto& [method, tally] : now.methods) {
    report.methods.push_back(
        {.method = method, .figures = figures_of(before.methods, now.methods, method)});
  }
  report.connections = sources_.connections();
  for (ConnectionStatus& connection : report.connections) {
    connection.figures = figures_of(before.connections, now.connections, connection.id);
  }
  return report;
}

}  // namespace edugate::app
