// The configuration's `callers`, as the door takes them.
#ifndef APP_CALLERS_H_
#define APP_CALLERS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "edugate/v1/config.pb.h"
#include "runtime/async/clock.h"
#include "services/admission.h"

namespace edugate::app {

// The key set's rules.
identity::JwtRules JwtRulesOf(const v1::JwtConfig& config);

// Who may call what; null where the configuration doesn't say, and everybody may call everything.
// Errors: a key set that can't be read or used.
absl::StatusOr<std::shared_ptr<const services::Callers>> MakeCallers(const v1::Config& config,
                                                                     const async::Clock& clock);

}  // namespace edugate::app

#endif  // APP_CALLERS_H_
