// The learner that a list request names: by the provider's id, an e-mail address, or an external id
// with its issuer.
#ifndef SERVICES_LEARNER_NAME_H_
#define SERVICES_LEARNER_NAME_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "adapters/connection.h"
#include "adapters/ports.h"

namespace edugate::services {

struct LearnerName {
  enum class Kind { kProviderId, kEmail, kExternalId };

  Kind kind = Kind::kProviderId;
  // Whose id it is: of a provider's id the connection, or empty for the one that is asked; of an
  // external id its issuer.
  std::string scope;
  std::string text;

  bool operator==(const LearnerName&) const = default;
};

// Reads the field `learner` of a request to one connection. ARGUMENT_INVALID for `issuer|` and
// `|id`.
absl::StatusOr<LearnerName> ParseLearnerName(absl::string_view text);

// The same across connections, where a provider's id needs its connection: alone it may be somebody
// else's at another provider (ARGUMENT_INVALID).
absl::StatusOr<LearnerName> ParseLearnerNameAcross(absl::string_view text);

// Narrows a query to the learner. FILTER_UNSUPPORTED where this connection can't be asked this way.
absl::Status AskForLearner(const LearnerName& learner, const adapters::Connection& connection,
                           const adapters::ListTraits& traits, adapters::EnrollmentQuery& query);

}  // namespace edugate::services

#endif  // SERVICES_LEARNER_NAME_H_
