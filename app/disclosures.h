// The disclosure log from its configuration.
#ifndef APP_DISCLOSURES_H_
#define APP_DISCLOSURES_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "edugate/v1/config.pb.h"
#include "runtime/privacy/disclosure_log.h"

namespace edugate::app {

// Opens the log. Errors: a chain key that can't be read; those of DisclosureLog::Open.
absl::StatusOr<std::unique_ptr<privacy::DisclosureLog>> OpenDisclosureLog(
    const v1::DisclosureConfig& config);

// How many lines were written and lost, in Prometheus' text format.
std::string DisclosureMetrics(const privacy::DisclosureLog& log);

}  // namespace edugate::app

#endif  // APP_DISCLOSURES_H_
