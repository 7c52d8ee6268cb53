// Method names as people type them.
#ifndef APP_METHOD_NAME_H_
#define APP_METHOD_NAME_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace edugate::app {

// The one of `methods` (full names, package.Service.Method) that `typed` means: Service.Method, a
// full name, also with a slash before the method, upper or lower case. Empty where none or several
// are meant.
std::string ResolveMethod(absl::string_view typed, const std::vector<std::string>& methods);

// The methods that `typed` was probably meant to be, the likeliest first, at most three.
std::vector<std::string> SuggestMethods(absl::string_view typed,
                                        const std::vector<std::string>& methods);

}  // namespace edugate::app

#endif  // APP_METHOD_NAME_H_
