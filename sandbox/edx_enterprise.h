#ifndef EDUGATE_SANDBOX_EDX_ENTERPRISE_H_
#define EDUGATE_SANDBOX_EDX_ENTERPRISE_H_

#include <memory>

#include "sandbox/provider.h"

namespace edugate::sandbox {

// edX Enterprise at /edx_enterprise: catalogs, courses, course runs and programs in JSON and XML,
// subscriptions with their licenses, assignments, learner summaries, and the token endpoint.
std::unique_ptr<Provider> MakeEdxEnterprise(Surroundings surroundings);

}  // namespace edugate::sandbox

#endif  // EDUGATE_SANDBOX_EDX_ENTERPRISE_H_
