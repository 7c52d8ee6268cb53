// Checks the configuration of telemetry and of the ports that operators look at.
#ifndef APP_TELEMETRY_CHECK_H_
#define APP_TELEMETRY_CHECK_H_

#include "app/mistake.h"
#include "edugate/v1/config.pb.h"

namespace edugate::app {

// Tells each mistake in `telemetry` by its key.
void CheckTelemetry(const v1::TelemetryConfig& telemetry, const Mistake& mistake);

}  // namespace edugate::app

#endif  // APP_TELEMETRY_CHECK_H_
