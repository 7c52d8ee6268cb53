// What is in force for the whole process.
#ifndef APP_SERVER_VALUES_H_
#define APP_SERVER_VALUES_H_

#include "app/value_in_force.h"
#include "edugate/v1/config.pb.h"

namespace edugate::app {

// Calls, their deadlines and tokens, what the gRPC port allows a caller, and how the process ends.
Values ServerValues(const v1::ServerConfig& config);

}  // namespace edugate::app

#endif  // APP_SERVER_VALUES_H_
