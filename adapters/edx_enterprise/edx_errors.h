// edX Enterprise's dialects of failure: five services and the gateway in front of them.
#ifndef ADAPTERS_EDX_ENTERPRISE_EDX_ERRORS_H_
#define ADAPTERS_EDX_ENTERPRISE_EDX_ERRORS_H_

#include <optional>

#include "runtime/rest/classifier.h"

namespace edugate::adapters {

// The provider_code of a 404 for a page past the end, which looks like that of a missing resource.
inline constexpr char kEdxInvalidPage[] = "invalid_page";

// The provider_code of a 400 for conditions on licenses in a form that the service does not take.
inline constexpr char kEdxMalformedFilters[] = "malformed_filters";

// The provider_code of a 404 for licenses that the learners don't have, where the plan is known.
inline constexpr char kEdxNoLicense[] = "no_license";

// By HTTP status, corrected by the body, which is JSON or XML:
// - The gateway turns every status that a route doesn't list into 400. A 400 that is empty, neither
//   JSON nor XML, or the gateway's own word about the service behind it is an outage; for a write
//   its outcome is unknown. A 400 that holds a reply is a success.
// - A 400 without an Authorization header is the credential, a 403 for an unknown path means that
//   the operation is not offered.
// - A 429 that speaks of a lock is one. "Expected available in N seconds" is when to try again.
// - {field: [...]}, {field: {"0": [...]}} name the caller's fields; a list of reasons (422) becomes
//   preconditions. All other texts ({detail}, {message}, {non_field_errors}, a bare text) are the
//   provider's prose and are not repeated.
class EdxErrors final : public rest::ErrorClassifier {
 public:
  std::optional<errors::ProviderFailure> Classify(const rest::Operation& operation,
                                                  const http::Response& response) const override;
};

}  // namespace edugate::adapters

#endif  // ADAPTERS_EDX_ENTERPRISE_EDX_ERRORS_H_
