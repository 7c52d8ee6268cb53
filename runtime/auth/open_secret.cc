#include "runtime/auth/open_secret.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace edugate::auth {

absl::Status NamePart(absl::string_view part, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(part, ": ", status.message()));
}

absl::StatusOr<std::unique_ptr<config::RotatingSecret>> OpenSecret(
    absl::string_view part, config::SecretSource source, config::RotatingSecret::Check check,
    const async::Clock* clock) {
  auto secret = config::RotatingSecret::Open(std::move(source), std::move(check), clock);
  if (!secret.ok()) return NamePart(part, secret.status());
  return secret;
}

}  // namespace edugate::auth
