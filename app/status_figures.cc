#include "app/status_figures.h"

#include <prometheus/metric_family.h>

#include <algorithm>
#include <array>

#include "absl/algorithm/container.h"
#include "absl/strings/string_view.h"

namespace edugate::app {
namespace {

constexpr double kPercent = 100;
constexpr double kMillis = 1000;

std::string LabelOf(const prometheus::ClientMetric& metric, const char* name) {
  for (const auto& label : metric.label) {
    if (label.name == name) return label.value;
  }
  return "";
}

void AddCounts(const prometheus::MetricFamily& family, const char* by, const char* outcome,
               bool (*failed)(const std::string&), std::map<std::string, Tally>& tallies) {
  for (const prometheus::ClientMetric& metric : family.metric) {
    Tally& tally = tallies[LabelOf(metric, by)];
    const std::string word = LabelOf(metric, outcome);
    tally.total += metric.counter.value;
    tally.by_outcome[word] += metric.counter.value;
    if (failed(word)) tally.failed += metric.counter.value;
  }
}

void AddHistograms(const prometheus::MetricFamily& family, const char* by,
                   std::map<std::string, Tally>& tallies) {
  for (const prometheus::ClientMetric& metric : family.metric) {
    Tally& tally = tallies[LabelOf(metric, by)];
    const auto& buckets = metric.histogram.bucket;
    tally.cumulative.resize(std::max(tally.cumulative.size(), buckets.size()));
    tally.bounds.clear();
    for (std::size_t i = 0; i < buckets.size(); ++i) {
      tally.cumulative[i] += static_cast<double>(buckets[i].cumulative_count);
      if (i + 1 < buckets.size()) tally.bounds.push_back(buckets[i].upper_bound);
    }
  }
}

}  // namespace

bool IsOperatorsCode(const std::string& code) {
  static constexpr std::array<absl::string_view, 7> kCodes = {
      "UNKNOWN",  "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "INTERNAL", "UNAVAILABLE",       "DATA_LOSS"};
  return absl::c_linear_search(kCodes, code);
}

bool IsOperatorsOutcome(const std::string& outcome) {
  static constexpr std::array<absl::string_view, 9> kOutcomes = {"PROVIDER_CREDENTIALS_INVALID",
                                                                 "PROVIDER_RATE_LIMITED",
                                                                 "PROVIDER_ERROR",
                                                                 "PROVIDER_UNAVAILABLE",
                                                                 "PROVIDER_RESPONSE_INVALID",
                                                                 "WRITE_OUTCOME_UNKNOWN",
                                                                 "DEADLINE_EXCEEDED",
                                                                 "PAGINATION_LOOP",
                                                                 "REPLY_TOO_LARGE"};
  return absl::c_linear_search(kOutcomes, outcome);
}

Tallies TalliesOf(const std::vector<prometheus::MetricFamily>& families) {
  Tallies out;
  for (const prometheus::MetricFamily& family : families) {
    if (family.name == "edugate_calls_total") {
      AddCounts(family, "method", "code", IsOperatorsCode, out.methods);
    } else if (family.name == "edugate_call_duration_seconds") {
      AddHistograms(family, "method", out.methods);
    } else if (family.name == "edugate_provider_attempts_total") {
      AddCounts(family, "connection", "outcome", IsOperatorsOutcome, out.connections);
    } else if (family.name == "edugate_provider_attempt_duration_seconds") {
      AddHistograms(family, "connection", out.connections);
    }
  }
  return out;
}

std::optional<double> Quantile(const std::vector<double>& bounds,
                               const std::vector<double>& cumulative, double share) {
  if (cumulative.empty() || cumulative.back() <= 0) return std::nullopt;
  const double rank = share * cumulative.back();
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (cumulative[i] < rank) continue;
    const double below = i == 0 ? 0 : cumulative[i - 1];
    const double from = i == 0 ? 0 : bounds[i - 1];
    const double inside = cumulative[i] - below;
    return inside <= 0 ? bounds[i] : from + (bounds[i] - from) * (rank - below) / inside;
  }
  return bounds.empty() ? std::nullopt : std::optional<double>(bounds.back());
}

Figures FiguresBetween(const Tally& before, const Tally& after, absl::Duration between) {
  Figures figures;
  figures.total = std::max(0.0, after.total - before.total);
  const double seconds = absl::ToDoubleSeconds(between);
  if (seconds > 0) figures.per_second = figures.total / seconds;
  const double failed = std::max(0.0, after.failed - before.failed);
  if (figures.total > 0) figures.failed_percent = kPercent * failed / figures.total;
  double most = 0;
  for (const auto& [outcome, count] : after.by_outcome) {
    if (!IsOperatorsCode(outcome) && !IsOperatorsOutcome(outcome)) continue;
    const auto found = before.by_outcome.find(outcome);
    const double more = count - (found == before.by_outcome.end() ? 0 : found->second);
    if (more <= most) continue;
    most = more;
    figures.top_failure = outcome;
  }
  std::vector<double> cumulative = after.cumulative;
  for (std::size_t i = 0; i < cumulative.size() && i < before.cumulative.size(); ++i) {
    cumulative[i] -= before.cumulative[i];
  }
  const auto millis = [&](double share) -> std::optional<double> {
    const auto seconds_of = Quantile(after.bounds, cumulative, share);
    if (!seconds_of.has_value()) return std::nullopt;
    return *seconds_of * kMillis;
  };
  figures.p50_ms = millis(0.5);
  figures.p99_ms = millis(0.99);
  return figures;
}

void TallyHistory::Add(absl::Time when, Tallies tallies) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!moments_.empty() && when < moments_.back().first) moments_.clear();
  if (!moments_.empty() && when - moments_.back().first < kSpacing) return;
  moments_.emplace_back(when, std::move(tallies));
  while (when - moments_.front().first > kWindow + kSpacing) moments_.pop_front();
}

std::optional<std::pair<absl::Time, Tallies>> TallyHistory::Oldest(absl::Time now) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& moment : moments_) {
    if (moment.first <= now && now - moment.first <= kWindow + kSpacing) return moment;
  }
  return std::nullopt;
}

}  // namespace edugate::app
