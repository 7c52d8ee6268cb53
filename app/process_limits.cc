#include "app/process_limits.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include "runtime/telemetry/log.h"

namespace edugate::app {
namespace {

// The leak sanitizer reads its own process as a debugger does.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool kMayBeTraced = true;
#else
constexpr bool kMayBeTraced = false;
#endif
#else
constexpr bool kMayBeTraced = false;
#endif

}  // namespace

void PrepareProcess() {
  const rlimit no_core{.rlim_cur = 0, .rlim_max = 0};
  bool right = setrlimit(RLIMIT_CORE, &no_core) == 0;
  if (!kMayBeTraced) right = prctl(PR_SET_DUMPABLE, 0) == 0 && right;
  if (!right) telemetry::Warn("core dumps can't be turned off");
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &files) != 0) {
    telemetry::Warn("the limit of open files can't be raised");
  }
}

}  // namespace edugate::app
