// edugate serve and edugate sandbox: run until SIGTERM or SIGINT; a second one ends them at once.
// `serve` loads its configuration again when its file changes, and with SIGHUP.
#ifndef APP_SERVE_COMMAND_H_
#define APP_SERVE_COMMAND_H_

#include <string>

namespace edugate::app {

struct ServeCommand {
  std::string config_file;  // empty with `sandbox`
  bool sandbox = false;     // with the providers simulated inside the process
  std::string listen;       // instead of the configuration's server.listen
};

// Prints `edugate: listening on HOST:PORT` when calls are taken. The exit code: 0 after a clean
// stop, 1 where the configuration or the address is wrong.
int RunServe(const ServeCommand& command);

// Serves the simulated providers alone, and prints where they are and a configuration for them.
int RunSandbox(int port);

}  // namespace edugate::app

#endif  // APP_SERVE_COMMAND_H_
