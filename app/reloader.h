// Following the configuration's file.
#ifndef APP_RELOADER_H_
#define APP_RELOADER_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "app/server.h"
#include "edugate/v1/config.pb.h"
#include "runtime/config/file_watch.h"

namespace edugate::app {

// Loads `file` as LoadConfigFile does, for a server that is to start. `watch` watches it from
// before that, and the files that it is made of from before the server reads them.
absl::StatusOr<v1::Config> LoadWatched(const std::string& file, config::FileWatch& watch);

// Loads the file again when it, or a file that it names and nobody else follows, has changed. After
// it was refused, the change of any file that it names is one: what it lacked may come later. One
// thread's.
class Reloader {
 public:
  // `file` was loaded by LoadWatched with `watch` as `running`, which `server` (which outlives the
  // reloader) runs. `adjust` is what the command line changes of what the file says.
  Reloader(std::string file, config::FileWatch watch, std::function<void(v1::Config&)> adjust,
           const v1::Config& running, Server& server);

  // Reloads where something has changed since the last look. To be called now and then.
  void Look();

  // Reloads. A mistake leaves everything as it is and is said in the log, with its line and key.
  void Reload();

 private:
  // Watches the file, what `running_files_` are, and `more`.
  void Watch(const std::vector<std::string>& more);

  const std::string file_;
  const std::function<void(v1::Config&)> adjust_;
  Server& server_;
  v1::LogConfig log_;
  std::vector<std::string> running_files_;
  config::FileWatch watch_;
};

// Sets the log up as it is configured.
void ApplyLog(const v1::LogConfig& config);

}  // namespace edugate::app

#endif  // APP_RELOADER_H_
