// The bounds of the histograms of calls and attempts, in seconds.
#ifndef APP_LATENCY_BUCKETS_H_
#define APP_LATENCY_BUCKETS_H_

#include <vector>

namespace edugate::app {

// From a reply out of memory to the longest deadline.
inline std::vector<double> LatencyBuckets() {
  return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120};
}

// From a turn that came at once to what a caller gives up on.
inline std::vector<double> WaitBuckets() {
  return {0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30};
}

}  // namespace edugate::app

#endif  // APP_LATENCY_BUCKETS_H_
