// The CPU time that this process has used.
#ifndef EDUGATE_BENCH_CPU_TIME_H_
#define EDUGATE_BENCH_CPU_TIME_H_

#include <ctime>

namespace edugate::bench {

// User and system time of all threads, in seconds.
inline double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace edugate::bench

#endif  // EDUGATE_BENCH_CPU_TIME_H_
