// OpenApply's dialect of failure.
#ifndef ADAPTERS_OPENAPPLY_OPENAPPLY_ERRORS_H_
#define ADAPTERS_OPENAPPLY_OPENAPPLY_ERRORS_H_

#include <optional>

#include "runtime/rest/classifier.h"

namespace edugate::adapters {

// By HTTP status, with X-RateLimit-Reset for 429 (there is no Retry-After). A 422 or 400 that names
// fields names them in the domain's terms. `{"error": "text"}` is the provider's prose and is not
// repeated. What the network in front of it says with 403 (HTML, or Cloudflare's bare code) is an
// outage and no denial.
class OpenApplyErrors final : public rest::ErrorClassifier {
 public:
  std::optional<errors::ProviderFailure> Classify(const rest::Operation& operation,
                                                  const http::Response& response) const override;
};

}  // namespace edugate::adapters

#endif  // ADAPTERS_OPENAPPLY_OPENAPPLY_ERRORS_H_
