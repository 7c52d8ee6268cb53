// Reads the Prometheus text format 0.0.4 strictly.
#ifndef TESTS_END_TO_END_METRICS_TEXT_H_
#define TESTS_END_TO_END_METRICS_TEXT_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace edugate::end_to_end {

struct MetricSample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
};

struct ScrapedFamily {
  std::string type;
  std::string help;
  std::vector<MetricSample> samples;
  // Of all its samples, but for `le`.
  std::set<std::string> label_names;
};

struct Scrape {
  std::map<std::string, ScrapedFamily> families;
  // What is wrong with the text; empty where nothing is: a family without HELP or TYPE or with two
  // of them, samples of a family that is not told before, a series that stands twice, a counter
  // whose name doesn't end in _total or that is negative, a histogram without its +Inf, sum and
  // count, or whose buckets fall.
  std::vector<std::string> mistakes;

  // The sum of the samples of a name whose labels hold these.
  double Sum(const std::string& name, const std::map<std::string, std::string>& labels = {}) const;
};

Scrape ReadMetrics(absl::string_view text);

}  // namespace edugate::end_to_end

#endif  // TESTS_END_TO_END_METRICS_TEXT_H_
