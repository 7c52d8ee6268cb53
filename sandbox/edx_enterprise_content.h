#ifndef EDUGATE_SANDBOX_EDX_ENTERPRISE_CONTENT_H_
#define EDUGATE_SANDBOX_EDX_ENTERPRISE_CONTENT_H_

#include "nlohmann/json_fwd.hpp"

// The generated content of the simulated edX Enterprise's catalog, by its number from 1 on.
namespace edugate::sandbox::edx {

nlohmann::ordered_json MakeCourse(int number);
nlohmann::ordered_json MakeRun(int number);
nlohmann::ordered_json MakeProgram(int number);

// Of ten items, one is a course run, one a program and the others are courses.
nlohmann::ordered_json MakeItem(int number);

}  // namespace edugate::sandbox::edx

#endif  // EDUGATE_SANDBOX_EDX_ENTERPRISE_CONTENT_H_
