// Which edugate this is.
#ifndef APP_VERSION_H_
#define APP_VERSION_H_

#include "absl/strings/string_view.h"

namespace edugate::app {

// The project's version, as in 0.1.0.
absl::string_view Version();

}  // namespace edugate::app

#endif  // APP_VERSION_H_
