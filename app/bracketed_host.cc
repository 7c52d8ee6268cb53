#include "app/bracketed_host.h"

namespace edugate::app {

absl::string_view WithoutBrackets(absl::string_view host) {
  if (host.size() <= 2 || host.front() != '[' || host.back() != ']') return host;
  return host.substr(1, host.size() - 2);
}

}  // namespace edugate::app
