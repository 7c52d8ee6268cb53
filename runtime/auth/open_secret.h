// The parts of an authorizer's options, checked when it is made.
#ifndef EDUGATE_RUNTIME_AUTH_OPEN_SECRET_H_
#define EDUGATE_RUNTIME_AUTH_OPEN_SECRET_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "runtime/async/clock.h"
#include "runtime/config/rotating_secret.h"
#include "runtime/config/secret.h"

namespace edugate::auth {

// `status` with `part` and a colon before its message; OK stays OK.
absl::Status NamePart(absl::string_view part, const absl::Status& status);

// RotatingSecret::Open, whose error names the part.
absl::StatusOr<std::unique_ptr<config::RotatingSecret>> OpenSecret(
    absl::string_view part, config::SecretSource source, config::RotatingSecret::Check check,
    const async::Clock* clock);

}  // namespace edugate::auth

#endif  // EDUGATE_RUNTIME_AUTH_OPEN_SECRET_H_
