// edugate call SERVICE.METHOD JSON: any call from the shell.
#ifndef APP_CALL_COMMAND_H_
#define APP_CALL_COMMAND_H_

#include <iosfwd>
#include <string>

#include "app/rpc_client.h"

namespace edugate::app {

struct CallCommand {
  std::string method;   // EnrollmentService.ListEnrollments
  std::string request;  // JSON; for a client stream a JSON list of requests
  RpcTarget target;
};

// Makes the call and prints the reply as JSON (a stream as one JSON object a line). The exit code:
// 0, or 1 after an error, which is printed as JSON with the code's name, the message and the
// details.
int RunCall(const CallCommand& command, std::ostream& out);

}  // namespace edugate::app

#endif  // APP_CALL_COMMAND_H_
