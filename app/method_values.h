// What is in force for one method of a connection.
#ifndef APP_METHOD_VALUES_H_
#define APP_METHOD_VALUES_H_

#include "app/value_in_force.h"
#include "edugate/v1/config.pb.h"
#include "runtime/resilience/safeguards.h"
#include "runtime/rest/operation.h"

namespace edugate::app {

// For the calls of `operation` by `connection`, whose `options` they are (ToSafeguardOptions): what
// its entry in `methods` says, else the connection, else how the provider's method is declared.
Values MethodValues(const v1::ConnectionConfig& connection, const rest::Operation& operation,
                    const resilience::SafeguardOptions& options);

}  // namespace edugate::app

#endif  // APP_METHOD_VALUES_H_
