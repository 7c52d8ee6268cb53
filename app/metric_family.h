// Makes the families of metrics that are read where they stand instead of counted.
#ifndef APP_METRIC_FAMILY_H_
#define APP_METRIC_FAMILY_H_

#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

namespace edugate::app {

// A family of gauges or counters without a value yet.
inline prometheus::MetricFamily MakeFamily(std::string name, std::string help,
                                           prometheus::MetricType type) {
  prometheus::MetricFamily family;
  family.name = std::move(name);
  family.help = std::move(help);
  family.type = type;
  return family;
}

// Adds a value under these labels.
inline void AddValue(prometheus::MetricFamily& family, double value,
                     std::vector<prometheus::ClientMetric::Label> labels = {}) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  if (family.type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family.metric.push_back(std::move(metric));
}

// A family with one value and no labels.
inline prometheus::MetricFamily OneValue(std::string name, std::string help,
                                         prometheus::MetricType type, double value) {
  prometheus::MetricFamily family = MakeFamily(std::move(name), std::move(help), type);
  AddValue(family, value);
  return family;
}

}  // namespace edugate::app

#endif  // APP_METRIC_FAMILY_H_
