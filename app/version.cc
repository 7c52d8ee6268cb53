#include "app/version.h"

namespace edugate::app {

absl::string_view Version() { return EDUGATE_VERSION; }

}  // namespace edugate::app
