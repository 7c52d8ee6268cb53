// Checks the configuration of telemetry and of the ports that operators look at.
#ifndef APP_TELEMETRY_CHECK_H_
#define APP_TELEMETRY_CHECK_H_

#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "edugate/v1/config.pb.h"

namespace edugate::app {

// Tells each mistake in `telemetry` by its key.
void CheckTelemetry(
    const v1::TelemetryConfig& telemetry,
    const std::function<void(const std::string& key, absl::string_view what)>& mistake);

}  // namespace edugate::app

#endif  // APP_TELEMETRY_CHECK_H_
