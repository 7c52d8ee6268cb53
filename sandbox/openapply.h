#ifndef EDUGATE_SANDBOX_OPENAPPLY_H_
#define EDUGATE_SANDBOX_OPENAPPLY_H_

#include <memory>

#include "sandbox/provider.h"

namespace edugate::sandbox {

// OpenApply's reenrollments, API v3, at /openapply/api/v3, with its token endpoint
// /openapply/oauth/token.
std::unique_ptr<Provider> MakeOpenApply(Surroundings surroundings);

}  // namespace edugate::sandbox

#endif  // EDUGATE_SANDBOX_OPENAPPLY_H_
