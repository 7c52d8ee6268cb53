// How MeasureOne says no: the dialects of v2 and v3.
#ifndef ADAPTERS_MEASUREONE_MEASUREONE_ERRORS_H_
#define ADAPTERS_MEASUREONE_MEASUREONE_ERRORS_H_

#include <optional>

#include "runtime/rest/classifier.h"

namespace edugate::adapters {

// v2 bodies are {error_code, http_code, request_id, error_message}, v3 bodies {timestamp,
// error_code, error_message} with reason_codes at HTTP 422. Both start from the HTTP status.
// Refined:
// - 404 INVALID_CREDENTIALS of access_transcript is the student's login and not our key: the
//   caller's request is refused, with the field `password` named;
// - 404 INVALID_MFA_TOKEN names the field `mfa_token`; 400 SESSION_NOT_FOUND and 404
//   SCHOOL_NOT_FOUND are a missing resource;
// - INVALID_CREDENTIALS of any other call is our key, whatever the status;
// - 409 MULTIPLE_REPORT_INSTANCES is FAILED_PRECONDITION: asking again changes nothing;
// - 422 with reason codes is PROVIDER_PRECONDITION, one violation for each code.
class MeasureOneErrors final : public rest::ErrorClassifier {
 public:
  std::optional<errors::ProviderFailure> Classify(const rest::Operation& operation,
                                                  const http::Response& response) const override;
};

}  // namespace edugate::adapters

#endif  // ADAPTERS_MEASUREONE_MEASUREONE_ERRORS_H_
