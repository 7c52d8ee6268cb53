#include "app/telemetry.h"

#include <prometheus/text_serializer.h>

#include <iterator>
#include <optional>

#include "absl/strings/str_cat.h"
#include "app/auth_options.h"
#include "app/call_metrics.h"
#include "app/call_telemetry.h"
#include "app/host_name.h"
#include "app/loop_watch.h"
#include "app/metric_family.h"
#include "app/process_metrics.h"
#include "app/provider_metrics.h"
#include "app/provider_telemetry.h"
#include "app/version.h"
#include "runtime/async/clock.h"
#include "runtime/config/rotating_secret.h"
#include "runtime/http/curl_http_client.h"
#include "runtime/telemetry/span_exporter.h"

namespace edugate::app {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr double kPercent = 100;
constexpr double kDefaultSamplePercent = 1;

// The collector is the operator's own, in the company's network more often than not.
http::CurlOptions CollectorHttpOptions() {
  http::CurlOptions options;
  options.allow_loopback = true;
  options.allow_private = true;
  options.allow_plain_http = true;
  options.max_connections_per_host = 1;
  options.max_kept_connections = 2;
  return options;
}

template <typename Families>
void Append(Families more, std::vector<MetricFamily>& families) {
  std::move(more.begin(), more.end(), std::back_inserter(families));
}

}  // namespace

struct Telemetry::State {
  State(const v1::Config& config, async::LoopPool& loops)
      : otlp(config.telemetry().otlp()), loops(loops) {
    if (config.telemetry().has_otlp()) {
      collector.emplace(loops.loop(0), CollectorHttpOptions());
      spans.emplace(ExporterOptions(), loops.loop(0), *collector);
      exporting.emplace(loops.loop(0), async::kNever);
    }
    const v1::TelemetryConfig& telemetry = config.telemetry();
    calls.emplace(CallTelemetryOptions{
        .metrics = &call_metrics,
        .clock = &async::SystemClock(),
        .access_log = !telemetry.has_access_log() || telemetry.access_log(),
        .spans = spans.has_value() ? &*spans : nullptr,
        .sample_share =
            (otlp.has_sample_percent() ? otlp.sample_percent() : kDefaultSamplePercent) /
            kPercent});
  }

  telemetry::SpanExporterOptions ExporterOptions() {
    telemetry::SpanExporterOptions options;
    options.endpoint = otlp.endpoint();
    const absl::string_view version = Version();
    options.resource = {
        .service_name = otlp.service_name().empty() ? "edugate" : otlp.service_name(),
        .service_version = std::string(version),
        .service_instance_id = HostName()};
    options.header = otlp.header();
    options.header_value = [this] {
      const absl::string_view value = header_value->Get()->Reveal();
      return std::string(value);
    };
    return options;
  }

  const v1::OtlpConfig otlp;
  async::LoopPool& loops;
  CallMetrics call_metrics;
  ProviderMetrics provider_metrics;
  ProviderTelemetry providers{provider_metrics};
  std::unique_ptr<config::RotatingSecret> header_value;
  std::optional<http::CurlHttpClient> collector;
  std::optional<telemetry::SpanExporter> spans;
  std::optional<async::CallContext> exporting;
  std::optional<CallTelemetry> calls;
  std::optional<LoopWatch> loop_watch;
  bool running = false;
};

Telemetry::Telemetry(const v1::Config& config, async::LoopPool& loops)
    : state_(std::make_unique<State>(config, loops)) {}

Telemetry::~Telemetry() = default;

absl::Status Telemetry::Start() {
  State& state = *state_;
  if (!state.otlp.header().empty()) {
    auto value = config::RotatingSecret::Open(ToSecretSource(state.otlp.header_value()), nullptr,
                                              &async::SystemClock());
    if (!value.ok()) {
      return absl::Status(value.status().code(),
                          absl::StrCat("telemetry.otlp.header_value: ", value.status().message()));
    }
    state.header_value = *std::move(value);
  }
  state.loop_watch.emplace(state.loops);
  if (state.spans.has_value()) state.loops.loop(0).Spawn(state.spans->Run(*state.exporting));
  state.running = true;
  return absl::OkStatus();
}

void Telemetry::Stop() {
  State& state = *state_;
  if (!state.running) return;
  state.running = false;
  state.loop_watch->Stop();
  if (state.exporting.has_value()) {
    state.loops.loop(0).Post([&state] { state.exporting->Cancel(); });
  }
}

services::CallObserver& Telemetry::calls() { return *state_->calls; }

resilience::ClientObserver& Telemetry::providers() { return state_->providers; }

std::vector<MetricFamily> Telemetry::Collect() const {
  const State& state = *state_;
  std::vector<MetricFamily> families = state.call_metrics.Collect();
  Append(state.provider_metrics.Collect(), families);
  if (state.loop_watch.has_value()) Append(state.loop_watch->Collect(), families);
  Append(CollectProcessMetrics(), families);
  telemetry::SpanExporter::Counts counts;
  std::size_t queued = 0;
  if (state.spans.has_value()) {
    counts = state.spans->counts();
    queued = state.spans->queued();
  }
  MetricFamily spans = MakeFamily("edugate_spans_total",
                                  "Spans by what became of them: exported, dropped for want of "
                                  "room, failed at the collector.",
                                  MetricType::Counter);
  AddValue(spans, static_cast<double>(counts.exported), {{"outcome", "exported"}});
  AddValue(spans, static_cast<double>(counts.dropped), {{"outcome", "dropped"}});
  AddValue(spans, static_cast<double>(counts.failed), {{"outcome", "failed"}});
  families.push_back(std::move(spans));
  families.push_back(OneValue("edugate_spans_queued", "Spans that wait for the collector.",
                              MetricType::Gauge, static_cast<double>(queued)));
  return families;
}

std::vector<absl::Duration> Telemetry::LoopLags() const {
  return state_->loop_watch.has_value() ? state_->loop_watch->Last()
                                        : std::vector<absl::Duration>();
}

std::string MetricsText(const std::vector<MetricFamily>& families) {
  std::vector<MetricFamily> shown;
  for (const MetricFamily& family : families) {
    if (!family.metric.empty()) shown.push_back(family);
  }
  return prometheus::TextSerializer().Serialize(shown);
}

}  // namespace edugate::app
