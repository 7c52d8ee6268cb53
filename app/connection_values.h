// What is in force for one connection, but for what its single methods have of their own.
#ifndef APP_CONNECTION_VALUES_H_
#define APP_CONNECTION_VALUES_H_

#include "app/value_in_force.h"
#include "edugate/v1/config.pb.h"
#include "runtime/resilience/safeguards.h"

namespace edugate::app {

// Everything that the keys of `connection`, one of `config`, say or leave to their defaults.
// `options` are the connection's (ToSafeguardOptions). No secret is among it.
Values ConnectionValues(const v1::Config& config, const v1::ConnectionConfig& connection,
                        const resilience::SafeguardOptions& options);

}  // namespace edugate::app

#endif  // APP_CONNECTION_VALUES_H_
