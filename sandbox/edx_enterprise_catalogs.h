#ifndef EDUGATE_SANDBOX_EDX_ENTERPRISE_CATALOGS_H_
#define EDUGATE_SANDBOX_EDX_ENTERPRISE_CATALOGS_H_

#include "sandbox/provider.h"

namespace edugate::sandbox::edx {

// The catalogs of edX Enterprise and their content: courses, course runs and programs.
class Catalogs {
 public:
  explicit Catalogs(Surroundings surroundings);

  Reply List(const Request& request);
  // What is in one catalog.
  Reply Content(const Request& request);
  Reply Course(const Request& request);
  Reply CourseRun(const Request& request);
  Reply Program(const Request& request);

 private:
  const Surroundings surroundings_;
};

}  // namespace edugate::sandbox::edx

#endif  // EDUGATE_SANDBOX_EDX_ENTERPRISE_CATALOGS_H_
