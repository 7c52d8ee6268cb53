#ifndef EDUGATE_SANDBOX_CLASS_ENROLLMENT_H_
#define EDUGATE_SANDBOX_CLASS_ENROLLMENT_H_

#include <memory>

#include "sandbox/provider.h"

namespace edugate::sandbox {

// The class-enrollment API, version 2.0, at /class_enrollment/api/2.0.
std::unique_ptr<Provider> MakeClassEnrollment(Surroundings surroundings);

}  // namespace edugate::sandbox

#endif  // EDUGATE_SANDBOX_CLASS_ENROLLMENT_H_
