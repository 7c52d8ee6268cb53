#ifndef EDUGATE_SANDBOX_MEASUREONE_H_
#define EDUGATE_SANDBOX_MEASUREONE_H_

#include <memory>

#include "sandbox/provider.h"

namespace edugate::sandbox {

// MeasureOne at /measureone: the API v2 (transcripts, scores, schools, school logins), the
// enrollment status and the access tokens of v3, and webhooks.
std::unique_ptr<Provider> MakeMeasureOne(Surroundings surroundings);

}  // namespace edugate::sandbox

#endif  // EDUGATE_SANDBOX_MEASUREONE_H_
