// What a reload of the configuration may change.
#ifndef APP_RELOAD_RULES_H_
#define APP_RELOAD_RULES_H_

#include <string>
#include <vector>

#include "edugate/v1/config.pb.h"

namespace edugate::app {

// Gives `next` the values of `running` where a running process can't take new ones (addresses, the
// front's limits, state, threads...), and returns the keys, as `server.listen`, in the order of the
// reference, in which `next` was different: they need a restart.
std::vector<std::string> KeepFixedKeys(const v1::Config& running, v1::Config& next);

// Whether the same callers may watch the same connections under both.
bool WatchesMayGoOn(const v1::Config& running, const v1::Config& next);

// The files that a configuration is made of beside its own: those that are read when it is loaded
// and not followed by whoever uses them.
std::vector<std::string> FilesOf(const v1::Config& config);

// Every file that a configuration names: one that is refused for the lack of one of them is good as
// soon as that is there.
std::vector<std::string> FilesNamedBy(const v1::Config& config);

}  // namespace edugate::app

#endif  // APP_RELOAD_RULES_H_
